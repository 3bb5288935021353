"""Which attempts run when, and that each of them ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from emulator.delivery.dispatcher import Dispatcher
from emulator.delivery.records import Key, Outcome, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from emulator.delivery.records import Reason, Transport

T = TypeVar("T")
DEADLINE = 10.0  # real seconds
OK = Outcome("answered", 200)


class Desk:
    """An owner that writes down what it is told; its transport answers when it is let.

    Attributes:
        log: ``start`` and ``end`` of each attempt, in order.
        outcomes: of each attempt that ended.
        gates: key -> what its attempt waits for.
        gone: keys for which there is nothing to send any more.
        answers: key -> its outcome, or what its transport raises; 200 for the rest.
        breaks: key -> a bug of the owner.
        sent: keys whose transport was called, in order.
        safe: what ``flush`` waits for.
        most: webhook -> how many attempts to it were ever under way at once; 0 for all.
    """

    def __init__(self, *, in_flight: int = 64, per_webhook: int = 16) -> None:
        self.dispatcher = Dispatcher(self, in_flight=in_flight, per_webhook=per_webhook)
        self.is_durable = True
        self.log: list[tuple[str, Key]] = []
        self.outcomes: dict[Key, Outcome] = {}
        self.gates: dict[Key, asyncio.Event] = {}
        self.gone: set[Key] = set()
        self.answers: dict[Key, Outcome | Exception] = {}
        self.breaks: dict[Key, Exception] = {}
        self.most: Counter[int] = Counter()
        self.sent: list[Key] = []
        self.flushes = 0
        self.safe: asyncio.Event | None = None
        self._busy: Counter[int] = Counter()
        self._news = asyncio.Event()

    def start_attempt(self, key: Key) -> tuple[Transport, Request] | None:
        if key in self.gone:
            return None
        self._note("start", key)
        for which in (0, key[1]):
            self._busy[which] += 1
            self.most[which] = max(self.most[which], self._busy[which])
        return Answering(self, key), Request("http://example.com/", (), b"")

    async def flush(self) -> None:
        """All is as safe as it gets, unless the test holds it back."""
        self.flushes += 1
        if self.safe is not None:
            await self.safe.wait()

    def finish_attempt(self, key: Key, outcome: Outcome) -> None:
        if key in self.breaks:
            raise self.breaks[key]
        self._note("end", key)
        self.outcomes[key] = outcome
        self._busy.subtract((0, key[1]))

    def _note(self, what: str, key: Key) -> None:
        self.log.append((what, key))
        self._news.set()

    def offer(self, *keys: Key, subject: str = "") -> None:
        for key in keys:
            self.dispatcher.offer(key, subject)

    async def warm(self, *webhooks: int) -> None:
        """Have these webhooks answer once: they are known not to hang, and nothing of it stays."""
        self.offer(*[(0, webhook, 1) for webhook in webhooks])
        await self.dispatcher.idle()
        for record in (self.log, self.outcomes, self.sent, self.most):
            record.clear()

    def hold(self, *keys: Key) -> None:
        self.gates.update((key, asyncio.Event()) for key in keys)

    def let_go(self, *keys: Key) -> None:
        for key in keys:
            self.gates[key].set()

    def started(self) -> list[Key]:
        return [key for what, key in self.log if what == "start"]

    async def until(self, what: str, *keys: Key) -> None:
        async with asyncio.timeout(DEADLINE):
            while not {(what, key) for key in keys} <= set(self.log):
                self._news.clear()
                await self._news.wait()


class Answering:
    """The transport of one attempt."""

    def __init__(self, desk: Desk, key: Key) -> None:
        self._desk, self._key = desk, key

    async def send(self, _: Request) -> Outcome:
        self._desk.sent.append(self._key)
        if self._key in self._desk.gates:
            await self._desk.gates[self._key].wait()
        answer = self._desk.answers.get(self._key, OK)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Nothing is open."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, within the deadline; what a loop's callback raised fails the test."""
    stray: list[dict[str, Any]] = []

    async def watched() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: stray.append(context))
        async with asyncio.timeout(DEADLINE):
            return await main

    result = asyncio.run(watched())
    assert stray == []
    return result


