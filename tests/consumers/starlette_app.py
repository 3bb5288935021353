"""A consumer behind Starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from tests.consumers.core import HOOK
from tests.consumers.serving import Whole

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from tests.consumers.core import Answer, Consumer


def starlette_app(consumer: Consumer) -> ASGIApp:
    """Return the ASGI application of *consumer*."""

    async def hook(request: Request) -> Response:
        return _response(consumer.handle(request.headers, await request.body()))

    async def candidate(request: Request) -> Response:
        name, assessment = request.path_params["name"], request.query_params.get("assessment")
        return _response(consumer.look_up(name, assessment))

    async def health(_: Request) -> Response:
        return _response(consumer.health())

    routes = [
        Route(HOOK, hook, methods=["POST"]),
        Route("/candidates/{name:path}", candidate),
        Route("/health", health),
    ]
    return Whole(Starlette(routes=routes))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")
