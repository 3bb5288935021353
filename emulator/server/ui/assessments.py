"""Assessments: create, edit, and the commands legal now."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from emulator.domain.assessment import LIFECYCLE
from emulator.domain.commands import COMMANDS, moving
from emulator.server.json_views import assessment_view
from emulator.server.ui.form_fields import fields_of, values_of
from emulator.server.ui.frame import form, show, workspace_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.domain.assessment import Assessment
    from emulator.domain.commands import Command
    from emulator.server.html import Form
    from emulator.workspace.workspace import Workspace

_SECTION = "assessments"
_MOST = 200
_CREATE = fields_of(COMMANDS["create_assessment"].details)


async def index(request: Request) -> Response:
    """Show the newest assessments, and the form that creates one."""
    state = workspace_of(request).state
    return show(
        request,
        "assessments",
        _SECTION,
        rows=[
            (one, state.counts[one.id].total() if one.id in state.counts else 0, _commands(one))
            for one in islice(reversed(state.assessments.values()), _MOST)
        ],
        total=len(state.assessments),
        fields=_CREATE,
    )


async def read(request: Request) -> Response:
    """Show one assessment with its legal commands."""
    assessment = workspace_of(request).state.assessment(request.path_params["id"])
    return show(
        request,
        "assessment",
        _SECTION,
        assessment=assessment,
        view=assessment_view(assessment),
        commands=[(command, fields_of(command.details)) for command in _commands(assessment)],
    )


@form(index)
async def create(_: Request, workspace: Workspace, given: Form) -> str:
    """Create an assessment."""
    workspace.do("create_assessment", **values_of(given, _CREATE))
    return _SECTION


@form(read)
async def move(request: Request, workspace: Workspace, given: Form) -> str:
    """Do a command of the assessment's lifecycle."""
    id_, command = request.path_params["id"], moving("assessment", request.path_params["command"])
    details = values_of(given, fields_of(command.details), f"{command.verb}-")
    workspace.do(command.name, id_, **details)
    return _SECTION if given.get("back") == "list" else f"assessments/{id_}"


def _commands(assessment: Assessment) -> list[Command]:
    """Return the legal commands; an invitation has its own form."""
    legal = LIFECYCLE.legal(assessment.state)
    return [moving("assessment", verb) for verb in legal if verb != "invite"]
