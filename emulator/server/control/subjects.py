"""Assessments and candidates over the control API; the routes of commands come from their table."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from emulator.decoding import arms
from emulator.domain.commands import COMMANDS, WIRE_NAMES, moving
from emulator.domain.events import SubjectKind
from emulator.durations import parse_instant
from emulator.server.control.operation import Asked, ControlOperation, Nothing, Page, Rows, rows
from emulator.server.field_types import Instant
from emulator.server.json_views import (
    AssessmentState,
    CandidateView,
    MessageView,
    RefusedView,
    View,
    assessment_view,
    candidate_view,
    message_view,
    refused_view,
)
from emulator.server.operations import Deferred
from emulator.workspace import queries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.domain.commands import Command
    from emulator.server.operations import Call

ONE = "/_emulator/workspaces/{workspace}"


class CandidateFilters(Page, frozen=True):
    """The query of the list of candidates."""

    assessment: str | None = None
    candidate: str | None = None


class AssessmentDone(AssessmentState, frozen=True):
    """An assessment after a command, with the messages that it caused, and those refused."""

    messages: list[MessageView]
    refused: list[RefusedView]


class CandidateDone(CandidateView, frozen=True):
    """A candidate after a command, with the messages that it caused, and those refused."""

    messages: list[MessageView]
    refused: list[RefusedView]


async def list_assessments(call: Call[Page, None]) -> Rows[AssessmentState]:
    """List assessments, oldest first."""
    return rows(call.query, list(call.workspace.state.assessments.values()), assessment_view)


async def read_assessment(call: Call[Nothing, None]) -> AssessmentState:
    """Show one assessment."""
    return assessment_view(call.workspace.state.assessment(call.path("id")))


async def list_candidates(call: Call[CandidateFilters, None]) -> Rows[CandidateView]:
    """List candidates in the order of their invitations."""
    asked, state = call.query, call.workspace.state
    found = queries.candidates(state, assessment=asked.assessment, candidate=asked.candidate)
    return rows(asked, found, lambda one: candidate_view(state, one))


async def read_candidate(call: Call[Nothing, None]) -> CandidateView:
    """Show one candidate."""
    state = call.workspace.state
    return candidate_view(state, state.candidate(call.path("id")))


def _unknown_command(subject: SubjectKind) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of commands that a subject does not have."""

    async def refuse(request: Request) -> Response:
        known = moving(subject, request.path_params["command"])
        raise AssertionError(known)  # a command that is known has its own route

    return refuse


UNKNOWN_COMMANDS = {kind: _unknown_command(kind) for kind in get_args(SubjectKind)}
"""Subject -> the endpoint that refuses commands that it does not have."""


def _key(name: str) -> str:
    first, *rest = name.split("_")
    return WIRE_NAMES.get(name) or first + "".join(word.title() for word in rest)


def _body(command: Command) -> type[msgspec.Struct]:
    """Return the record of a command's details in JSON: camelCase, times as text."""
    fields = [
        (field.name, Instant | None if datetime in arms(field.type) else field.type, field.default)
        for field in msgspec.structs.fields(command.details)
    ]
    name = "".join(word.title() for word in command.name.split("_"))
    about = {"__doc__": command.details.__doc__}
    return msgspec.defstruct(
        name, fields, rename=_key, bases=(Asked,), namespace=about, frozen=True
    )


@cache
def _times(details: type[msgspec.Struct]) -> list[str]:
    """Return the details of a command that are times."""
    return [field.name for field in msgspec.structs.fields(details) if datetime in arms(field.type)]


def _operation(command: Command) -> ControlOperation:
    """Return the call of a command."""
    is_assessment = command.subject == "assessment"
    kind: Any = AssessmentDone if is_assessment else CandidateDone

    async def do(call: Call[Nothing, Any]) -> Any:
        given = msgspec.structs.asdict(await call.body())
        for name in _times(command.details):
            if given[name] is not None:
                given[name] = parse_instant(given[name], path=f"$.{_key(name)}")
        id_ = call.request.path_params.get("id", "")
        done = call.workspace.do(command.name, id_, **given)
        await call.workspace.flush()
        view: View = (
            assessment_view(done.subject)
            if is_assessment
            else candidate_view(call.workspace.state, done.subject)
        )
        return kind(
            **msgspec.structs.asdict(view),
            messages=[message_view(message) for message in done.messages],
            refused=[refused_view(one) for one in done.refused],
        )

    path = f"{ONE}/{command.subject}s"
    record = f"{path}/{{id}}"
    return ControlOperation(
        _key(command.name), "POST", path if command.is_new else f"{record}/{command.verb}", do,
        command.doc,
        kind, body=Deferred(lambda: _body(command)), status=201 if command.is_new else 200,
        creates=record if command.is_new else "",
    )  # fmt: skip


OPERATIONS = (
    ControlOperation(
        "listAssessments", "GET", f"{ONE}/assessments", list_assessments,
        "List assessments, oldest first.",
        Rows[AssessmentState], query=Page,
    ),
    ControlOperation(
        "getAssessment", "GET", f"{ONE}/assessments/{{id}}", read_assessment,
        "Show an assessment with the commands that are legal now.",
        AssessmentState,
    ),
    ControlOperation(
        "listCandidates", "GET", f"{ONE}/candidates", list_candidates,
        "List candidates in the order of their invitations.",
        Rows[CandidateView], query=CandidateFilters,
    ),
    ControlOperation(
        "getCandidate", "GET", f"{ONE}/candidates/{{id}}", read_candidate,
        "Show a candidate with the commands that are legal now.",
        CandidateView,
    ),
    *(_operation(one) for one in COMMANDS.values()),
)  # fmt: skip
