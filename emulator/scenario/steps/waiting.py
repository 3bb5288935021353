"""Steps that let time pass."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from emulator.scenario.steps.step import Context, Step
from emulator.scenario.words import Duration


class Wait(Step, frozen=True):
    """Let time pass; what falls due meanwhile happens. On a virtual clock it costs nothing."""

    example: ClassVar[str] = "wait: 2h"
    bare: ClassVar[str | None] = "duration"

    duration: Duration

    async def run(self, context: Context) -> str:
        """Advance a virtual clock; wait on a real one."""
        if context.workspace.state.settings.clock == "virtual":
            await context.workspace.advance(self.duration)
        else:
            await asyncio.sleep(self.duration)
        return ""
