"""Stand-in for a public integration that takes completions alone and wants a static token.

It answers 400 to other events. The test ping, which has neither type nor event, is answered before
the token is looked at. What it knows of an applicant has words of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

TOKEN = "s3cret"
EVENTS = ("candidate.completed",)
PROBE = "/applicants/{assessment_id}/{email}"


def application(*, finds_by_assessment_alone: bool = False) -> Starlette:
    """Return the integration as an ASGI application.

    Args:
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
        data = completion(payload)
        if data is None:
            return JSONResponse({"error": "not a completion"}, 400)
        one = known.setdefault(
            key(data["assessmentId"], data["email"]),
            {"application": {"stage": "done"}, "history": []},
        )
        if not one["history"]:
            one["history"].append(data.get("avgScorePercentage"))
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


def completion(payload: Any) -> dict[str, Any] | None:
    """Return the data of a completion; None when the payload is none."""
    if not isinstance(payload, dict) or payload.get("event") != "completed":
        return None
    data = payload.get("data")
    is_whole = isinstance(data, dict) and data.get("email") and data.get("assessmentId")
    return data if is_whole else None


app = application()
