"""The OpenAPI document of a consumer's endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator.domain.events import EVENT_TYPES
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation

_COMPONENTS = "#/components/schemas/"


def as_consumer(
    contracts: Contracts, generation: Generation, url: str, events: Collection[str] = EVENT_TYPES
) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document of one path, to which every event is posted.

    Definitions are under ``components``, because some tools resolve ``$defs`` in the schema of a
    body against the document, and then send no body.

    Args:
        contracts: the schemas.
        generation: of the payloads.
        url: of the consumer, http or https.
        events: ids of the event types that it subscribes to.

    Raises:
        InvalidInputError: not such a URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        message = f"not a URL: {url!r}; expected one like http://127.0.0.1:9000/hook"
        raise InvalidInputError(message)
    posted = [event for event in contracts.events(generation) if event in events]
    payloads = [{"$ref": f"{_COMPONENTS}{event}"} for event in posted]
    body = {"required": True, "content": {"application/json": {"schema": {"anyOf": payloads}}}}
    answers = {
        "2XX": {"description": "Accepted."},
        "4XX": {"description": "Refused: not a payload of Testlify, or an invalid signature."},
    }
    post = {
        "operationId": "receiveWebhook",
        "summary": "Receive a delivery.",
        "requestBody": body,
        "responses": answers,
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"A consumer of Testlify's {generation} webhooks",
            "description": ", ".join(posted),
            "version": generation,
        },
        "servers": [{"url": f"{parts.scheme}://{parts.netloc}"}],
        "paths": {parts.path or "/": {"post": post}},
        "components": {"schemas": contracts.components(generation, posted, _COMPONENTS)},
    }
