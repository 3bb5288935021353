"""Stand-in for a public integration that takes completions alone and wants a static token.

It reads a completion's assessment, e-mail and score, at the paths of v1 or of v2. It answers 400 to
other events. The test ping, which has neither type nor event, is answered before
the token is looked at. What it knows of an applicant has words of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulator import paths

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.domain.events import Generation

TOKEN = "s3cret"
EVENTS = ("candidate.completed",)
PROBE = "/applicants/{assessment_id}/{email}"


def application(
    *, generation: Generation = "v1", finds_by_assessment_alone: bool = False
) -> Starlette:
    """Return the integration as an ASGI application.

    Args:
        generation: of the payloads that it reads.
        finds_by_assessment_alone: the planted bug: two candidates of one assessment are mixed up.
    """
    known: dict[Any, dict[str, Any]] = {}

    def key(assessment: object, email: object) -> Any:
        return assessment if finds_by_assessment_alone else (assessment, email)

    async def hook(request: Request) -> Response:
        try:
            payload = await request.json()
        except (ValueError, RecursionError):
            return JSONResponse({"error": "no JSON"}, 400)
        if isinstance(payload, dict) and not {"type", "event"} & set(payload):
            return Response(status_code=200)
        if request.headers.get("x-webhook-token") != TOKEN:
            return Response(status_code=401)
        assessment, email, score = completion(payload, generation)
        if not assessment or not email:
            return JSONResponse({"error": "not a completion"}, 400)
        one = known.setdefault(
            key(assessment, email), {"application": {"stage": "done"}, "history": []}
        )
        if not one["history"]:
            one["history"].append(score)
        return Response(status_code=200)

    async def applicant(request: Request) -> Response:
        found = known.get(key(request.path_params["assessment"], request.path_params["email"]))
        return Response(status_code=404) if found is None else JSONResponse(found)

    return Starlette(
        routes=[
            Route("/webhooks/testlify", hook, methods=["POST"]),
            Route("/applicants/{assessment}/{email:path}", applicant),
        ]
    )


PATHS = {
    "v1": ("data.assessmentId", "data.email", "data.avgScorePercentage"),
    "v2": ("data.assessmentId", "data.candidate.email", "data.scores.avgScorePercentage"),
}
"""Where a public consumer reads the assessment, the e-mail and the score (observed)."""


def completion(payload: Any, generation: Generation) -> list[Any]:
    """Return assessment, e-mail and score of a completion; None for each that is missing."""
    if not isinstance(payload, dict) or payload.get("event") != "completed":
        return [None, None, None]
    found = (paths.find(payload, paths.parse(path)) for path in PATHS[generation])
    return [None if one is paths.ABSENT else one for one in found]


app = application()
