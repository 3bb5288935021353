"""The engine of a workspace: commits records, folds them into the state, sends what is due.

It owns the state, the timeline, the queue of attempts and the dispatcher. Pure functions give
records; the engine appends them to the journal, applies them, and does what follows from them.
There is no other way to change a workspace.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from emulator.clock import Timeline
from emulator.delivery.dispatcher import Dispatcher
from emulator.delivery.queue import AttemptQueue
from emulator.delivery.records import Finished, Message, Outcome, RedeliveryAsked, Refused
from emulator.delivery.transports.mounts import Mounts
from emulator.errors import NotFoundError, StoppingError
from emulator.workspace import fold, outbox
from emulator.workspace.commands.candidates import move_candidate
from emulator.workspace.commands.change import Change, Done, Record
from emulator.workspace.entry_data import CandidateChanged, Opened, Settings
from emulator.workspace.messages import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import msgspec

    from emulator.clock import TimerKey
    from emulator.contracts.validation import Contracts
    from emulator.delivery.records import Key, Transport
    from emulator.delivery.shape import Shape
    from emulator.domain.candidate import Candidate
    from emulator.journal.journal import Journal
    from emulator.workspace.state import State

_log = logging.getLogger("emulator.delivery")

# Ranks of timers at one instant: a candidate moves before a delivery is tried again.
_CANDIDATE, _ATTEMPT = 1, 2

_REPLAYED_AT_ONCE = 1_000  # entries, about ten milliseconds of work

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of all bodies under way at once; an attempt beyond ends as ``own_limit``."""

_LARGE = 64 * 1024
_TOO_MUCH = f"more than {MOST_BYTES // 2**20} MiB of bodies under way at once"

_LONGEST_SLEEP = 3_600.0  # real seconds; an event loop bounds its timers, and waking costs nothing


