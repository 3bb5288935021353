"""Assessments and candidates over the control API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.commands import COMMANDS, WIRE_NAMES, moving
from emulator.durations import parse_instant
from emulator.server.control.workspaces import workspace_of
from emulator.server.http import body_as, json, known_query, number
from emulator.server.json_views import (
    View,
    assessment_view,
    candidate_view,
    refused_view,
)
from emulator.workspace import queries

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.delivery.records import Message
    from emulator.domain.commands import Command

_LIMIT = 1_000


def _wire(command: Command) -> type[msgspec.Struct]:
    """Return the record of a command's details as the body has them: camelCase, times as text."""
    fields = [
        (field.name, str | None if field.type == datetime | None else field.type, field.default)
        for field in msgspec.structs.fields(command.details)
    ]
    return msgspec.defstruct(command.name, fields, rename=_key, forbid_unknown_fields=True)


def _key(name: str) -> str:
    first, *rest = name.split("_")
    return WIRE_NAMES.get(name) or first + "".join(word.title() for word in rest)


_WIRE = {name: _wire(command) for name, command in COMMANDS.items()}
"""Name of a command -> the record of its details in the body of a call."""


async def list_assessments(request: Request) -> Response:
    """List assessments, oldest first."""
    workspace = workspace_of(request)
    known_query(request, "limit", "skip")
    return _page(request, [assessment_view(a) for a in workspace.state.assessments.values()])


async def create_assessment(request: Request) -> Response:
    """Create a draft: 201."""
    return await _do(request, COMMANDS["create_assessment"], 201)


async def read_assessment(request: Request) -> Response:
    """Show one assessment."""
    workspace = workspace_of(request)
    return json(assessment_view(workspace.state.assessment(request.path_params["id"])))


async def move_assessment(request: Request) -> Response:
    """Do a command of the assessment's lifecycle; the body has its details."""
    return await _do(request, moving("assessment", request.path_params["command"]))


async def list_candidates(request: Request) -> Response:
    """List candidates in the order of their invitations."""
    workspace = workspace_of(request)
    known_query(request, "limit", "skip", "assessment", "candidate")
    query = request.query_params
    found = queries.candidates(
        workspace.state, assessment=query.get("assessment"), candidate=query.get("candidate")
    )
    return _page(request, [candidate_view(one) for one in found])


async def invite(request: Request) -> Response:
    """Invite a candidate: 201."""
    return await _do(request, COMMANDS["invite"], 201)


async def read_candidate(request: Request) -> Response:
    """Show one candidate."""
    workspace = workspace_of(request)
    return json(candidate_view(workspace.state.candidate(request.path_params["id"])))


async def move_candidate(request: Request) -> Response:
    """Do a command of the candidate's lifecycle; the body has its details."""
    return await _do(request, moving("candidate", request.path_params["command"]))


async def _do(request: Request, command: Command, status: int = 200) -> Response:
    """Do a command; answer with its subject, the messages that it caused, and those refused."""
    workspace = workspace_of(request)
    body = msgspec.structs.asdict(await body_as(request, _WIRE[command.name]))
    for field in msgspec.structs.fields(command.details):
        if field.type == datetime | None and body[field.name] is not None:
            body[field.name] = parse_instant(body[field.name], path=f"$.{_key(field.name)}")
    done = workspace.do(command.name, request.path_params.get("id", ""), **body)
    view = assessment_view if command.subject == "assessment" else candidate_view
    shown = {
        **view(done.subject),
        "messages": [_message_view(one) for one in done.messages],
        "refused": [refused_view(one) for one in done.refused],
    }
    await workspace.flush()
    return json(shown, status)


def _message_view(message: Message) -> View:
    deliveries = [f"{message.number}-{webhook}" for webhook in message.webhooks]
    return {"id": message.id, "event": message.event, "deliveries": deliveries}


def _page(request: Request, rows: list[View]) -> Response:
    limit, skip = number(request, "limit", _LIMIT, 1), number(request, "skip", 0, 0)
    return json({"data": rows[skip : skip + limit], "total": len(rows)})
