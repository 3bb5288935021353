"""The routes to which links in payloads lead, below the pages of a workspace."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from starlette.routing import Route

from emulator.domain.payloads.links import INVITE_PATH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

_PAGES = "/w/{pages}"


def _later(module: str, name: str) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint whose module is imported with the first request."""

    async def endpoint(request: Request) -> Response:
        found = getattr(import_module(f"emulator.server.candidate.{module}"), name)
        response: Response = await found(request)
        return response

    return endpoint


REPORTS = [
    Route(
        f"{_PAGES}/reports/pdf/assessment-candidate-report/{{id}}.pdf", _later("reports", "report")
    ),
]
"""The routes whose errors have the form of the provider API."""

PAGES = [
    Route(f"{_PAGES}{INVITE_PATH}", _later("pages", "read"), methods=["GET"]),
    Route(f"{_PAGES}{INVITE_PATH}", _later("pages", "act"), methods=["POST"]),
    Route(f"{_PAGES}/s/{{id}}", _later("pages", "short"), methods=["GET"]),
    Route(f"{_PAGES}/public/{{id}}", _later("pages", "read_public"), methods=["GET"]),
    Route(f"{_PAGES}/public/{{id}}", _later("pages", "act_public"), methods=["POST"]),
]
"""The routes whose errors are pages."""
