"""The routes of both APIs, of their documents and of the pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from emulator.server import documents
from emulator.server.candidate import routes as candidate
from emulator.server.control import routes as control
from emulator.server.provider import routes as provider

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

ROUTES = [*provider.ROUTES, *control.ROUTES, *documents.ROUTES, *candidate.REPORTS]
"""All routes whose errors are JSON."""


async def _static(request: Request) -> Response:
    from emulator.server.html import static

    return await static(request)


class _Ui:
    """The page; its room is imported with the first request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from emulator.server.ui.routes import ROUTER

        await ROUTER(scope, receive, send)


PAGES = [
    Route("/", _Ui()),
    Route("/ui", _Ui()),
    Route("/ui/{rest:path}", _Ui()),
    Route("/static/{name}", _static),
    *candidate.PAGES,
]
"""The routes of pages for people; nothing of them is imported before somebody opens one."""
