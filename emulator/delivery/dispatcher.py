"""The dispatcher: which attempts run now, and that each of them ends.

It keeps keys, never messages: what waits is a record in the journal, not a task. Tasks are
bounded, over all and for each webhook, so that a slow consumer holds up nobody else.

Order: the first attempt of a candidate's next message to a webhook starts after the first
attempt of the previous one ended. Whatever may start does so in the order of its key; with one
in flight at a time that is lockstep.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Protocol

from emulator.delivery.records import Outcome

if TYPE_CHECKING:
    from emulator.delivery.records import Key, Request, Transport

_log = logging.getLogger("emulator.delivery")

_AT_FIRST = 4
"""Attempts at once to a webhook of which nothing is known yet."""

Chain = tuple[int, str]
"""Webhook number and subject: what is delivered one after the other."""


class Desk(Protocol):
    """What the dispatcher needs of its owner."""

    def start_attempt(self, key: Key) -> tuple[Transport, Request] | None:
        """Note that the attempt starts; None when there is nothing to send any more."""
        ...

    is_durable: bool
    """Whether `flush` has anything to do."""

    async def flush(self) -> None:
        """Return once all that was noted is as safe as it gets: nothing is sent before."""
        ...

    def finish_attempt(self, key: Key, outcome: Outcome) -> None:
        """Note how the attempt ended."""
        ...


class Dispatcher:
    """Runs the attempts of one workspace.

    Args:
        desk: the owner.
        in_flight: attempts under way at once; 1 is lockstep.
        per_webhook: of these, how many to one webhook.
    """

    def __init__(self, desk: Desk, *, in_flight: int, per_webhook: int) -> None:
        self._desk = desk
        self._limit = in_flight
        self._webhook_limit = per_webhook
        self._ready: list[Key] = []
        self._held: dict[int, list[Key]] = defaultdict(list)  # ready, but the webhook is full
        self._open: set[Key] = set()  # offered, and not ended yet
        self._behind: dict[Key, list[Key]] = {}  # these wait for that one to end
        self._tails: dict[Chain, Key] = {}
        self._chain_of: dict[Key, Chain] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._busy: dict[int, int] = defaultdict(int)
        self._places: dict[int, int] = {}  # webhook -> how many attempts at once
        self._express: set[Key] = set()  # somebody waits for these: past the webhook's limit
        self._crowd: set[Key] = set()  # to start all at once: past every limit
        self._idle_waiters: list[asyncio.Future[None]] = []
        self._wakes = False
        self._is_stopped = False
        self._bugs: list[BaseException] = []

    def offer(self, key: Key, subject: str = "", *, after: Key | None = None) -> None:
        """Take an attempt that is due.

        Args:
            key: of the attempt.
            subject: makes it wait for earlier ones of that subject to that webhook;
                empty for retries and manual attempts, which hold nothing back.
            after: makes it wait for that one to end, if it has not.
        """
        if subject:
            chain = (key[1], subject)
            after = self._tails.get(chain, after)
            self._tails[chain] = key
            self._chain_of[key] = chain
        self._open.add(key)
        if after in self._open:
            self._behind.setdefault(after, []).append(key)
        else:
            heappush(self._ready, key)
            self._wake()

    def hurry(self, key: Key) -> None:
        """Have an attempt that was just offered not queue for a full webhook."""
        self._express.add(key)

    def crowd(self, key: Key) -> None:
        """Have an attempt that was just offered heed no limit at all: a flood."""
        self._crowd.add(key)

    def set_limits(self, *, in_flight: int, per_webhook: int) -> tuple[int, int]:
        """Allow other numbers of attempts under way at once, and return those before."""
        before = self._limit, self._webhook_limit
        self._limit, self._webhook_limit = in_flight, per_webhook
        self._wake()
        return before

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing waits to be."""
        return not (self._tasks or self._ready or self._held)

    async def idle(self) -> None:
        """Return once nothing is under way and nothing waits to be, or it was stopped.

        Raises:
            Exception: the first bug that a task met; it is never lost.
        """
        while not (self.is_idle or self._bugs or self._is_stopped):
            waiter = asyncio.get_running_loop().create_future()
            self._idle_waiters.append(waiter)
            await waiter
        if self._bugs:
            raise self._bugs[0]

    async def stop(self, grace: float) -> None:
        """Start nothing more; let what is under way end, at most *grace* seconds.

        Raises:
            Exception: the first bug that a task met.
        """
        self._is_stopped = True
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._release_waiters()
        if self._bugs:
            raise self._bugs[0]

    def abandon(self) -> None:
        """Forget all that waits or is under way, without a word to the owner."""
        for task in self._tasks.values():
            task.cancel()
        for waiting in (
            self._ready, self._held, self._open, self._behind, self._tails, self._chain_of,
            self._tasks, self._busy, self._places, self._express, self._crowd, self._bugs,
        ):  # fmt: skip
            waiting.clear()
        self._release_waiters()

    def _wake(self) -> None:
        # Later in this turn of the loop, so that all attempts that one command made due
        # stand in line before the first of them starts.
        if not self._wakes:
            self._wakes = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._wakes = False
        loop = asyncio.get_running_loop()
        while self._ready and not self._is_stopped:
            key = self._ready[0]
            webhook = key[1]
            in_crowd = key in self._crowd
            if len(self._tasks) >= self._limit and not in_crowd:
                break
            heappop(self._ready)
            is_full = self._busy[webhook] >= self._places_of(webhook)
            if is_full and not in_crowd and key not in self._express:
                heappush(self._held[webhook], key)
                continue
            self._express.discard(key)
            self._crowd.discard(key)
            planned = self._started(key)
            if planned is None:
                self._release(key)
                continue
            self._busy[webhook] += 1
            self._tasks[key] = loop.create_task(self._run(key, *planned))
        if self._idle_waiters and (self.is_idle or self._bugs):
            self._release_waiters()

    def _started(self, key: Key) -> tuple[Transport, Request] | None:
        try:
            return self._desk.start_attempt(key)
        except Exception as bug:  # noqa: BLE001 - kept, and raised by idle and stop
            self._keep(bug)
            return None

    def _keep(self, bug: Exception) -> None:
        self._bugs.append(bug)
        _log.error("a bug in a delivery", exc_info=bug)

    async def _run(self, key: Key, transport: Transport, request: Request) -> None:
        task = self._tasks.get(key)
        try:
            try:
                if self._desk.is_durable:
                    await self._desk.flush()
                outcome = await transport.send(request)
            except asyncio.CancelledError:
                outcome = Outcome("shutdown")  # by stop or abandon; this task ends here anyway
            if self._tasks.get(key) is task:
                self._note_speed(key[1], outcome)
                self._desk.finish_attempt(key, outcome)
        except Exception as bug:  # noqa: BLE001 - kept, and raised by idle and stop
            self._keep(bug)
        finally:
            if self._tasks.get(key) is task:
                self._ended(key)

    def _note_speed(self, webhook: int, outcome: Outcome) -> None:
        # A few consumers that hang would otherwise fill all the places there are, again and
        # again: one place for those, a few until we know.
        is_hanging = outcome.reason in ("answer_timeout", "connect_timeout")
        self._places[webhook] = 1 if is_hanging else self._webhook_limit

    def _places_of(self, webhook: int) -> int:
        return self._places.get(webhook, min(_AT_FIRST, self._webhook_limit))

    def _ended(self, key: Key) -> None:
        webhook = key[1]
        del self._tasks[key]
        self._busy[webhook] -= 1
        self._release(key)
        if self._ready:
            self._pump()  # no wait for the next turn: this is the hot path
        elif self.is_idle or self._bugs:
            self._release_waiters()

    def _release(self, key: Key) -> None:
        """Let those go on that waited for *key*: for its place, or behind it."""
        webhook = key[1]
        if webhook in self._held:
            held = self._held[webhook]
            for _ in range(min(len(held), self._places_of(webhook) - self._busy[webhook])):
                heappush(self._ready, heappop(held))
            if not held:
                del self._held[webhook]
        self._open.discard(key)
        chain = self._chain_of.pop(key, None)
        if chain is not None and self._tails[chain] == key:
            del self._tails[chain]
        for behind in self._behind.pop(key, ()):
            heappush(self._ready, behind)

    def _release_waiters(self) -> None:
        waiters, self._idle_waiters = self._idle_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