def scenario(body: Callable[[Desk], Awaitable[T]], **limits: int) -> tuple[Desk, T]:
    async def main() -> tuple[Desk, T]:
        desk = Desk(**limits)
        return desk, await body(desk)

    return run(main())


# --- order ----------------------------------------------------------------------------------


def test_what_is_offered_in_one_turn_starts_in_the_order_of_its_keys() -> None:
    async def body(desk: Desk) -> None:
        desk.offer((3, 1, 1), (1, 2, 1), (2, 1, 2), (1, 1, 1), (2, 1, 1))
        assert desk.log == []
        await desk.dispatcher.idle()

    desk, _ = scenario(body)
    assert desk.started() == [(1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 1, 2), (3, 1, 1)]


def test_in_lockstep_each_attempt_ends_before_the_next_starts() -> None:
    keys = [(1, 2, 1), (1, 1, 1), (2, 1, 1), (1, 1, 2)]

    async def body(desk: Desk) -> None:
        desk.offer(*keys)
        await desk.dispatcher.idle()

    desk, _ = scenario(body, in_flight=1, per_webhook=1)
    assert desk.log == [(what, key) for key in sorted(keys) for what in ("start", "end")]


def test_what_comes_meanwhile_stands_in_line_by_its_key() -> None:
    async def body(desk: Desk) -> None:
        desk.hold((5, 1, 1))
        desk.offer((5, 1, 1))
        await desk.until("start", (5, 1, 1))
        desk.offer((9, 1, 1), (2, 1, 1))
        desk.offer((1, 2, 1))
        desk.let_go((5, 1, 1))
        await desk.dispatcher.idle()

    desk, _ = scenario(body, in_flight=1, per_webhook=1)
    assert desk.started() == [(5, 1, 1), (1, 2, 1), (2, 1, 1), (9, 1, 1)]


def test_a_subject_s_next_message_to_a_webhook_waits_for_the_end_of_the_previous_one() -> None:
    async def body(desk: Desk) -> list[Key]:
        await desk.warm(1, 2)
        desk.hold((1, 1, 1), (2, 1, 1))
        desk.offer((1, 1, 1), (2, 1, 1), (3, 1, 1), subject="ada")
        desk.offer((2, 2, 1), subject="ada")  # another webhook
        desk.offer((4, 1, 1), subject="bob")  # another subject
        await desk.until("end", (2, 2, 1), (4, 1, 1))
        before = desk.started()
        desk.let_go((1, 1, 1))
        await desk.until("start", (2, 1, 1))
        assert ("start", (3, 1, 1)) not in desk.log
        desk.let_go((2, 1, 1))
        await desk.dispatcher.idle()
        return before

    desk, before = scenario(body)
    assert before == [(1, 1, 1), (2, 2, 1), (4, 1, 1)]
    order = [desk.log.index(("end", (1, 1, 1))), desk.log.index(("start", (2, 1, 1))),
             desk.log.index(("end", (2, 1, 1))), desk.log.index(("start", (3, 1, 1)))]  # fmt: skip
    assert order == sorted(order)


def test_a_retry_holds_nothing_back_and_waits_for_nothing() -> None:
    async def body(desk: Desk) -> None:
        await desk.warm(1)
        desk.hold((1, 1, 2), (3, 1, 1))
        desk.offer((3, 1, 1), subject="ada")
        desk.offer((1, 1, 2))  # a retry of ada's first message
        await desk.until("start", (1, 1, 2), (3, 1, 1))
        desk.let_go((3, 1, 1))
        desk.offer((4, 1, 1), subject="ada")
        await desk.until("end", (4, 1, 1))
        assert ("end", (1, 1, 2)) not in desk.log
        desk.let_go((1, 1, 2))
        await desk.dispatcher.idle()

    scenario(body)


def test_an_attempt_with_nothing_to_send_lets_the_next_one_of_its_subject_go() -> None:
    async def body(desk: Desk) -> None:
        desk.gone = {(1, 1, 1), (2, 1, 1), (9, 9, 1)}
        desk.offer((1, 1, 1), (2, 1, 1), (3, 1, 1), subject="ada")
        desk.offer((9, 9, 1))
        await desk.dispatcher.idle()

    desk, _ = scenario(body)
    assert desk.started() == [(3, 1, 1)]


