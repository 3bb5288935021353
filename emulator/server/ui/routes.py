"""The routes of the page."""

from __future__ import annotations

from starlette.routing import Route, Router

from emulator.server.request_guard import TOKEN_PATH
from emulator.server.ui import (
    assessments,
    candidates,
    clock,
    deliveries,
    faults,
    journal,
    scenarios,
    token,
    webhooks,
    workspaces,
)

_ONE = "/ui/{workspace}"
_WEBHOOK = f"{_ONE}/webhooks/{{id}}"
_DELIVERY = f"{_ONE}/deliveries/{{id}}"
_CANDIDATE = f"{_ONE}/candidates/{{id}}"
_ASSESSMENT = f"{_ONE}/assessments/{{id}}"
_RUN = f"{_ONE}/scenarios/{{number:int}}"

ROUTER = Router([
    Route("/", webhooks.index),
    Route(TOKEN_PATH, token.accept, methods=["POST"]),
    Route(_ONE, webhooks.index),
    Route(f"{_ONE}/webhooks", webhooks.index, methods=["GET"]),
    Route(f"{_ONE}/webhooks", webhooks.add, methods=["POST"]),
    Route(_WEBHOOK, webhooks.edit, methods=["GET"]),
    Route(_WEBHOOK, webhooks.save, methods=["POST"]),
    Route(f"{_WEBHOOK}/delete", webhooks.ask_delete, methods=["GET"]),
    Route(f"{_WEBHOOK}/delete", webhooks.delete, methods=["POST"]),
    Route(f"{_WEBHOOK}/rotate", webhooks.rotate, methods=["POST"]),
    Route(f"{_WEBHOOK}/test", webhooks.test, methods=["POST"]),
    Route(f"{_ONE}/deliveries", deliveries.index),
    Route(f"{_ONE}/deliveries/live", deliveries.live),
    Route(f"{_ONE}/deliveries/redeliver", deliveries.redeliver_failed, methods=["POST"]),
    Route(_DELIVERY, deliveries.read),
    Route(f"{_DELIVERY}/body", deliveries.body),
    Route(f"{_DELIVERY}/redeliver", deliveries.redeliver, methods=["POST"]),
    Route(f"{_ONE}/candidates", candidates.index, methods=["GET"]),
    Route(f"{_ONE}/candidates", candidates.invite, methods=["POST"]),
    Route(f"{_ONE}/candidates/live", candidates.live),
    Route(f"{_ONE}/candidates/list", candidates.invite_list, methods=["POST"]),
    Route(_CANDIDATE, candidates.read),
    Route(f"{_CANDIDATE}/live", candidates.timeline),
    Route(f"{_CANDIDATE}/{{command}}", candidates.move, methods=["POST"]),
    Route(f"{_ONE}/assessments", assessments.index, methods=["GET"]),
    Route(f"{_ONE}/assessments", assessments.create, methods=["POST"]),
    Route(_ASSESSMENT, assessments.read),
    Route(f"{_ASSESSMENT}/{{command}}", assessments.move, methods=["POST"]),
    Route(f"{_ONE}/time", clock.index, methods=["GET"]),
    Route(f"{_ONE}/time", clock.set_clock, methods=["POST"]),
    Route(f"{_ONE}/time/advance", clock.advance, methods=["POST"]),
    Route(f"{_ONE}/time/next", clock.advance_to_next, methods=["POST"]),
    Route(f"{_ONE}/faults", faults.index, methods=["GET"]),
    Route(f"{_ONE}/faults", faults.create, methods=["POST"]),
    Route(f"{_ONE}/faults/live", faults.live),
    Route(f"{_ONE}/faults/clear", faults.clear_all, methods=["POST"]),
    Route(f"{_ONE}/faults/{{id}}/clear", faults.clear, methods=["POST"]),
    Route(f"{_ONE}/scenarios", scenarios.index, methods=["GET"]),
    Route(f"{_ONE}/scenarios", scenarios.start, methods=["POST"]),
    Route(_RUN, scenarios.read),
    Route(f"{_RUN}/live", scenarios.live),
    Route(f"{_RUN}/report", scenarios.report),
    Route(f"{_ONE}/journal", journal.index),
    Route(f"{_ONE}/journal/live", journal.live),
    Route(f"{_ONE}/workspaces", workspaces.index, methods=["GET"]),
    Route(f"{_ONE}/workspaces", workspaces.create, methods=["POST"]),
    Route(f"{_ONE}/workspaces/reset", workspaces.ask_reset, methods=["GET"]),
    Route(f"{_ONE}/workspaces/reset", workspaces.reset, methods=["POST"]),
])  # fmt: skip
