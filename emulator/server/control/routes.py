"""The calls of the control API, in one table, and their routes."""

from __future__ import annotations

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
from emulator.server.control.operation import route

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


UNKNOWN_COMMANDS = [
    Route(f"{subjects.ONE}/{subject}s/{{id}}/{{command}}", refuse, methods=["POST"])
    for subject, refuse in subjects.UNKNOWN_COMMANDS.items()
]
"""Answer a command that no operation has with those that are known."""

ROUTES = [*map(route, OPERATIONS), *UNKNOWN_COMMANDS]
