"""Assessments and candidates over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Message, Refused
from emulator.durations import parse_instant
from emulator.server.control.workspaces import workspace_of
from emulator.server.views import (
    View,
    assessment_view,
    candidate_view,
    refused_view,
)
from emulator.server.web import body_as, json, known_query, number
from emulator.workspace import views

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.workspace.workspace import Workspace

_LIMIT = 1_000


class _Assessment(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    title: str | None = None
    invitation_email_link_validity: int | None = None


class _Invite(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    assessment_id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    scheduled_date: str | None = None


async def list_assessments(request: Request) -> Response:
    """List assessments, oldest first."""
    workspace = workspace_of(request)
    known_query(request, "limit", "skip")
    return _page(request, [assessment_view(a) for a in workspace.state.assessments.values()])


async def create_assessment(request: Request) -> Response:
    """Make a draft: 201."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Assessment)
    before = workspace.last_entry
    made = workspace.create_assessment(
        title=asked.title, validity_days=asked.invitation_email_link_validity
    )
    return await _answer(workspace, before, assessment_view(made), 201)


async def read_assessment(request: Request) -> Response:
    """Show one assessment."""
    workspace = workspace_of(request)
    return json(assessment_view(workspace.state.assessment(request.path_params["id"])))


async def move_assessment(request: Request) -> Response:
    """Do a command of the assessment's table."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Assessment)
    before = workspace.last_entry
    moved = workspace.move_assessment(
        request.path_params["id"],
        request.path_params["command"],
        title=asked.title,
        validity_days=asked.invitation_email_link_validity,
    )
    return await _answer(workspace, before, assessment_view(moved))


async def list_candidates(request: Request) -> Response:
    """List candidates in the order of their invitations."""
    workspace = workspace_of(request)
    known_query(request, "limit", "skip", "assessment", "candidate")
    query = request.query_params
    found = views.candidates(
        workspace.state, assessment=query.get("assessment"), candidate=query.get("candidate")
    )
    return _page(request, [candidate_view(one) for one in found])


async def invite(request: Request) -> Response:
    """Invite somebody: 201."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Invite)
    date = asked.scheduled_date
    scheduled = None if date is None else parse_instant(date, path="$.scheduledDate")
    before = workspace.last_entry
    invited = workspace.invite(
        asked.assessment_id,
        email=asked.email,
        first_name=asked.first_name,
        last_name=asked.last_name,
        scheduled_date=scheduled,
    )
    return await _answer(workspace, before, candidate_view(invited), 201)


async def read_candidate(request: Request) -> Response:
    """Show one candidate."""
    workspace = workspace_of(request)
    return json(candidate_view(workspace.state.candidate(request.path_params["id"])))


async def move_candidate(request: Request) -> Response:
    """Do a command of the candidate's table; the body has its details."""
    workspace = workspace_of(request)
    details = await body_as(request, dict[str, Any])
    before = workspace.last_entry
    moved = workspace.move_candidate(
        request.path_params["id"], request.path_params["command"], **details
    )
    return await _answer(workspace, before, candidate_view(moved))


def _page(request: Request, rows: list[View]) -> Response:
    limit, skip = number(request, "limit", _LIMIT, 1), number(request, "skip", 0, 0)
    return json({"data": rows[skip : skip + limit], "total": len(rows)})


async def _answer(workspace: Workspace, before: int, view: View, status: int = 200) -> Response:
    """Answer with the record, and with the messages that the command caused or refused."""
    caused = [entry.data for entry in workspace.entries(before)]
    view["messages"] = [
        {
            "id": one.id,
            "event": one.event,
            "deliveries": [f"{one.number}-{webhook}" for webhook in one.webhooks],
        }
        for one in caused
        if isinstance(one, Message)
    ]
    view["refused"] = [refused_view(one) for one in caused if isinstance(one, Refused)]
    await workspace.flush()
    return json(view, status)