def test_nothing_is_sent_before_what_was_noted_is_safe() -> None:
    async def body(desk: Desk) -> None:
        desk.safe = asyncio.Event()
        desk.offer((1, 1, 1))
        await desk.until("start", (1, 1, 1))
        asyncio.get_running_loop().call_soon(desk.safe.set)
        assert desk.sent == []
        await desk.dispatcher.idle()

    desk, _ = scenario(body)
    assert (desk.sent, desk.flushes) == ([(1, 1, 1)], 1)


# --- bounds ---------------------------------------------------------------------------------


def test_no_more_than_the_limit_are_under_way_at_once() -> None:
    async def body(desk: Desk) -> None:
        desk.offer(*[(number, number, 1) for number in range(1, 30)])
        await desk.dispatcher.idle()

    desk, _ = scenario(body, in_flight=5)
    assert desk.most[0] == 5
    assert len(desk.outcomes) == 29


def test_no_more_than_the_webhook_s_limit_are_under_way_to_it() -> None:
    async def body(desk: Desk) -> None:
        await desk.warm(1, 2)
        desk.offer(*[(number, webhook, 1) for number in range(1, 20) for webhook in (1, 2)])
        await desk.dispatcher.idle()

    desk, _ = scenario(body, per_webhook=3)
    assert (desk.most[1], desk.most[2]) == (3, 3)
    assert len(desk.outcomes) == 38
    for webhook in (1, 2):
        keys = [key for key in desk.started() if key[1] == webhook]
        assert keys == sorted(keys)


def test_a_webhook_that_hangs_does_not_delay_another() -> None:
    async def body(desk: Desk) -> None:
        await desk.warm(1, 2)
        hanging = [(number, 1, 1) for number in range(1, 11)]
        desk.hold(*hanging)
        desk.offer(*hanging)
        others = [(number, 2, 1) for number in range(1, 11)]
        desk.offer(*others)
        await desk.until("end", *others)
        assert desk.most[1] == 2
        assert not desk.dispatcher.is_idle
        desk.let_go(*hanging)
        await desk.dispatcher.idle()

    desk, _ = scenario(body, in_flight=4, per_webhook=2)
    assert len(desk.outcomes) == 20


@pytest.mark.parametrize("reason", ["answer_timeout", "connect_timeout"])
def test_a_webhook_that_timed_out_gets_one_at_a_time_until_it_answers(reason: Reason) -> None:
    async def body(desk: Desk) -> None:
        await desk.warm(1)
        slow = [(number, 1, 1) for number in range(1, 5)]
        desk.answers = {key: Outcome(reason) for key in slow}
        later = [(number, 1, 1) for number in range(5, 12)]
        desk.hold(*slow, *later)
        desk.offer(*slow, *later)
        await desk.until("start", *slow)
        desk.let_go(*slow)
        await desk.until("start", (5, 1, 1))
        assert desk.started() == [*slow, (5, 1, 1)]
        desk.let_go((5, 1, 1))  # answers: the bound is as it was
        await desk.until("start", *later[:5])
        desk.let_go(*later)
        await desk.dispatcher.idle()

    desk, _ = scenario(body, per_webhook=4)
    assert len(desk.outcomes) == 11


# --- the end --------------------------------------------------------------------------------


def test_who_waits_for_idle_waits_for_all() -> None:
    async def body(desk: Desk) -> None:
        await desk.dispatcher.idle()
        desk.hold((1, 1, 1))
        desk.offer((1, 1, 1))
        waiting = [asyncio.create_task(desk.dispatcher.idle()) for _ in range(2)]
        await desk.until("start", (1, 1, 1))
        waiting[0].cancel()
        assert not waiting[1].done()
        desk.let_go((1, 1, 1))
        await waiting[1]
        assert desk.dispatcher.is_idle

    scenario(body)


def test_idle_is_told_when_there_was_nothing_to_send() -> None:
    async def body(desk: Desk) -> None:
        desk.gone = {(1, 1, 1)}
        desk.offer((1, 1, 1))
        await desk.dispatcher.idle()

    scenario(body)


