"""The documents of both APIs and of the webhooks.

OpenAPI describes the calls, and the webhooks beside those of the provider; AsyncAPI describes the
webhooks alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from emulator import __version__
from emulator.domain.events import EVENT_TYPES
from emulator.server.control import errors as control_errors
from emulator.server.control import routes as control
from emulator.server.http import emulator_of, json
from emulator.server.openapi import SCHEMAS, Api, Document
from emulator.server.provider.errors import Error
from emulator.server.provider.routes import OPERATIONS
from emulator.server.request_guard import PREFIX

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation

_ABOUT = (
    "Made by testlify-emulator from its own tables; not a document of Testlify's. x-provenance "
    "says how each call and each field is known."
)
_CONTROL_ABOUT = (
    "Drives the emulator: workspaces, candidates, the clock, faults, deliveries. The token is "
    "needed if the server was started with --control-token."
)

_BEARER = {"type": "http", "scheme": "bearer"}


def openapi(contracts: Contracts, generation: Generation = "v1") -> Document:
    """Return the OpenAPI 3.1 document of the provider's API, its webhooks included.

    Args:
        contracts: that have the schemas of the webhooks' payloads.
        generation: of the payloads.
    """
    api = Api(OPERATIONS, Error, "application/json", security=[{"accessToken": []}])
    events = contracts.events(generation)
    return {
        **_about("Testlify, emulated", _ABOUT),
        "paths": api.paths(),
        "webhooks": {event: {"post": _webhook(event)} for event in events},
        "components": {
            "schemas": api.schemas() | contracts.components(generation, events, SCHEMAS),
            "securitySchemes": {"accessToken": _BEARER},
        },
    }


def control_openapi() -> Document:
    """Return the OpenAPI 3.1 document of the control API."""
    optional: list[dict[str, list[str]]] = [{}, {"controlToken": []}]
    api = Api(
        control.OPERATIONS,
        control_errors.Problem,
        control_errors.MEDIA_TYPE,
        security=optional,
        open_security=optional,
    )
    return {
        **_about("The control API of testlify-emulator", _CONTROL_ABOUT),
        "paths": api.paths(),
        "components": {"schemas": api.schemas(), "securitySchemes": {"controlToken": _BEARER}},
    }


def _about(title: str, description: str) -> Document:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "description": description, "version": __version__},
        "servers": [{"url": "http://127.0.0.1:4800"}],
    }


def asyncapi(contracts: Contracts, generation: Generation = "v1") -> Document:
    """Return the AsyncAPI 3 document of the provider's webhooks.

    Args:
        contracts: that have the schemas of the payloads.
        generation: of the payloads.
    """
    events = contracts.events(generation)
    names = {event: event.replace(".", "_") for event in events}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Testlify's {generation} webhooks, emulated",
            "description": _ABOUT,
            "version": __version__,
        },
        "defaultContentType": "application/json",
        "channels": {
            "webhook": {
                "address": "{payloadUrl}",
                "parameters": {"payloadUrl": {"description": "Where a webhook was registered."}},
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"} for name in names.values()
                },
            }
        },
        "operations": {
            f"send_{name}": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhook"},
                "summary": EVENT_TYPES[event].summary,
                "messages": [{"$ref": f"#/channels/webhook/messages/{name}"}],
            }
            for event, name in names.items()
        },
        "components": {
            "messages": {
                name: {
                    "name": event,
                    "summary": EVENT_TYPES[event].summary,
                    "payload": {"$ref": f"{SCHEMAS}{event}"},
                }
                for event, name in names.items()
            },
            "schemas": contracts.components(generation, events, SCHEMAS),
        },
    }


def _webhook(event: str) -> Document:
    return {
        "operationId": f"on_{event.replace('.', '_')}",
        "summary": EVENT_TYPES[event].summary,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"{SCHEMAS}{event}"}}},
        },
        "responses": {"2XX": {"description": "Accepted."}},
    }


async def _openapi(request: Request) -> Response:
    emulator = emulator_of(request)
    return json(openapi(emulator.contracts, emulator.settings.generation))


async def _asyncapi(request: Request) -> Response:
    emulator = emulator_of(request)
    return json(asyncapi(emulator.contracts, emulator.settings.generation))


async def _control_openapi(_: Request) -> Response:
    return json(control_openapi())


ROUTES = [
    Route("/openapi.json", _openapi),
    Route("/asyncapi.json", _asyncapi),
    Route(f"{PREFIX}/openapi.json", _control_openapi),
]
