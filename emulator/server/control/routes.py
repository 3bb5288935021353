"""The calls of the control API, in one table, and their routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from emulator.server.control import (
    about,
    deliveries,
    faults,
    scenarios,
    stream,
    subjects,
    webhooks,
    workspaces,
)
from emulator.server.http import emulator_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.server.operations import Operation

PREFIX = "/_emulator"

OPERATIONS = (
    *about.OPERATIONS,
    *workspaces.OPERATIONS,
    *subjects.OPERATIONS,
    *webhooks.OPERATIONS,
    *deliveries.OPERATIONS,
    *faults.OPERATIONS,
    *scenarios.OPERATIONS,
    *stream.OPERATIONS,
)


def _route(operation: Operation) -> Route:
    async def endpoint(request: Request) -> Response:
        emulator, path = emulator_of(request), request.path_params
        workspace = emulator.existing(path["workspace"]) if operation.has_workspace else None
        return await operation.respond(request, workspace)

    return Route(operation.path, endpoint, methods=[operation.method])


UNKNOWN_COMMANDS = [
    Route(f"{subjects.ONE}/{subject}s/{{id}}/{{command}}", refuse, methods=["POST"])
    for subject, refuse in subjects.UNKNOWN_COMMANDS.items()
]
"""Answer a command that no operation has with those that are known."""

ROUTES = [*map(_route, OPERATIONS), *UNKNOWN_COMMANDS]
