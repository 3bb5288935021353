"""Steps that let time pass."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from emulator.errors import ConflictError
from emulator.scenario.steps.step import RunContext, Step
from emulator.scenario.value_types import Duration, Instant

if TYPE_CHECKING:
    from emulator.scenario.dry_run import DryRun
    from emulator.workspace.state import State


class WaitStep(Step, frozen=True):
    """Wait; everything that becomes due happens. A virtual clock takes no real time."""

    example: ClassVar[str] = "wait: 2h"
    bare: ClassVar[str | None] = "duration"
    is_settling: ClassVar[bool] = True
    passes_time: ClassVar[bool] = True
    changes: ClassVar[dict[str, str]] = {}

    duration: Duration

    async def run(self, context: RunContext) -> None:
        """Advance a virtual clock, or wait."""
        if context.workspace.state.settings.clock == "virtual":
            await context.workspace.advance(self.duration)
        else:
            await asyncio.sleep(self.duration)

    def dry_run(self, dry_run: DryRun) -> None:
        """Let the same time pass."""
        dry_run.pass_time(self.duration, self.duration)


class SetClockStep(Step, frozen=True):
    """Set the virtual clock: forward, as `wait` does, or back before the first event."""

    example: ClassVar[str] = "set_clock: 2026-03-01T09:00:00Z"
    bare: ClassVar[str | None] = "now"
    is_settling: ClassVar[bool] = True
    passes_time: ClassVar[bool] = True
    changes: ClassVar[dict[str, str]] = {}

    now: Instant

    async def run(self, context: RunContext) -> None:
        """Advance to the time, or set the clock back."""
        workspace = context.workspace
        _check_virtual(workspace.state)
        behind = (workspace.now() - self.now).total_seconds()
        if behind > 0:
            workspace.set_clock("virtual", self.now)
        else:
            await workspace.advance(-behind)

    def dry_run(self, dry_run: DryRun) -> None:
        """Set the clock."""
        _check_virtual(dry_run.state)
        dry_run.set_clock(self.now)


def _check_virtual(state: State) -> None:
    if state.settings.clock != "virtual":
        message = "the clock is real; only a virtual clock can be set"
        raise ConflictError(message)
