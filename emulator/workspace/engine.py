"""The engine of a workspace: commits records, applies them to the state, plans what follows.

It owns the state, the timeline, the queue of attempts and the attempts under way. Pure functions
return records. The engine appends them to the journal, applies them to the state, and plans
attempts and timers. A workspace is changed in no other way.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from emulator.clock import Timeline
from emulator.delivery.queue import AttemptQueue
from emulator.delivery.records import Finished, Message, Outcome, RedeliveryAsked
from emulator.delivery.transports.mounts import Mounts
from emulator.errors import NotFoundError, StoppingError
from emulator.workspace import fold, outbox
from emulator.workspace.alarm import Alarm
from emulator.workspace.attempts import Attempts
from emulator.workspace.commands.candidates import move_candidate
from emulator.workspace.commands.change import Change, Done, Record, done
from emulator.workspace.entry_data import CandidateChanged, Opened, Settings
from emulator.workspace.messages import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import msgspec

    from emulator.clock import TimerKey
    from emulator.contracts.validation import Contracts
    from emulator.delivery.fault_plan import FaultPlan
    from emulator.delivery.records import Delivery, Key, Transport
    from emulator.domain.candidate import Candidate
    from emulator.journal.entry import Entry
    from emulator.journal.journal import Journal
    from emulator.workspace.state import State

# Ranks of timers at the same instant: candidates move before deliveries are retried.
_CANDIDATE, _ATTEMPT = 1, 2

_RUN_AT_ONCE = 1_000  # timers

_REPLAYED_AT_ONCE = 1_000  # entries, about ten milliseconds of work


class Engine:
    """Executes everything that happens in one workspace.

    Args:
        name: name of the workspace.
        journal: stores its entries.
        contracts: the schemas of its payloads.
        transport: sends its deliveries over sockets.
        settings: settings of a new workspace; ignored if the journal has the workspace.
        in_flight: limit of concurrent attempts; 1 is lockstep.
        per_webhook: limit of concurrent attempts to one webhook.

    Attributes:
        state: the state at the end of the journal.
        timeline: the clock and its timers.
        queue: the due attempts.
        attempts: starts them and records their ends.
        mounts: applications in this process that receive deliveries.
        advancing: locked while the clock is advanced.
        is_stopped: the workspace is closed, or about to be.
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
        self._follows: Mapping[type[msgspec.Struct], Callable[[Any], None]] = {
            Message: self._take,
            Finished: lambda end: self._schedule_next(end.message, end.webhook, end),
            RedeliveryAsked: lambda asked: self._plan(
                (asked.message, asked.webhook, asked.attempt)
            ),
            CandidateChanged: lambda changed: self._follow_candidate(changed.candidate),
        }
        self._alarm = Alarm(self._ring)
        self.is_stopped, self._reason = False, ""
        first = next(journal.entries(name), None)
        if first is None:
            (first,) = journal.append(
                name, self.now(), [("workspace.opened", Opened.drawn(settings, self.now()))]
            )
        self.state: State = fold.opened(first)
        self.attempts = Attempts(
            self.state,
            self.queue,
            transport=self.mounts,
            flush=journal.flush if journal.is_durable else None,
            commit=self._commit,
            now=self.now,
        )

    # --- commits ------------------------------------------------------------------------------

    def do(self, change: Change) -> Done[Any]:
        """Commit a command with the messages that it causes."""
        return done(change, self.do_all((change,)))

    def do_all(self, changes: Sequence[Change]) -> list[Record]:
        """Commit several commands at once; returns the messages that they cause."""
        caused = messages(self.state, [one.occurrence for one in changes], self.contracts)
        self.commit([*(record for one in changes for record in one.records), *caused])
        return caused

    def commit(self, records: Sequence[Record]) -> None:
        """Append *records* to the journal, apply them, and plan their attempts and timers.

        Raises:
            NotFoundError: the workspace was removed in the meantime; nothing is written.
            StoppingError: the emulator is stopping.
        """
        if self.is_stopped:
            if self._reason == "shutdown":
                raise StoppingError
            message = f"workspace {self.name!r} is gone: {self._reason}"
            raise NotFoundError(message)
        self._commit(records, self.now())
        self.attempts.start_soon()

    def _commit(self, records: Sequence[Record], now: datetime) -> Sequence[Entry]:
        entries = self.journal.append(self.name, now, records)
        for entry in entries:
            fold.apply(self.state, entry)
        for entry in entries:
            if (follow := self._follows.get(type(entry.data))) is not None:
                follow(entry.data)
        return entries

    async def replay(self) -> None:
        """Restore the workspace from its journal, and continue with its deliveries.

        Other tasks of the event loop can run in the meantime. An attempt whose end is not in the
        journal ends as interrupted, and is made again (at-least-once delivery).
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
        self.attempts.start_soon()
        self.arm()

    def reset(self) -> None:
        """Start again with the same settings; pending deliveries are dropped, reason ``reset``."""
        self.commit(outbox.drops(self.state, "reset"))  # raises if the workspace was removed
        self.attempts.abandon()
        self.timeline.clear()
        settings = self.state.settings
        self.timeline = Timeline(settings.clock, settings.now)
        self.commit([("workspace.reset", Opened.drawn(settings, self.now()))])
        self.arm()

    async def close(self, grace: float, reason: str) -> None:
        """Wait for the attempts under way, drop other deliveries, and stop all timers.

        With a journal on disk, a shutdown drops nothing: pending deliveries continue at the next
        start.

        Args:
            grace: real seconds to wait.
            reason: why pending deliveries are dropped.

        Raises:
            Exception: the first bug that occurred in a delivery.
        """
        try:
            self.is_stopped, self._reason = True, reason
            await self.attempts.stop(grace)
        finally:
            await self.mounts.close()
            self.timeline.clear()
            self.arm()
            if not self.journal.is_durable or reason != "shutdown":
                self._commit(outbox.drops(self.state, reason), self.now())
            await self.journal.flush()

    # --- attempts -----------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        for webhook in message.webhooks:
            self._plan((message.number, webhook, 1), message.subject)

    def _schedule_next(self, message: int, webhook: int, after: Finished | Delivery) -> None:
        if after.next_due is not None and after.next_attempt is not None:
            self._schedule((message, webhook, after.next_attempt), after.next_due)

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
        """Plan a due attempt with the faults that apply to it, and add it to the queue."""
        plan = outbox.fault_plan_of(self.state, key, self.now()) if self.state.faults else None
        if plan is None:
            self.queue.offer(key, subject)
        else:
            self._commit(outbox.planned(key, plan), self.now())
            if not plan.drop:
                self._offer_planned(key, plan, subject)
        if plan is None or plan.hold is None:
            self.queue.planned(key)

    def _offer_planned(self, key: Key, plan: FaultPlan, subject: str) -> None:
        for planned in plan.planned:
            one = (planned.message, planned.webhook, planned.attempt)
            if plan.is_crowd:
                self.queue.crowd(one)
            if plan.hold is not None:
                self.queue.hold(one, plan.hold)
            elif planned.due > self.now():
                self._set_timer((_ATTEMPT, *one), planned.due)
            else:
                self.queue.offer(one, subject if one == key else "")

    def _resume(self, message: int, webhook: int) -> None:
        """Continue a pending delivery of the journal.

        An attempt that a reorder fault held back starts now, because the journal does not record
        which attempts have overtaken it.
        """
        delivery = self.state.deliveries[message, webhook]
        self._schedule_next(message, webhook, delivery)
        waiting, lost = outbox.unfinished(self.state, message, webhook)
        for number in waiting:
            key = (message, webhook, number)
            planned = self.state.planned.get(key)
            if planned is not None:
                self._schedule(key, planned.due)
            else:
                self._plan(key, delivery.message.subject if number == 1 else "")
        for number in lost:
            self.attempts.finish({(message, webhook, number): Outcome("interrupted")})

    def release_held(self) -> bool:
        """Release the attempts that reorder faults hold back; return whether there were any."""
        is_any = self.queue.release_held()
        self.attempts.start_soon()
        return is_any

    def is_held_back(self, key: Key) -> bool:
        """Return whether a fault delays an attempt or holds it back."""
        planned = self.state.planned.get(key)
        return planned is not None and (planned.due > self.now() or self.queue.is_held(key))

    def set_limits(self, *, in_flight: int, per_webhook: int) -> tuple[int, int]:
        """Set the limits of concurrent attempts, and return the previous limits."""
        before = self.queue.set_limits(in_flight=in_flight, per_webhook=per_webhook)
        self.attempts.start_soon()
        return before

    # --- timers -------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the workspace's time."""
        return self.timeline.now()

    def run_due(self) -> None:
        """Run the due timers, in the order of time and key, up to a limit.

        The other timers remain due, so that the messages of a thousand candidates who expire at
        one instant are sent before those of the next thousand are built.
        """
        for _ in range(_RUN_AT_ONCE):
            key = self.timeline.pop_due()
            if key is None:
                break
            rank, *numbers = key
            if rank == _ATTEMPT:
                message, webhook, attempt = numbers
                self._fall_due((message, webhook, attempt))
            else:
                self._move_due(numbers[0])
        self.attempts.start_soon()

    def _move_due(self, number: int) -> None:
        candidate = self.state.candidates[self.state.candidate_numbers[number]]
        assert candidate.falls_due is not None  # noqa: S101 - otherwise there is no timer
        command, _ = candidate.falls_due
        self.do(move_candidate(self.state, self.now(), candidate.id, command))

    def _follow_candidate(self, candidate: Candidate) -> None:
        key = (_CANDIDATE, candidate.number, 0, 0)
        if (due := candidate.falls_due) is not None:
            self._set_timer(key, due[1])
        else:
            self.timeline.cancel(key)

    def _set_timer(self, key: TimerKey, at: datetime) -> None:
        earliest = self.timeline.next_at()
        self.timeline.set_timer(key, at)
        if self.timeline.mode == "real" and (earliest is None or at < earliest):
            self.arm()

    def arm(self) -> None:
        """Set the alarm for the next timer of a real clock."""
        self._alarm.set(self.timeline)

    def _ring(self) -> None:
        self.run_due()
        self.arm()
