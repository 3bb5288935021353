"""Documents of the provider's API, made from the table of its calls and the schemas of its events.

OpenAPI describes the calls, and the webhooks beside them; AsyncAPI describes the webhooks alone.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.routing import Route

from emulator import __version__
from emulator.domain.events import EVENT_TYPES
from emulator.server.http import emulator_of, json
from emulator.server.operations import Record, provenances
from emulator.server.provider.routes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation
    from emulator.server.operations import Operation

_SCHEMAS = "#/components/schemas/"
_DOCS = "https://docs.testlify.com/reference/"
_ABOUT = (
    "Made by testlify-emulator from its own tables; not a document of Testlify's. x-provenance "
    "says how each call and each field is known."
)

Document = dict[str, Any]


class ErrorDetail(Record, frozen=True):
    """What is wrong."""

    message: str
    code: str


class Error(Record, frozen=True):
    """The answer to a call that is refused."""

    error: ErrorDetail


def openapi(contracts: Contracts, generation: Generation = "v1") -> Document:
    """Return the OpenAPI 3.1 document of the provider's API, its webhooks included.

    Args:
        contracts: that have the schemas of the webhooks' payloads.
        generation: of the payloads.
    """
    paths: dict[str, Document] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    events = contracts.events(generation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Testlify, emulated", "description": _ABOUT, "version": __version__},
        "servers": [{"url": "http://127.0.0.1:4800"}],
        "paths": paths,
        "webhooks": {event: {"post": _webhook(event)} for event in events},
        "components": {
            "schemas": _records() | contracts.components(generation, events, _SCHEMAS),
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer"}},
        },
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
                    "x-provenance": EVENT_TYPES[event].provenance,
                    "payload": {"$ref": f"{_SCHEMAS}{event}"},
                }
                for event, name in names.items()
            },
            "schemas": contracts.components(generation, events, _SCHEMAS),
        },
    }


def _operation(one: Operation) -> Document:
    """Return a call as OpenAPI has it."""
    described: Document = {
        "operationId": one.id,
        "summary": one.doc,
        "x-provenance": one.provenance,
        "parameters": [*_path_parameters(one.path), *_query_parameters(one.query)],
        "responses": {str(one.status): _answer(one), "4XX": _body("Refused.", Error)},
        "security": [] if one.is_public else [{"accessToken": []}],
    }
    if one.page:
        described["externalDocs"] = {"url": f"{_DOCS}{one.page}"}
    if one.body is not None:
        is_required = any(field.required for field in msgspec.structs.fields(one.body))
        described["requestBody"] = _content(one.body) | {"required": is_required}
    return described


def _answer(one: Operation) -> Document:
    if one.answer is None:
        return {"description": "Done."}
    found = _content(one.answer)
    if one.is_wrapped:
        media = found["content"]["application/json"]
        media["schema"] = {
            "type": "object",
            "properties": {"data": media["schema"]},
            "required": ["data"],
        }
    return {"description": "Done."} | found


def _body(description: str, kind: Any) -> Document:
    return {"description": description} | _content(kind)


def _content(kind: Any) -> Document:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=f"{_SCHEMAS}{{name}}")
    return {"content": {"application/json": {"schema": schema}}}


def _path_parameters(path: str) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(kind: type[Record]) -> list[Document]:
    _, components = msgspec.json.schema_components([kind], ref_template=f"{_SCHEMAS}{{name}}")
    schema = components[kind.__name__]
    known = provenances(kind)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema["required"],
            "x-provenance": known[name],
            "schema": _without_null(one),
        }
        for name, one in schema["properties"].items()
    ]


def _without_null(schema: Document) -> Document:
    """Return the schema of a parameter that may be left out: it is never null in a query."""
    if "anyOf" not in schema:
        return schema
    (found,) = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return {**found, **{key: one for key, one in schema.items() if key not in ("anyOf", "default")}}


def _records() -> Document:
    """Return the schemas of all records, how each field is known in each."""
    kinds = [Error, *(kind for one in OPERATIONS for kind in (one.answer, one.body) if kind)]
    _, components = msgspec.json.schema_components(kinds, ref_template=f"{_SCHEMAS}{{name}}")
    for record in _subclasses(Record):
        if (known := components.get(record.__name__)) is None:
            continue
        known["description"] = inspect.cleandoc(record.__doc__ or "")
        for name, provenance in provenances(record).items():
            known["properties"][name].setdefault("x-provenance", provenance)
    return components


def _subclasses(kind: type[Record]) -> Iterable[type[Record]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)


def _webhook(event: str) -> Document:
    described = EVENT_TYPES[event]
    return {
        "operationId": f"on_{event.replace('.', '_')}",
        "summary": described.summary,
        "x-provenance": described.provenance,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{event}"}}},
        },
        "responses": {"2XX": {"description": "Accepted."}},
    }


async def _openapi(request: Request) -> Response:
    emulator = emulator_of(request)
    return json(openapi(emulator.contracts, emulator.settings.generation))


async def _asyncapi(request: Request) -> Response:
    emulator = emulator_of(request)
    return json(asyncapi(emulator.contracts, emulator.settings.generation))


ROUTES = [Route("/openapi.json", _openapi), Route("/asyncapi.json", _asyncapi)]