class Engine:
    """Everything that moves one workspace.

    Args:
        name: of the workspace.
        journal: takes its entries.
        contracts: what its payloads have to fit.
        transport: carries its deliveries over sockets.
        settings: of a new workspace; a journal that holds the workspace has its own.
        in_flight: attempts under way at once; 1 is lockstep.
        per_webhook: how many of them to one webhook.

    Attributes:
        state: what the entries of the journal fold into.
        timeline: the clock and its timers.
        queue: the attempts that are due.
        mounts: applications in this process that take deliveries.
        advancing: held while somebody advances the clock.
    """

    def __init__(
        self,
        name: str,
        *,
        journal: Journal,
        contracts: Contracts,
        transport: Transport,
        settings: Settings,
        in_flight: int,
        per_webhook: int,
    ) -> None:
        self.name = name
        self.journal = journal
        self.contracts = contracts
        self.timeline = Timeline(settings.clock, settings.now)
        self.mounts = Mounts(transport)
        self.queue = AttemptQueue(in_flight=in_flight, per_webhook=per_webhook, seed=settings.seed)
        self.advancing = asyncio.Lock()
        self._dispatcher = Dispatcher(
            self.mounts, flush=journal.flush if journal.is_durable else None, ended=self._ended
        )
        self._follows: Mapping[type[msgspec.Struct], Callable[[Any], None]] = {
            Message: self._take,
            Finished: self._follow_attempt,
            RedeliveryAsked: lambda asked: self._plan(
                (asked.message, asked.webhook, asked.attempt)
            ),
            CandidateChanged: lambda changed: self._follow_candidate(changed.candidate),
        }
        self._alarm: asyncio.TimerHandle | None = None
        self._bytes: dict[Key, int] = {}  # of the bodies under way
        self._idle_waiters: list[asyncio.Future[None]] = []
        self._bugs: list[BaseException] = []
        self._will_pump = False
        self._is_stopped, self._reason = False, ""
        first = next(journal.entries(name), None)
        if first is None:
            (first,) = journal.append(
                name, self.now(), [("workspace.opened", Opened.drawn(settings, self.now()))]
            )
        self.state: State = fold.opened(first)

    # --- records in ---------------------------------------------------------------------------

    def do(self, change: Change) -> Done[Any]:
        """Commit a command together with the messages that it causes."""
        happened = change.occurrence
        caused = messages(self.state, happened, self.contracts)
        self.commit([*change.records, *caused])
        return Done(
            happened.candidate or happened.assessment,
            tuple(data for _, data in caused if isinstance(data, Message)),
            tuple(data for _, data in caused if isinstance(data, Refused)),
        )

    def commit(self, records: Sequence[Record]) -> None:
        """Append *records*, apply them, and do what follows: attempts that are due, timers.

        Raises:
            NotFoundError: the workspace was removed meanwhile; nothing is written.
            StoppingError: the emulator is stopping.
        """
        if self._is_stopped:
            self._refuse()
        self._commit(records)

    def _refuse(self) -> None:
        if self._reason == "shutdown":
            raise StoppingError
        message = f"workspace {self.name!r} is gone: {self._reason}"
        raise NotFoundError(message)

    def _commit(self, records: Sequence[Record]) -> None:
        entries = self.journal.append(self.name, self.now(), records)
        for entry in entries:
            fold.apply(self.state, entry)
        follows = self._follows
        for entry in entries:
            follow = follows.get(type(entry.data))
            if follow is not None:
                follow(entry.data)
        self._pump_soon()

    async def replay(self) -> None:
        """Bring the workspace back from its journal, and continue where it stopped.

        Other tasks of the event loop get their turn meanwhile. An attempt whose end is not in the
        journal is recorded as interrupted, and the delivery is tried again: at least once.
        """
        for count, entry in enumerate(self.journal.entries(self.name, after=1)):
            fold.apply(self.state, entry)
            if count % _REPLAYED_AT_ONCE == 0:
                await asyncio.sleep(0)
        self.timeline = Timeline(self.state.settings.clock, self.state.now)
        for candidate in self.state.candidates.values():
            self._follow_candidate(candidate)
        for key in list(self.state.by_status.get("pending", ())):
            self._resume(*key)
        self._pump_soon()
        self.arm()

    def reset(self) -> None:
        """Start anew with the same settings; what is pending is dropped with the reason reset."""
        self.commit(outbox.drops(self.state, "reset"))  # refused when the workspace is gone
        self._dispatcher.abandon()
        self.queue.clear()
        self._bytes.clear()
        self._bugs.clear()
        self._release_waiters()
        self.timeline.clear()
        settings = self.state.settings
        self.timeline = Timeline(settings.clock, settings.now)
        self.commit([("workspace.reset", Opened.drawn(settings, self.now()))])
        self.arm()

    @property
    def is_stopped(self) -> bool:
        """Whether the workspace is closed, or about to be."""
        return self._is_stopped

    async def close(self, grace: float, reason: str) -> None:
        """Let the attempts under way end, drop the rest, stop all timers.

        With a journal on disk, a shutdown drops nothing: pending deliveries continue at the next
        start.

        Args:
            grace: how long to wait, in real seconds.
            reason: why pending deliveries are dropped.

        Raises:
            Exception: the first bug that a delivery met.
        """
        try:
            self._is_stopped, self._reason = True, reason
            await self._dispatcher.stop(grace)
            self._release_waiters()
            await self.mounts.close()
            self._raise_bugs()
        finally:
            self.timeline.clear()
            self.arm()
            if not self.journal.is_durable or reason != "shutdown":
                self._commit(outbox.drops(self.state, reason))
            await self.journal.flush()

    # --- attempts -----------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        for webhook in message.webhooks:
            self._plan((message.number, webhook, 1), message.subject)

    def _follow_attempt(self, end: Finished) -> None:
        if end.next_due is not None and end.next_attempt is not None:
            self._schedule((end.message, end.webhook, end.next_attempt), end.next_due)

    def _schedule(self, key: Key, due: datetime) -> None:
        if due <= self.now():
            self._fall_due(key)
        else:
            self._set_timer((_ATTEMPT, *key), due)

    def _fall_due(self, key: Key) -> None:
        if key in self.state.planned:
            self.queue.offer(key)  # a delay is over
        else:
            self._plan(key)

    def _plan(self, key: Key, subject: str = "") -> None:
        """Plan an attempt that is due, and offer it as it is or as the faults shape it."""
        shape = outbox.shape(self.state, key, self.now())
        if shape is None:
            self.queue.offer(key, subject)
        else:
            self._commit(outbox.planned(key, shape))
            if not shape.drop:
                self._offer_shaped(key, shape, subject)
        if shape is None or shape.hold is None:
            self.queue.planned(key)

    def _offer_shaped(self, key: Key, shape: Shape, subject: str) -> None:
        for planned in shape.planned:
            one = (planned.message, planned.webhook, planned.attempt)
            if shape.is_crowd:
                self.queue.crowd(one)
            if shape.hold is not None:
                self.queue.hold(one, shape.hold)
            elif planned.due > self.now():
                self._set_timer((_ATTEMPT, *one), planned.due)
            else:
                self.queue.offer(one, subject if one == key else "")

    def _resume(self, message: int, webhook: int) -> None:
        """Continue a pending delivery of the journal.

        What a reorder fault held back goes out now: which attempts overtook it is not recorded.
        """
        delivery = self.state.deliveries[message, webhook]
        self._follow_delivery(message, webhook)
        waiting, lost = outbox.unfinished(self.state, message, webhook)
        for number in waiting:
            key = (message, webhook, number)
            planned = self.state.planned.get(key)
            if planned is not None:
                self._schedule(key, planned.due)
            else:
                self._plan(key, delivery.message.subject if number == 1 else "")
        for number in lost:
            self._finish((message, webhook, number), Outcome("interrupted"))

    def _follow_delivery(self, message: int, webhook: int) -> None:
        delivery = self.state.deliveries[message, webhook]
        if delivery.next_due is not None and delivery.next_attempt is not None:
            self._schedule((message, webhook, delivery.next_attempt), delivery.next_due)

    def _pump_soon(self) -> None:
        # In the next turn of the loop, so that all attempts which one command made due are in the
        # queue before the first of them starts.
        if self.queue.has_ready and not self._will_pump:
            self._will_pump = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Start the attempts that may start now."""
        self._will_pump = False
        while not self._is_stopped and (key := self.queue.take()) is not None:
            request = None
            try:
                begun = outbox.begun(self.state, key, self.now(), time.time())
                if begun is not None:
                    record, request = begun
                    self._commit((record,))
            except Exception as bug:  # noqa: BLE001 - kept, and raised by idle and close
                self._keep(bug)
            if request is None:
                self.queue.release(key)
            elif self._is_too_much(len(request.body)):
                self._finish(key, Outcome("own_limit", detail=_TOO_MUCH))
                self.queue.release(key)
            else:
                self._bytes[key] = len(request.body)
                self._dispatcher.send(key, request)
        self._notice_idle()

    def _is_too_much(self, size: int) -> bool:
        # Only faults make large bodies; the sum is built when one comes, not for each attempt.
        return size > _LARGE and sum(self._bytes.values()) + size > MOST_BYTES

    def _ended(self, key: Key, outcome: Outcome | BaseException) -> None:
        """Take what happened to an attempt; its place goes to the next attempt."""
        self._bytes.pop(key, None)
        if isinstance(outcome, BaseException):
            self._keep(outcome)
        else:
            try:
                self._finish(key, outcome)
            except Exception as bug:  # noqa: BLE001 - kept, and raised by idle and close
                self._keep(bug)
        self.queue.release(key)
        if self.queue.has_ready:
            self._pump()  # without a turn of the loop: this is the hot path
        else:
            self._notice_idle()

    def _finish(self, key: Key, outcome: Outcome) -> None:
        is_hanging = outcome.reason in ("answer_timeout", "connect_timeout")
        self.queue.note_speed(key[1], is_hanging=is_hanging)
        end = outbox.ended(self.state, key, outcome, self.now(), time.time())
        self._commit((("attempt.finished", end),))
        if not end.is_success:
            self._commit(outbox.disabled(self.state, key[1], self.now()))

    def release_held(self) -> bool:
        """Offer what reorder faults hold back, and return whether there was anything."""
        is_any = self.queue.release_held()
        self._pump_soon()
        return is_any

    def is_held_back(self, key: Key) -> bool:
        """Return whether a fault makes an attempt wait: for a later time, or for others."""
        planned = self.state.planned.get(key)
        return planned is not None and (planned.due > self.now() or self.queue.is_held(key))

    def set_limits(self, *, in_flight: int, per_webhook: int) -> tuple[int, int]:
        """Set how many attempts may be under way at once, and return the limits before."""
        before = self.queue.set_limits(in_flight=in_flight, per_webhook=per_webhook)
        self._pump_soon()
        return before

    # --- waiting for idleness -----------------------------------------------------------------

    async def idle(self) -> None:
        """Return once no attempt is under way or waits to start, or the engine was stopped.

        Raises:
            Exception: the first bug that a delivery met; it is never lost.
        """
        while not (self.queue.is_idle or self._bugs or self._is_stopped):
            waiter = asyncio.get_running_loop().create_future()
            self._idle_waiters.append(waiter)
            await waiter
        self._raise_bugs()

    def _notice_idle(self) -> None:
        if self._idle_waiters and (self.queue.is_idle or self._bugs):
            self._release_waiters()

    def _release_waiters(self) -> None:
        waiters, self._idle_waiters = self._idle_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _keep(self, bug: BaseException) -> None:
        self._bugs.append(bug)
        _log.error("a bug in a delivery", exc_info=bug)

    def _raise_bugs(self) -> None:
        if self._bugs:
            raise self._bugs[0]

    # --- timers -------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the workspace's time."""
        return self.timeline.now()

    def run_due(self) -> None:
        """Run every timer that is due, in the order of time and key."""
        while (key := self.timeline.pop_due()) is not None:
            rank, *numbers = key
            if rank == _ATTEMPT:
                message, webhook, attempt = numbers
                self._fall_due((message, webhook, attempt))
            else:
                self._move_due(numbers[0])
        self._pump_soon()

    def _move_due(self, number: int) -> None:
        candidate = self.state.candidates[self.state.candidate_numbers[number]]
        assert candidate.falls_due is not None  # noqa: S101 - a command that changes it moves the timer
        command, _ = candidate.falls_due
        self.do(move_candidate(self.state, self.now(), candidate.id, command))

    def _follow_candidate(self, candidate: Candidate) -> None:
        key = (_CANDIDATE, candidate.number, 0, 0)
        if candidate.falls_due is not None:
            _, at = candidate.falls_due
            self._set_timer(key, at)
        else:
            self.timeline.cancel(key)

    def _set_timer(self, key: TimerKey, at: datetime) -> None:
        earliest = self.timeline.next_at()
        self.timeline.set_timer(key, at)
        if self.timeline.mode == "real" and (earliest is None or at < earliest):
            self.arm()

    def arm(self) -> None:
        """Have the event loop wake the engine when the next timer of a real clock is due."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        at = self.timeline.next_at()
        if self.timeline.mode == "real" and at is not None:
            delay = max(0.0, (at - datetime.now(UTC)).total_seconds())
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(min(delay, _LONGEST_SLEEP), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.run_due()
        self.arm()
