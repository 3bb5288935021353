"""The flow of a workspace: records into the journal, through the fold, and what follows.

It owns the state, the timeline and the outbox. Pure functions give records, the journal
takes them, the fold applies them, and what follows from the entries is set: deliveries that are
due, timers. There is no other way to change a workspace.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from emulator import durations
from emulator.clock import Mode, Timeline, checked, later
from emulator.delivery.records import Finished, Message, RedeliveryAsked
from emulator.domain.ids import chance
from emulator.domain.people import organisation
from emulator.errors import ConflictError, InvalidInputError
from emulator.workspace import fold
from emulator.workspace.commands.candidates import move_candidate
from emulator.workspace.commands.webhooks import check_secrets
from emulator.workspace.messages import messages
from emulator.workspace.outbox import Outbox, drops
from emulator.workspace.records import CandidateChanged, ClockMoved, Configured, Opened, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from emulator.clock import TimerKey
    from emulator.contracts.schemas import Contracts
    from emulator.delivery.records import Key, Transport
    from emulator.domain.candidate import Candidate
    from emulator.journal.entry import Entry
    from emulator.journal.journal import Journal
    from emulator.workspace.commands.change import Change, Record
    from emulator.workspace.state import State

# Ranks of timers at one instant: a candidate moves before a delivery is tried again.
_CANDIDATE, _ATTEMPT = 1, 2

_REPLAYED_AT_ONCE = 1_000  # entries, some ten milliseconds' worth


class Flow:
    """One tenant's state and everything that moves it.

    Args:
        name: of the workspace.
        journal: where its entries go.
        contracts: what its payloads have to fit.
        transport: carries its deliveries.
        settings: its own; the emulator's unless somebody said otherwise.
        in_flight: attempts under way at once; 1 is lockstep.
        per_webhook: of these, how many to one webhook.
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
        self._journal = journal
        self._contracts = contracts
        self._timeline = Timeline(settings.clock, settings.now)
        self._outbox = Outbox(
            self,
            transport,
            in_flight=in_flight,
            per_webhook=per_webhook,
            is_durable=journal.is_durable,
            seed=settings.seed,
        )
        self._dispatcher = self._outbox.dispatcher
        self._follows: Mapping[type[msgspec.Struct], Callable[[Any], None]] = {
            Message: self._outbox.take,
            Finished: self._outbox.follow,
            RedeliveryAsked: self._outbox.redeliver,
            CandidateChanged: lambda changed: self._follow_candidate(changed.candidate),
        }
        self._advancing = asyncio.Lock()
        self._alarm: asyncio.TimerHandle | None = None
        first = next(journal.entries(name), None)
        if first is None:
            opened = ("workspace.opened", self._opened(settings))
            (first,) = journal.append(name, self.now(), [opened])
        self.state: State = fold.opened(first)

    # --- replay -------------------------------------------------------------------------------

    async def replay(self) -> None:
        """Bring a workspace back from its journal, and go on where it stood.

        The event loop gets its turn all the while. An attempt whose end is not in the journal
        is noted as interrupted, and the delivery is tried again: at least once.
        """
        for count, entry in enumerate(self._journal.entries(self.name, after=1)):
            fold.apply(self.state, entry)
            if count % _REPLAYED_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._timeline = Timeline(self.state.settings.clock, self.state.now)
        for candidate in self.state.candidates.values():
            self._follow_candidate(candidate)
        for key in list(self.state.by_status.get("pending", ())):
            self._outbox.resume(*key)
        self._arm()

    # --- the workspace itself ---------------------------------------------------------------

    def configure(self, settings: Settings) -> None:
        """Set seed, generation and profile from now on; the clock has `set_clock`."""
        settings = msgspec.structs.replace(settings, clock=self._timeline.mode)
        check_secrets(self.state, settings)
        self.commit([("workspace.configured", Configured(settings))])

    def reset(self) -> None:
        """Be as new: same settings, nothing else; what is pending is dropped, and says so."""
        self.commit(drops(self.state, "reset"))
        self._outbox.abandon()
        self._timeline.clear()
        settings = self.state.settings
        self._timeline = Timeline(settings.clock, settings.now)
        self.commit([("workspace.reset", self._opened(settings))])
        self._arm()

    async def close(self, grace: float, reason: str = "shutdown") -> None:
        """Let what is under way end, drop the rest, stop all timers.

        With a journal on disk, a shutdown drops nothing: what is pending goes on at the next
        start.

        Args:
            grace: how long to wait, in real seconds.
            reason: why the rest is dropped.
        """
        try:
            await self._dispatcher.stop(grace)
            await self._outbox.close()
        finally:
            self._timeline.clear()
            self._arm()
            if not self._journal.is_durable or reason != "shutdown":
                self.commit(drops(self.state, reason))
            await self._journal.flush()

    def _opened(self, settings: Settings) -> Opened:
        return Opened(settings, organisation(chance(settings.seed, "organisation", 0), self.now()))

    # --- time -------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the workspace's time."""
        return self._timeline.now()

    def set_clock(self, mode: Mode, now: datetime | None = None) -> None:
        """Set the clock's mode and, when virtual, where it stands.

        Left out, *now* is the present, or the settings' own start while nothing happened yet.

        Raises:
            InvalidInputError: a time that is not in UTC, or one for a real clock.
            ConflictError: a virtual clock set back, or past something that is due, while
                timers stand on it; `advance` runs them.
        """
        if mode == "real":
            if now is not None:
                message = "a real clock takes no 'now'; only a virtual one can be set"
                raise InvalidInputError(message, path="$.now")
            now = datetime.now(UTC)
        else:
            is_blank = not (self.state.assessments or self.state.deliveries)
            is_fresh = is_blank and self._timeline.mode == "real"
            now = checked(now or (self.state.settings.now if is_fresh else self.now()))
            self._check_jump(now)
        self._timeline.mode = mode
        self._timeline.move_to(now)
        self.commit([("clock.set", ClockMoved(mode, now))])
        self._arm()

    def _check_jump(self, now: datetime) -> None:
        if now < self.now() and len(self._timeline):
            message = "the clock can't go back while something waits on it; reset first"
            raise ConflictError(message)
        due = self._timeline.next_at()
        if due is not None and self.now() < due <= now:
            message = f"something is due at {durations.instant(due)}; advance the clock there"
            raise ConflictError(message)

    async def advance(self, seconds: float) -> list[Entry]:
        """Move a virtual clock on, running each due timer in order.

        Returns once nothing due is left: every delivery that became due was attempted. Time
        never moves while an attempt is in flight.

        Args:
            seconds: of the workspace's time.

        Returns:
            The entries of what happened.

        Raises:
            ConflictError: the clock is real.
            InvalidInputError: back in time, or beyond where a clock can stand.
        """
        self._check_virtual()
        self._target(seconds)
        seen = self._journal.last(self.name)
        async with self._advancing:
            timeline = self._timeline
            target = self._target(seconds)
            await self._dispatcher.idle()
            while (at := self._next(timeline, target)) is not None:
                timeline.move_to(max(at, self.now()))
                self._run_due()
                await self._dispatcher.idle()
            if timeline is self._timeline:  # not reset meanwhile
                timeline.move_to(target)
                self.commit([("clock.moved", ClockMoved("virtual", target))])
        return list(self._journal.entries(self.name, seen))

    def _next(self, timeline: Timeline, target: datetime) -> datetime | None:
        """Return when the next timer is due by *target*; what is held goes before there is none."""
        at = timeline.next_at()
        if at is not None and at <= target:
            return at
        return self.now() if self._outbox.release() else None

    async def advance_to_next(self, limit: datetime) -> bool:
        """Move a virtual clock to the next timer that is due by *limit*, and let it play out.

        Returns:
            False when there is none.

        Raises:
            ConflictError: the clock is real.
        """
        self._check_virtual()
        at = self._timeline.next_at()
        if at is None or at > limit:
            return False
        await self.advance(max(0.0, (at - self.now()).total_seconds()))
        return True

    async def settle(self, timeout: float | None = None) -> bool:
        """Return once nothing is in flight and nothing is due now.

        Args:
            timeout: real seconds; None waits as long as it takes.

        Returns:
            Whether it came to that in time.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._dispatcher.idle()
                while self._outbox.release():
                    await self._dispatcher.idle()
                await self._journal.flush()
        except TimeoutError:
            return False
        return True

    @contextmanager
    def out_of_lockstep(self, in_flight: int, per_webhook: int) -> Iterator[None]:
        """Have several attempts under way at once, for as long as this is entered.

        Args:
            in_flight: how many in all; *per_webhook* of them to one webhook.
        """
        before = self._dispatcher.set_limits(in_flight=in_flight, per_webhook=per_webhook)
        try:
            yield
        finally:
            self._dispatcher.set_limits(in_flight=before[0], per_webhook=before[1])

    def _target(self, seconds: float) -> datetime:
        if not 0 <= seconds <= durations.LONGEST:
            message = f"can't advance by {seconds} s; expected 0 s to 3650 days"
            raise InvalidInputError(message, path="$.by")
        return checked(later(self.now(), seconds))

    def _check_virtual(self) -> None:
        if self._timeline.mode != "virtual":
            message = "the clock is real; set it to virtual before you advance it"
            raise ConflictError(message)

    def _run_due(self) -> None:
        while (key := self._timeline.pop_due()) is not None:
            rank, *numbers = key
            if rank == _ATTEMPT:
                message, webhook, attempt = numbers
                self._outbox.due((message, webhook, attempt))
            else:
                self._fall_due(numbers[0])

    def _fall_due(self, number: int) -> None:
        candidate = self.state.candidates[self.state.candidate_numbers[number]]
        assert candidate.falls_due is not None  # noqa: S101 - a command that changes it moves the timer
        command, _ = candidate.falls_due
        self._tell(move_candidate(self.state, self.now(), candidate.id, command))

    def _arm(self) -> None:
        """Have the event loop wake us when the next timer of a real clock is due."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        at = self._timeline.next_at()
        if self._timeline.mode == "real" and at is not None:
            delay = max(0.0, (at - datetime.now(UTC)).total_seconds())
            # An event loop's longest sleep is bounded; a later look costs nothing.
            delay = min(delay, 3_600.0)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._run_due()
        self._arm()

    # --- the one way in ---------------------------------------------------------------------

    def _tell(self, change: Change) -> None:
        """Commit a command and the messages that it causes, all together."""
        told = messages(self.state, change.occurrence, self._contracts) if change.occurrence else []
        self.commit([*change.records, *told])

    def commit(self, records: Sequence[Record]) -> None:
        """Append *records*, apply them, and set what follows: what is due, and timers."""
        entries = self._journal.append(self.name, self._timeline.now(), records)
        for entry in entries:
            fold.apply(self.state, entry)
        follows = self._follows
        for entry in entries:
            follow = follows.get(type(entry.data))
            if follow is not None:
                follow(entry.data)

    def _follow_candidate(self, candidate: Candidate) -> None:
        key = (_CANDIDATE, candidate.number, 0, 0)
        if candidate.falls_due is not None:
            _, at = candidate.falls_due
            self._set_timer(key, at)
        else:
            self._timeline.cancel(key)

    def wake_at(self, key: Key, due: datetime) -> None:
        """Have the outbox make an attempt when it is due."""
        self._set_timer((_ATTEMPT, *key), due)

    def _set_timer(self, key: TimerKey, at: datetime) -> None:
        earliest = self._timeline.next_at()
        self._timeline.set_timer(key, at)
        if self._timeline.mode == "real" and (earliest is None or at < earliest):
            self._arm()

    # --- the journal ---------------------------------------------------------------------------

    async def flush(self) -> None:
        """Return once all that the workspace was told is as safe as its store can make it."""
        await self._journal.flush()

    @property
    def last_entry(self) -> int:
        """The number of the newest entry."""
        return self._journal.last(self.name)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal's entries whose number is above *after*."""
        return self._journal.entries(self.name, after)
