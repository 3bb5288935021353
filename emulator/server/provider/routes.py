"""The provider's paths."""

from __future__ import annotations

from starlette.routing import Route

from emulator.server.provider import webhooks

ROUTES = [
    Route("/v1/webhook", webhooks.create, methods=["POST"]),
    Route("/v1/webhook", webhooks.list_all, methods=["GET"]),
    Route("/v1/webhook/{id}", webhooks.read, methods=["GET"]),
    Route("/v1/webhook/{id}", webhooks.replace, methods=["PUT"]),
    Route("/v1/webhook/{id}", webhooks.edit, methods=["PATCH"]),
    Route("/v1/webhook/{id}", webhooks.delete, methods=["DELETE"]),
    Route("/v1/webhook/{id}/test", webhooks.test, methods=["POST"]),
]