def test_stop_lets_what_is_under_way_end_and_starts_nothing_more() -> None:
    async def body(desk: Desk) -> None:
        desk.hold((1, 1, 1))
        desk.offer((1, 1, 1), (2, 1, 1), subject="ada")
        await desk.until("start", (1, 1, 1))
        stopping = asyncio.create_task(desk.dispatcher.stop(DEADLINE))
        desk.offer((3, 1, 1))
        asyncio.get_running_loop().call_soon(desk.let_go, (1, 1, 1))
        await stopping

    desk, _ = scenario(body)
    assert desk.log == [("start", (1, 1, 1)), ("end", (1, 1, 1))]
    assert desk.outcomes == {(1, 1, 1): OK}


def test_what_does_not_end_within_the_grace_ends_as_shutdown() -> None:
    async def body(desk: Desk) -> None:
        await desk.warm(1, 2)
        desk.hold((1, 1, 1), (1, 2, 1))
        desk.offer((1, 1, 1), (1, 2, 1))
        await desk.until("start", (1, 1, 1), (1, 2, 1))
        await desk.dispatcher.stop(0.0)

    desk, _ = scenario(body)
    assert desk.outcomes == {(1, 1, 1): Outcome("shutdown"), (1, 2, 1): Outcome("shutdown")}


def test_an_attempt_that_had_just_been_started_ends_as_shutdown_too() -> None:
    async def body(desk: Desk) -> None:
        desk.hold((1, 1, 1))
        desk.offer((1, 1, 1))
        desk.dispatcher._pump()
        await desk.dispatcher.stop(0.0)

    desk, _ = scenario(body)
    assert desk.outcomes == {(1, 1, 1): Outcome("shutdown")}


def test_stop_with_nothing_under_way_returns_at_once() -> None:
    async def body(desk: Desk) -> None:
        desk.offer((1, 1, 1))
        await desk.dispatcher.stop(DEADLINE)

    desk, _ = scenario(body)
    assert desk.log == []


def test_who_waits_for_idle_is_let_go_by_stop() -> None:
    async def body(desk: Desk) -> None:
        desk.hold((1, 1, 1))
        desk.offer((1, 1, 1), (2, 1, 1), (3, 1, 1), subject="ada")
        desk.offer((1, 2, 1))
        waiting = asyncio.create_task(desk.dispatcher.idle())
        await desk.until("start", (1, 1, 1))
        await desk.dispatcher.stop(0.0)
        async with asyncio.timeout(1.0):
            await waiting

    scenario(body, per_webhook=1)


def test_what_is_abandoned_is_never_told_of() -> None:
    async def body(desk: Desk) -> None:
        await desk.warm(1)
        desk.hold(*[(number, 1, 1) for number in range(1, 6)])
        desk.offer((1, 1, 1), (2, 1, 1), subject="ada")
        desk.offer((3, 1, 1), (4, 1, 1), (5, 1, 1))
        waiting = asyncio.create_task(desk.dispatcher.idle())
        await desk.until("start", (1, 1, 1), (3, 1, 1))
        desk.dispatcher.abandon()
        assert desk.dispatcher.is_idle
        await waiting
        desk._busy.clear()
        # The same keys again, as a workspace that was reset uses them.
        desk.gates.clear()
        desk.offer((1, 1, 1), (2, 1, 1), subject="ada")
        await desk.dispatcher.idle()

    desk, _ = scenario(body, per_webhook=2)
    assert desk.log[2:] == [
        ("start", (1, 1, 1)), ("end", (1, 1, 1)), ("start", (2, 1, 1)), ("end", (2, 1, 1)),
    ]  # fmt: skip


# --- bugs -----------------------------------------------------------------------------------


def test_a_bug_in_a_transport_is_raised_by_idle_and_by_stop() -> None:
    async def body(desk: Desk) -> None:
        desk.answers[1, 1, 1] = RuntimeError("a bug")
        desk.offer((1, 1, 1), (2, 1, 1))
        with pytest.raises(RuntimeError, match=r"^a bug$"):
            await desk.dispatcher.idle()
        await desk.until("end", (2, 1, 1))  # the rest goes on
        with pytest.raises(RuntimeError, match=r"^a bug$"):
            await desk.dispatcher.idle()
        with pytest.raises(RuntimeError, match=r"^a bug$"):
            await desk.dispatcher.stop(0.0)

    scenario(body)


