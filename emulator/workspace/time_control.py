"""The calls that set a workspace's clock, advance it, and wait until deliveries are settled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator import durations
from emulator.clock import Mode, checked, later
from emulator.errors import ConflictError, InvalidInputError
from emulator.workspace.engine_calls import EngineCalls
from emulator.workspace.entry_data import ClockMoved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.clock import Timeline
    from emulator.journal.entry import Entry
    from emulator.workspace.engine import Engine


class TimeControl(EngineCalls):
    """The part of `Workspace` that controls its clock."""

    @property
    def next_due(self) -> datetime | None:
        """When the next timer is due, in the workspace's time; None if no timer is set."""
        return self._engine.timeline.next_at()

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is under way and no attempt waits to start."""
        return self._engine.queue.is_idle

    def set_clock(self, mode: Mode, now: datetime | None = None) -> None:
        """Set the mode of the clock and, if it is virtual, its time.

        Args:
            mode: ``real`` or ``virtual``.
            now: the time of a virtual clock. By default, the current time; in a new workspace
                with a real clock, the start in its settings.

        Raises:
            InvalidInputError: the time is not in UTC, or the clock is real.
            ConflictError: the clock would go back while timers are set, or skip a timer, which
                `advance` runs.
        """
        engine = self._engine
        if mode == "real":
            if now is not None:
                message = "a real clock takes no 'now'; only a virtual clock can be set"
                raise InvalidInputError(message, path="$.now")
            now = datetime.now(UTC)
        else:
            is_blank = not (self.state.assessments or self.state.deliveries)
            is_fresh = is_blank and engine.timeline.mode == "real"
            if now is None and not is_fresh:
                now = self.now()  # no jump; the real clock may go on before it could be checked
            else:
                now = checked(now or self.state.settings.now)
                check_jump(engine.timeline, now)
        engine.timeline.mode = mode
        engine.timeline.move_to(now)
        engine.commit([("clock.set", ClockMoved(mode, now))])
        engine.arm()

    async def advance(self, seconds: float) -> Sequence[Entry]:
        """Advance a virtual clock, and run each timer that becomes due, in order.

        Returns when every delivery that became due was attempted. The time never changes while an
        attempt is under way.

        Args:
            seconds: seconds of the workspace's time.

        Returns:
            The journal entries of everything that happened, which are read when they are needed.

        Raises:
            ConflictError: the clock is real.
            InvalidInputError: negative, or beyond the range of the clock.
        """
        engine = self._engine
        _check_virtual(engine)
        _target(engine, seconds)
        seen = engine.journal.last(engine.name)
        async with engine.advancing:
            timeline = engine.timeline
            target = _target(engine, seconds)
            await engine.attempts.idle()
            while (at := _next(engine, timeline, target)) is not None:
                timeline.move_to(max(at, engine.now()))
                engine.run_due()
                await engine.attempts.idle()
            if timeline is engine.timeline:  # the workspace was not reset meanwhile
                timeline.move_to(target)
                engine.commit([("clock.moved", ClockMoved("virtual", target))])
        return engine.journal.since(engine.name, seen)

    async def advance_to_next(self, limit: datetime) -> bool:
        """Advance a virtual clock to the next timer that is due by *limit*, and run it.

        Returns:
            False if no timer is due by then.

        Raises:
            ConflictError: the clock is real.
        """
        _check_virtual(self._engine)
        at = self.next_due
        if at is None or at > limit:
            return False
        await self.advance(max(0.0, (at - self.now()).total_seconds()))
        return True

    async def settle(self, timeout: float | None = None) -> bool:
        """Wait until no attempt is under way and no attempt is due.

        Args:
            timeout: real seconds; None sets no limit.

        Returns:
            Whether the workspace settled in time.
        """
        engine = self._engine
        try:
            async with asyncio.timeout(timeout):
                await engine.attempts.idle()
                while engine.release_held():
                    await engine.attempts.idle()
                await engine.journal.flush()
        except TimeoutError:
            return False
        return True


def check_jump(timeline: Timeline, now: datetime) -> None:
    """Check that a virtual clock can be set to *now*.

    Raises:
        ConflictError: the clock would go back while timers are set, or skip a timer.
    """
    if now < timeline.now() and len(timeline):
        message = "the clock can't go back while timers are set; reset first"
        raise ConflictError(message)
    due = timeline.next_at()
    if due is not None and timeline.now() < due <= now:
        message = f"something is due at {durations.instant(due)}; advance the clock there"
        raise ConflictError(message)


def _next(engine: Engine, timeline: Timeline, target: datetime) -> datetime | None:
    """Return when the next timer is due by *target*; without a timer, release held attempts."""
    at = timeline.next_at()
    if at is not None and at <= target:
        return at
    return engine.now() if engine.release_held() else None


def _target(engine: Engine, seconds: float) -> datetime:
    if not 0 <= seconds <= durations.LONGEST:
        message = f"can't advance by {seconds} s; expected 0 s to 3650 days"
        raise InvalidInputError(message, path="$.by")
    return checked(later(engine.now(), seconds))


def _check_virtual(engine: Engine) -> None:
    if engine.timeline.mode != "virtual":
        message = "the clock is real; set it to virtual before you advance it"
        raise ConflictError(message)
