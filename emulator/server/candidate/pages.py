"""The pages on which a tester plays a candidate; each form is a command of the lifecycle."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.decoding import convert, decode
from emulator.domain import assessment as assessments
from emulator.domain.candidate import COMPLETED, IN_PROGRESS, LIFECYCLE
from emulator.domain.commands import LeaveDetails
from emulator.domain.ids import short_id
from emulator.domain.payloads.links import invite_link, report_path
from emulator.errors import EmulatorError, InvalidInputError, NotFoundError
from emulator.server import html
from emulator.server.candidate.access import workspace_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.server.html import Form
    from emulator.workspace.state import State
    from emulator.workspace.workspace import Workspace

_OFFERED = ("enroll", "start", "answer", "leave", "complete")
"""The commands that a candidate gives; the others are the organisation's."""


class _InviteKey(msgspec.Struct, rename="camel"):
    """The part of the ``key`` of an invite link that identifies the invitation."""

    invite_key: str


async def short(request: Request) -> Response:
    """Redirect from a short link to the invitation."""
    state = workspace_of(request).state
    return html.see_other(invite_link(_by_short_id(state, request.path_params["id"]), ".."))


async def read(request: Request) -> Response:
    """Show an invitation, with the forms that its state allows."""
    workspace = workspace_of(request)
    return _page(workspace, _invited(request, workspace.state))


async def act(request: Request) -> Response:
    """Give a command of the candidate."""
    workspace = workspace_of(request)
    candidate = _invited(request, workspace.state)
    try:
        _give(workspace, candidate, await html.form_of(request))
    except EmulatorError as error:
        return _page(workspace, candidate, error)
    await workspace.flush()
    return html.see_other(invite_link(candidate, "../.."))


async def read_public(request: Request) -> Response:
    """Show the form with which people invite themselves."""
    workspace = workspace_of(request)
    return _public_page(workspace, workspace.state.assessment(request.path_params["id"]))


async def act_public(request: Request) -> Response:
    """Invite the person in the form."""
    workspace = workspace_of(request)
    assessment = workspace.state.assessment(request.path_params["id"])
    form = await html.form_of(request)
    given = {name: form.get(name, "") for name in ("email", "first_name", "last_name")}
    try:
        candidate = workspace.invite(
            assessment.id,
            email=given["email"],
            first_name=given["first_name"],
            last_name=given["last_name"],
        )
    except EmulatorError as error:
        return _public_page(workspace, assessment, error, given)
    await workspace.flush()
    return html.see_other(invite_link(candidate, ".."))


def _invited(request: Request, state: State) -> Candidate:
    """Return the candidate whose link was opened.

    Raises:
        NotFoundError: no such invitation.
    """
    encoded = request.query_params.get("key", "").replace(" ", "+")  # it is not quoted in the link
    try:
        key = decode(b64decode(encoded, validate=True), _InviteKey).invite_key
    except (ValueError, InvalidInputError):
        key = ""
    candidate = _by_short_id(state, short_id(key))
    if candidate.invite_key != key:
        raise _no_invitation()
    return candidate


def _by_short_id(state: State, id_: str) -> Candidate:
    if id_ not in state.short_ids:
        raise _no_invitation()
    return state.candidates[state.short_ids[id_]]


def _no_invitation() -> NotFoundError:
    return NotFoundError("no such invitation")


def _give(workspace: Workspace, candidate: Candidate, form: Form) -> None:
    verb = form.get("do", "")
    if verb not in _OFFERED:
        message = f"not a command of a candidate: {verb[:40]!r}; known: {', '.join(_OFFERED)}"
        raise InvalidInputError(message)
    details: dict[str, Any] = {}
    if verb == "answer":
        details["correct"] = form.get("correct") == "yes"
    if verb == "leave" and form.get("seconds"):
        asked = convert({"seconds": form["seconds"]}, LeaveDetails, strict=False)
        details["seconds"] = asked.seconds
    workspace.move_candidate(candidate.id, verb, **details)


def _page(
    workspace: Workspace, candidate: Candidate, problem: EmulatorError | None = None
) -> Response:
    state = workspace.state
    content = state.assessments[candidate.assessment_id].content
    questions = [question.text for test in content.tests for question in test.questions]
    answered = len(candidate.answers)
    legal = LIFECYCLE.legal(candidate.state)
    return html.page(
        "candidate/invitation.html.jinja",
        200 if problem is None else problem.status,
        candidate=candidate,
        organisation=state.organisation.name,
        offered=[one for one in _OFFERED if one in legal],
        is_answering=candidate.state == IN_PROGRESS,
        question=questions[answered] if answered < len(questions) else None,
        number=answered + 1,
        questions=len(questions),
        report=f"../../{report_path(candidate)}" if candidate.state == COMPLETED else None,
        problem=problem,
    )


def _public_page(
    workspace: Workspace,
    assessment: Assessment,
    problem: EmulatorError | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    return html.page(
        "candidate/public.html.jinja",
        200 if problem is None else problem.status,
        title=assessment.title,
        organisation=workspace.state.organisation.name,
        is_open="invite" in assessments.LIFECYCLE.legal(assessment.state),
        given=given or {},
        problem=problem,
    )
