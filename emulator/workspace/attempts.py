"""Starts the due attempts of a workspace and records their outcomes."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

from emulator.delivery.dispatcher import Dispatcher
from emulator.workspace import outbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from emulator.delivery.queue import AttemptQueue
    from emulator.delivery.records import Finished, Key, Outcome, Request, Transport
    from emulator.journal.entry import Entry
    from emulator.workspace.commands.change import Record
    from emulator.workspace.state import State

_T = TypeVar("_T")

_log = logging.getLogger("emulator.delivery")


class Attempts:
    """Starts the attempts of one workspace, and records how they end.

    The attempts that end in one turn of the event loop are recorded together, and so are the
    attempts that start.

    Args:
        state: the state of the workspace.
        queue: decides which attempt may start.
        transport: carries the requests.
        flush: see `Dispatcher`.
        commit: commits records at a time of the workspace; returns the entries.
        now: returns the workspace's time.
    """

    def __init__(
        self,
        state: State,
        queue: AttemptQueue,
        *,
        transport: Transport,
        flush: Callable[[], Awaitable[None]] | None,
        commit: Callable[[Sequence[Record], datetime], Sequence[Entry]],
        now: Callable[[], datetime],
    ) -> None:
        self._state = state
        self._queue = queue
        self._commit = commit
        self._now = now
        self._dispatcher = Dispatcher(transport, flush=flush, ended=self._ended)
        self._ends: dict[Key, Outcome | BaseException] = {}  # not yet recorded
        self._may_be_idle = asyncio.Event()
        self._bugs: list[BaseException] = []
        self._is_scheduled, self._is_stopped = False, False

    def start_soon(self) -> None:
        """Start the attempts that may start, in the next turn of the loop.

        By then, all attempts of a command are in the queue.
        """
        if (self._queue.has_ready or self._ends) and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._run)

    async def idle(self) -> None:
        """Wait until no attempt is under way or waits to start, or the workspace is closed.

        Raises:
            Exception: the first bug that occurred in a delivery.
        """
        while not (self._queue.is_idle or self._bugs or self._is_stopped):
            self._may_be_idle.clear()
            await self._may_be_idle.wait()
        if self._bugs:
            raise self._bugs[0]

    async def stop(self, grace: float) -> None:
        """Start nothing more, and wait up to *grace* real seconds for the attempts under way.

        Raises:
            Exception: the first bug that occurred in a delivery.
        """
        self._is_stopped = True
        await self._dispatcher.stop(grace)
        self._run()
        self._may_be_idle.set()
        if self._bugs:
            raise self._bugs[0]

    def abandon(self) -> None:
        """Cancel all attempts under way, and record nothing about them."""
        self._dispatcher.abandon()
        self._queue.clear()
        self._ends.clear()
        self._bugs.clear()
        self._may_be_idle.set()

    def finish(self, ends: Mapping[Key, Outcome | BaseException]) -> None:
        """Record how some attempts ended, each of another delivery, with one commit."""
        now = self._now()
        finished: list[Finished] = []
        for key, outcome in ends.items():
            if isinstance(outcome, BaseException):
                self._keep(outcome)
                continue
            is_hanging = outcome.reason in ("answer_timeout", "connect_timeout")
            self._queue.note_speed(key[1], is_hanging=is_hanging)
            end = self._tried(outbox.ended, self._state, key, outcome, now, time.time())
            if end is not None:
                finished.append(end)
        self._tried(self._commit, [("attempt.finished", end) for end in finished], now)
        for end in finished:
            if not end.is_success:
                self._tried(self._disable, end.webhook, now)

    def _disable(self, webhook: int, now: datetime) -> None:
        self._commit(outbox.disabled(self._state, webhook, now), now)

    def _run(self) -> None:
        """Record the attempts that ended, and start those that may start."""
        self._is_scheduled = False
        ends, self._ends = self._ends, {}
        for keys in _of_different_deliveries(ends):
            self.finish({key: ends[key] for key in keys})
        for key in ends:
            self._queue.release(key)
        if not self._is_stopped:
            for keys in _of_different_deliveries(iter(self._queue.take, None)):
                self._start(keys)
        if self._queue.is_idle or self._bugs:
            self._may_be_idle.set()

    def _start(self, keys: Sequence[Key]) -> None:
        """Start some attempts, each of another delivery, with one commit."""
        now = self._now()
        records: list[Record] = []
        requests: dict[Key, Request | None] = {}
        for key in keys:
            begun = self._tried(outbox.begun, self._state, key, now, time.time())
            if begun is not None:
                record, requests[key] = begun
                records.append(record)
        if not self._tried(self._commit, records, now):
            requests.clear()
        for key in keys:
            request = requests.get(key)
            if request is None:
                self._queue.release(key)
                self.start_soon()  # others may have waited for it
            elif (outcome := self._dispatcher.send(key, request)) is not None:
                self._ended(key, outcome)

    def _ended(self, key: Key, outcome: Outcome | BaseException) -> None:
        self._ends[key] = outcome
        self.start_soon()

    def _tried(self, function: Callable[..., _T], *arguments: Any) -> _T | None:
        """Return the result of *function*, or None after an exception, which is kept."""
        try:
            return function(*arguments)
        except Exception as bug:  # noqa: BLE001 - raised by idle and stop
            self._keep(bug)
            return None

    def _keep(self, bug: BaseException) -> None:
        self._bugs.append(bug)
        _log.error("a bug in a delivery", exc_info=bug)


def _of_different_deliveries(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """Split attempts into groups; in a group, no attempt depends on the record of another."""
    group: list[Key] = []
    deliveries: set[tuple[int, int]] = set()
    for key in keys:
        delivery = key[:2]
        if delivery in deliveries:
            yield group
            group, deliveries = [], set()
        group.append(key)
        deliveries.add(delivery)
    if group:
        yield group
