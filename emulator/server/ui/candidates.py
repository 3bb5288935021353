"""Candidates: a board by state, invitations, and one candidate with the commands legal now."""

from __future__ import annotations

import re
from email.utils import parseaddr
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from emulator.domain.assessment import ARCHIVED, DELETED
from emulator.domain.candidate import LIFECYCLE, OPEN_STATES
from emulator.domain.commands import COMMANDS, moving
from emulator.server.json_views import candidate_view
from emulator.server.ui.form_fields import fields_of, values_of
from emulator.server.ui.frame import form, show, workspace_of
from emulator.server.ui.live import Row, follow, row_html
from emulator.workspace import queries
from emulator.workspace.inbox import Filters, inbox, inbox_row

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.domain.candidate import Candidate
    from emulator.domain.commands import Command
    from emulator.server.html import Form
    from emulator.workspace.state import State
    from emulator.workspace.workspace import Workspace

_SECTION = "candidates"
_MOST = 200
_STATES = sorted(LIFECYCLE.states, key=lambda state: state not in OPEN_STATES)
_INVITE = fields_of(COMMANDS["invite"].details, but=("assessment_id",))


async def index(request: Request) -> Response:
    """Show the board, and the forms that invite."""
    workspace = workspace_of(request)
    state = workspace.state
    assessment = request.query_params.get("assessment") or None
    open_ones = [one for one in state.assessments.values() if one.state not in (ARCHIVED, DELETED)]
    query = urlencode({"assessment": assessment} if assessment else {})
    return show(
        request,
        "candidates",
        _SECTION,
        states=_STATES,
        cards=[(one, _commands(one)) for one in _newest(state, assessment)],
        total=len(state.candidates),
        assessment=assessment,
        assessments=list(state.assessments.values()),
        open_assessments=open_ones[::-1],
        fields=_INVITE,
        live=f"/ui/{workspace.name}/candidates/live?{query}",
        invited=getattr(request.state, "invited", None),
    )


async def live(request: Request) -> Response:
    """Stream the cards of the board as they change."""
    workspace = workspace_of(request)
    assessment = request.query_params.get("assessment") or None

    def rows() -> list[Row]:
        newest = _newest(workspace.state, assessment)
        return [Row(f"c{one.id}", f"in-{one.state}", one) for one in newest]

    def render(row: Row) -> str:
        return row_html("card", f"/ui/{workspace.name}", row.record, _commands(row.record))

    return follow(request, [f"in-{state}" for state in _STATES], rows, render)


async def read(request: Request) -> Response:
    """Show one candidate: facts, legal commands, and their messages in the order of time."""
    workspace = workspace_of(request)
    state = workspace.state
    candidate = state.candidate(request.path_params["id"])
    return show(
        request,
        "candidate",
        _SECTION,
        candidate=candidate,
        view=candidate_view(state, candidate),
        assessment=state.assessments.get(candidate.assessment_id),
        commands=[(command, fields_of(command.details)) for command in _commands(candidate)],
        rows=[inbox_row(state, message) for message in _messages(state, candidate)],
        live=f"/ui/{workspace.name}/candidates/{candidate.id}/live",
    )


async def timeline(request: Request) -> Response:
    """Stream the messages of one candidate as they change."""
    workspace = workspace_of(request)
    id_ = workspace.state.candidate(request.path_params["id"]).id

    def rows() -> list[Row]:
        candidate = workspace.state.candidates.get(id_)
        found = [] if candidate is None else _messages(workspace.state, candidate)
        return [Row(f"d{one.id}", "rows", one) for one in found]

    def render(row: Row) -> str:
        return row_html("delivery", f"/ui/{workspace.name}", inbox_row(workspace.state, row.record))

    return follow(request, ["rows"], rows, render)


@form(index)
async def invite(_: Request, workspace: Workspace, given: Form) -> str:
    """Invite one candidate."""
    details = values_of(given, _INVITE)
    workspace.do("invite", assessment_id=given.get("assessment_id", ""), **details)
    return _SECTION


@form(index)
async def invite_list(request: Request, workspace: Workspace, given: Form) -> str:
    """Invite all people of a pasted list; people who were not invited are named."""
    people = _people(given.get("people", ""))
    invited = workspace.invite_all(given.get("assessment_id", ""), people)
    request.state.invited = list(zip(people, invited, strict=True))
    return ""


@form(read)
async def move(request: Request, workspace: Workspace, given: Form) -> str:
    """Do a command of the candidate's lifecycle."""
    id_, command = request.path_params["id"], moving("candidate", request.path_params["command"])
    details = values_of(given, fields_of(command.details), f"{command.verb}-")
    workspace.do(command.name, id_, **details)
    return _SECTION if given.get("back") == "board" else f"candidates/{id_}"


def _newest(state: State, assessment: str | None) -> list[Candidate]:
    return list(islice(reversed(queries.candidates(state, assessment=assessment)), _MOST))


def _messages(state: State, candidate: Candidate) -> list[Any]:
    return inbox(state, Filters(candidate=candidate.id), _MOST)


def _commands(candidate: Candidate) -> list[Command]:
    return [moving("candidate", verb) for verb in LIFECYCLE.legal(candidate.state)]


def _people(text: str) -> list[dict[str, str]]:
    """Return the people of a pasted list: ``Ada Example <ada@example.com>`` or a table's rows."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, email = parseaddr(line) if line.endswith(">") else ("", "")
        cells = [email, *name.split(" ", 1)] if email else re.split(r"[,;\t]", line)
        person = zip(("email", "first_name", "last_name"), map(str.strip, cells), strict=False)
        found.append({name: value for name, value in person if value or name == "email"})
    return found
