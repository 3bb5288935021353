"""The bundled schemas in the hands of jsonschema, which most Python consumers validate with."""

from __future__ import annotations

import functools
import json
from typing import Any

import jsonschema

from emulator.contracts.validation import Contracts
from emulator.contracts.violation import json_path


@functools.cache
def published(event: str) -> jsonschema.Draft202012Validator:
    """Return a validator of the document that we publish for an event type."""
    return jsonschema.Draft202012Validator(Contracts().document("v1", event))


def places(event: str, payload: Any) -> set[str]:
    """Return the JSON paths where *payload* does not fit; its root when it can't be sent."""
    try:
        received = json.loads(json.dumps(payload, ensure_ascii=False, allow_nan=False).encode())
    except ValueError:
        return {"$"}
    return {json_path(error.absolute_path) for error in published(event).iter_errors(received)}
