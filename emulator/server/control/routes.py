"""The routes of the control API."""

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

PREFIX = "/_emulator"

_ALL = f"{PREFIX}/workspaces"
_ONE = f"{_ALL}/{{workspace}}"

ROUTES = [
    Route(f"{PREFIX}/livez", about.livez),
    Route(f"{PREFIX}/readyz", about.readyz),
    Route(f"{PREFIX}/schemas/{{generation}}/{{event}}.json", about.schema),
    Route(f"{PREFIX}/scenarios", scenarios.list_all),
    Route(_ALL, workspaces.list_all),
    Route(_ONE, workspaces.read, methods=["GET"]),
    Route(_ONE, workspaces.put, methods=["PUT"]),
    Route(_ONE, workspaces.delete, methods=["DELETE"]),
    Route(f"{_ONE}/reset", workspaces.reset, methods=["POST"]),
    Route(f"{_ONE}/clock", workspaces.clock, methods=["GET"]),
    Route(f"{_ONE}/clock", workspaces.set_clock, methods=["PUT"]),
    Route(f"{_ONE}/clock/advance", workspaces.advance, methods=["POST"]),
    Route(f"{_ONE}/settle", workspaces.settle, methods=["POST"]),
    Route(f"{_ONE}/scenarios/run", scenarios.run, methods=["POST"]),
    Route(f"{_ONE}/wait", deliveries.wait, methods=["POST"]),
    Route(f"{_ONE}/journal", workspaces.journal),
    Route(f"{_ONE}/webhooks", webhooks.list_all),
    Route(f"{_ONE}/webhooks/{{id}}/profile", webhooks.set_profile, methods=["PUT"]),
    Route(f"{_ONE}/webhooks/{{id}}/profile", webhooks.clear_profile, methods=["DELETE"]),
    Route(f"{_ONE}/journal/stream", stream.journal),
    Route(f"{_ONE}/webhooks/{{id}}/secret", webhooks.secret),
    Route(f"{_ONE}/webhooks/{{id}}/rotate-secret", webhooks.rotate_secret, methods=["POST"]),
    Route(f"{_ONE}/assessments", subjects.list_assessments, methods=["GET"]),
    Route(f"{_ONE}/assessments", subjects.create_assessment, methods=["POST"]),
    Route(f"{_ONE}/assessments/{{id}}", subjects.read_assessment),
    Route(f"{_ONE}/assessments/{{id}}/{{command}}", subjects.move_assessment, methods=["POST"]),
    Route(f"{_ONE}/candidates", subjects.list_candidates, methods=["GET"]),
    Route(f"{_ONE}/candidates", subjects.invite, methods=["POST"]),
    Route(f"{_ONE}/candidates/{{id}}", subjects.read_candidate),
    Route(f"{_ONE}/candidates/{{id}}/{{command}}", subjects.move_candidate, methods=["POST"]),
    Route(f"{_ONE}/faults", faults.list_all, methods=["GET"]),
    Route(f"{_ONE}/faults", faults.create, methods=["POST"]),
    Route(f"{_ONE}/faults", faults.clear_all, methods=["DELETE"]),
    Route(f"{_ONE}/faults/{{id}}", faults.clear, methods=["DELETE"]),
    Route(f"{_ONE}/deliveries", deliveries.list_all),
    Route(f"{_ONE}/deliveries/redeliver", deliveries.redeliver_failed, methods=["POST"]),
    Route(f"{_ONE}/deliveries/{{id}}", deliveries.read),
    Route(f"{_ONE}/deliveries/{{id}}/redeliver", deliveries.redeliver, methods=["POST"]),
]
