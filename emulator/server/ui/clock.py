"""Time: the clock of a workspace, how it is moved, and the next timers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import durations
from emulator.clock import LATEST, Mode
from emulator.server.http import emulator_of
from emulator.server.ui.frame import form, show, workspace_of
from emulator.workspace.due import due

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.server.html import Form
    from emulator.workspace.workspace import Workspace

_SECTION = "time"
_MOST = 50


async def index(request: Request) -> Response:
    """Show the clock and the next timers."""
    workspace = workspace_of(request)
    return show(
        request,
        "time",
        _SECTION,
        due=due(workspace.state, _MOST),
        next_due=workspace.next_due,
        candidates=workspace.state.candidates,
    )


@form(index)
async def advance(request: Request, workspace: Workspace, given: Form) -> str:
    """Move a virtual clock on."""
    async with emulator_of(request).unless_stopping():
        await workspace.advance(durations.parse(given.get("by", "")))
    return _SECTION


@form(index)
async def advance_to_next(request: Request, workspace: Workspace, _: Form) -> str:
    """Move a virtual clock to the next timer."""
    async with emulator_of(request).unless_stopping():
        await workspace.advance_to_next(LATEST)
    return _SECTION


@form(index)
async def set_clock(_: Request, workspace: Workspace, given: Form) -> str:
    """Set the mode of the clock and, when it is virtual, its time."""
    now = given.get("now", "").strip()
    mode: Mode = "virtual" if given.get("mode") == "virtual" else "real"
    workspace.set_clock(mode, durations.parse_instant(now) if now else None)
    return _SECTION
