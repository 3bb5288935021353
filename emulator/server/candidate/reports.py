"""The report of a candidate, to which ``resultLink`` leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from emulator.clock import later
from emulator.domain.candidate import COMPLETED, REJECTED
from emulator.durations import instant
from emulator.errors import NotFoundError
from emulator.server.candidate.access import workspace_of
from emulator.server.candidate.pdf import pdf

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.workspace.workspace import Workspace


async def report(request: Request) -> Response:
    """Give the report of a candidate as PDF: 404 until it is available."""
    lines = _lines(workspace_of(request), request.path_params["id"])
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(pdf(lines), headers=headers, media_type="application/pdf")


def _lines(workspace: Workspace, id_: str) -> list[str]:
    state = workspace.state
    candidate = state.candidate(id_)
    if candidate.state not in (COMPLETED, REJECTED):
        message = f"no report of {id_}: the candidate has not completed"
        raise NotFoundError(message)
    assert candidate.completed_at is not None  # noqa: S101 - in these states
    assert candidate.score is not None  # noqa: S101 - in these states
    available = later(candidate.completed_at, state.settings.report_delay)
    if workspace.now() < available:
        message = f"no report of {id_} before {instant(available)}"
        raise NotFoundError(message)
    score = candidate.score
    tests = state.assessments[candidate.assessment_id].content.tests
    return [
        "Candidate report",
        "",
        f"{candidate.first_name} {candidate.last_name} <{candidate.email}>",
        f"{candidate.assessment_title}, {state.organisation.name}",
        f"Status: {candidate.state}",
        f"Completed: {instant(candidate.completed_at)}",
        f"Score: {score.points} of {score.of}, {score.percentage} %",
        "",
        *(
            f"{test.title}: {got.points} of {test.question_limit}, {got.percentage} %"
            for test, got in zip(tests, candidate.tests, strict=True)
        ),
    ]
