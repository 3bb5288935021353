"""Workspaces: chosen, made, reset and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.errors import ConflictError, InvalidInputError
from emulator.server.http import emulator_of
from emulator.server.json_views import workspace_view
from emulator.server.ui.frame import form, show, workspace_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.clock import Mode
    from emulator.domain.events import Generation
    from emulator.server.html import Form
    from emulator.workspace.workspace import Workspace

_SECTION = "workspaces"


async def index(request: Request) -> Response:
    """Show the open workspaces, and the form that makes one."""
    found = emulator_of(request).workspaces.values()
    return show(request, "workspaces", _SECTION, views=[workspace_view(one) for one in found])


async def ask_reset(request: Request) -> Response:
    """Ask whether the workspace is to be reset."""
    view = workspace_view(workspace_of(request))
    return show(request, "workspace_reset", _SECTION, view=view)


@form(index)
async def create(request: Request, _: Workspace, given: Form) -> str:
    """Open a workspace, and show it."""
    emulator, name = emulator_of(request), given.get("name", "").strip()
    if name in emulator.workspaces:
        message = f"workspace {name!r} is already open"
        raise ConflictError(message)
    seed = given.get("seed", "").strip()
    if seed and not (seed.isascii() and seed.isdecimal() and int(seed) < 2**63):
        message = f"not a seed: {seed[:40]!r}; expected a whole number from 0"
        raise InvalidInputError(message)
    clock: Mode = "virtual" if given.get("clock") == "virtual" else "real"
    generation: Generation = "v2" if given.get("generation") == "v2" else "v1"
    settings = emulator.settings_of(name)
    settings = msgspec.structs.replace(
        settings, clock=clock, generation=generation, seed=int(seed) if seed else settings.seed
    )
    made = emulator.workspace(name, settings)
    return f"../{made.name}/webhooks"


@form(ask_reset)
async def reset(_: Request, workspace: Workspace, __: Form) -> str:
    """Make a workspace as new."""
    workspace.reset()
    return "webhooks"