def test_a_bug_of_the_owner_is_raised_too_and_does_not_block_its_subject() -> None:
    async def body(desk: Desk) -> None:
        desk.breaks[1, 1, 1] = RuntimeError("a bug")
        desk.offer((1, 1, 1), (2, 1, 1), subject="ada")
        await desk.until("end", (2, 1, 1))
        with pytest.raises(RuntimeError, match=r"^a bug$"):
            await desk.dispatcher.idle()

    scenario(body, per_webhook=1)


def test_a_bug_met_by_who_waits_already_is_raised_there() -> None:
    async def body(desk: Desk) -> None:
        desk.hold((1, 1, 1))
        desk.answers[1, 1, 1] = RuntimeError("a bug")
        desk.offer((1, 1, 1))
        waiting = asyncio.create_task(desk.dispatcher.idle())
        await desk.until("start", (1, 1, 1))
        desk.let_go((1, 1, 1))
        with pytest.raises(RuntimeError, match=r"^a bug$"):
            await waiting

    scenario(body)


class Faulty(Desk):
    """An owner with a bug in ``start_attempt``."""

    def start_attempt(self, key: Key) -> tuple[Transport, Request] | None:
        if key in self.breaks:
            raise self.breaks[key]
        return super().start_attempt(key)


def test_a_bug_at_the_start_of_an_attempt_is_raised_and_never_lost() -> None:
    async def main() -> None:
        desk = Faulty()
        desk.breaks[1, 1, 1] = RuntimeError("a bug")
        desk.offer((1, 1, 1), (2, 1, 1), subject="ada")
        desk.offer((3, 1, 1))
        with pytest.raises(RuntimeError, match=r"^a bug$"):
            async with asyncio.timeout(1.0):
                await desk.dispatcher.idle()
        await desk.until("end", (2, 1, 1), (3, 1, 1))

    run(main())


def test_a_backlog_that_there_is_nothing_to_send_of_any_more_goes_away() -> None:
    """A webhook with many waiting is removed: nothing of it keeps the others from settling."""

    async def body(desk: Desk) -> None:
        keys = [(number, 1, 1) for number in range(1, 401)]
        desk.hold(*keys[:4])
        desk.offer(*keys)
        await desk.until("start", *keys[:4])
        desk.gone.update(keys[4:])
        desk.let_go(*keys[:4])
        async with asyncio.timeout(DEADLINE):
            await desk.dispatcher.idle()
        assert desk.started() == keys[:4]

    scenario(body)


def test_a_webhook_gets_few_places_until_it_has_answered_and_one_once_it_hung() -> None:
    async def body(desk: Desk) -> None:
        first = [(number, 1, 1) for number in range(1, 11)]
        desk.hold(*first)
        desk.offer(*first)
        await desk.until("start", *first[:4])
        assert desk.started() == first[:4]
        desk.answers[first[0]] = Outcome("answer_timeout")
        desk.let_go(first[0])
        await desk.until("end", first[0])
        assert desk.started() == first[:4]  # three are under way, one is all that it gets now
        desk.let_go(*first[1:])
        await desk.dispatcher.idle()
        desk.most.clear()
        again = [(number, 1, 1) for number in range(11, 31)]
        desk.hold(*again)
        desk.offer(*again)
        await desk.until("start", *again[:16])
        desk.let_go(*again)
        await desk.dispatcher.idle()
        assert desk.most[1] == 16

    scenario(body)


def test_who_waits_for_an_attempt_does_not_queue_for_a_full_webhook() -> None:
    async def body(desk: Desk) -> None:
        full = [(number, 1, 1) for number in range(1, 50)]
        desk.hold(*full)
        desk.offer(*full)
        await desk.until("start", *full[:4])
        desk.offer((50, 1, 1))
        desk.dispatcher.hurry((50, 1, 1))
        await desk.until("end", (50, 1, 1))
        assert desk.started()[:5] == [*full[:4], (50, 1, 1)]
        desk.let_go(*full)

    scenario(body)
