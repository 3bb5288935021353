"""A consumer behind FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from tests.consumers.core import HOOK
from tests.consumers.serving import Whole

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from tests.consumers.core import Answer, Consumer


def fastapi_app(consumer: Consumer) -> ASGIApp:
    """Return the ASGI application of *consumer*."""
    app = FastAPI()

    @app.post(HOOK)
    async def hook(request: Request) -> Response:
        return _response(consumer.handle(request.headers, await request.body()))

    @app.get("/candidates/{name:path}")
    async def candidate(name: str, assessment: str | None = None) -> Response:
        return _response(consumer.look_up(name, assessment))

    @app.get("/health")
    async def health() -> Response:
        return _response(consumer.health())

    return Whole(app)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")
