"""The routes of the page."""

from __future__ import annotations

from starlette.routing import Route, Router

from emulator.server.request_guard import TOKEN_PATH
from emulator.server.ui import deliveries, token, webhooks

_ONE = "/ui/{workspace}"
_WEBHOOK = f"{_ONE}/webhooks/{{id}}"
_DELIVERY = f"{_ONE}/deliveries/{{id}}"

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
])  # fmt: skip
