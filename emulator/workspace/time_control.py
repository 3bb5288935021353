"""Moves a workspace's clock: sets it, advances it timer by timer, waits until settled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator import durations
from emulator.clock import Mode, checked, later
from emulator.errors import ConflictError, InvalidInputError
from emulator.workspace.entry_data import ClockMoved

if TYPE_CHECKING:
    from emulator.clock import Timeline
    from emulator.journal.entry import Entry
    from emulator.workspace.engine import Engine


def set_clock(engine: Engine, mode: Mode, now: datetime | None = None) -> None:
    """Set the clock's mode and, when it is virtual, its time; see `Workspace.set_clock`."""
    if mode == "real":
        if now is not None:
            message = "a real clock takes no 'now'; only a virtual one can be set"
            raise InvalidInputError(message, path="$.now")
        now = datetime.now(UTC)
    else:
        state = engine.state
        is_blank = not (state.assessments or state.deliveries)
        is_fresh = is_blank and engine.timeline.mode == "real"
        now = checked(now or (state.settings.now if is_fresh else engine.now()))
        _check_jump(engine, now)
    engine.timeline.mode = mode
    engine.timeline.move_to(now)
    engine.commit([("clock.set", ClockMoved(mode, now))])
    engine.arm()


def _check_jump(engine: Engine, now: datetime) -> None:
    timeline = engine.timeline
    if now < timeline.now() and len(timeline):
        message = "the clock can't go back while something waits on it; reset first"
        raise ConflictError(message)
    due = timeline.next_at()
    if due is not None and timeline.now() < due <= now:
        message = f"something is due at {durations.instant(due)}; advance the clock there"
        raise ConflictError(message)


async def advance(engine: Engine, seconds: float) -> list[Entry]:
    """Move a virtual clock on, running each due timer in order; see `Workspace.advance`."""
    _check_virtual(engine)
    _target(engine, seconds)
    seen = engine.journal.last(engine.name)
    async with engine.advancing:
        timeline = engine.timeline
        target = _target(engine, seconds)
        await engine.idle()
        while (at := _next(engine, timeline, target)) is not None:
            timeline.move_to(max(at, engine.now()))
            engine.run_due()
            await engine.idle()
        if timeline is engine.timeline:  # not reset meanwhile
            timeline.move_to(target)
            engine.commit([("clock.moved", ClockMoved("virtual", target))])
    return list(engine.journal.entries(engine.name, seen))


def _next(engine: Engine, timeline: Timeline, target: datetime) -> datetime | None:
    """Return when the next timer is due by *target*; without one, held attempts go now."""
    at = timeline.next_at()
    if at is not None and at <= target:
        return at
    return engine.now() if engine.release_held() else None


async def advance_to_next(engine: Engine, limit: datetime) -> bool:
    """Move a virtual clock to the next timer; see `Workspace.advance_to_next`."""
    _check_virtual(engine)
    at = engine.timeline.next_at()
    if at is None or at > limit:
        return False
    await advance(engine, max(0.0, (at - engine.now()).total_seconds()))
    return True


async def settle(engine: Engine, timeout: float | None) -> bool:
    """Return once nothing is in flight and nothing is due now; see `Workspace.settle`."""
    try:
        async with asyncio.timeout(timeout):
            await engine.idle()
            while engine.release_held():
                await engine.idle()
            await engine.journal.flush()
    except TimeoutError:
        return False
    return True


def _target(engine: Engine, seconds: float) -> datetime:
    if not 0 <= seconds <= durations.LONGEST:
        message = f"can't advance by {seconds} s; expected 0 s to 3650 days"
        raise InvalidInputError(message, path="$.by")
    return checked(later(engine.now(), seconds))


def _check_virtual(engine: Engine) -> None:
    if engine.timeline.mode != "virtual":
        message = "the clock is real; set it to virtual before you advance it"
        raise ConflictError(message)
