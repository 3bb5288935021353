"""The routes of what links in payloads lead to, below the pages of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def _report(request: Request) -> Response:
    from emulator.server.candidate.reports import report

    return await report(request)


_PAGES = "/w/{pages}"

REPORTS = [Route(f"{_PAGES}/reports/pdf/assessment-candidate-report/{{id}}.pdf", _report)]
"""The routes of reports, whose errors have the form of the provider's."""
