"""Makes JSON Schemas of learned shapes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.payloads.filling import FREE
from emulator.domain.payloads.shapes import all_keys, leaves
from emulator.domain.payloads.value_kinds import PATTERNS, TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.domain.payloads.shapes import Shape

_ABOUT_FILES = ("$schema", "$id", "title", "x-provenance")


def document(shapes: Mapping[str, Shape], bundled: dict[str, Any]) -> dict[str, Any]:
    """Return the schema document of an event type.

    Args:
        shapes: status -> shape; of an event type with one shape, that at the empty status.
        bundled: the emulator's own schema, which payloads of other statuses fit.
    """
    count = sum(shape.count for shape in shapes.values())
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": bundled.get("title", ""),
        "description": f"Learned from {count} captures.",
        "x-provenance": "observed",
    }
    if "" in shapes:
        return {**about, **schema(shapes[""])}
    rest: dict[str, Any] = {k: v for k, v in bundled.items() if k not in _ABOUT_FILES}
    for shape in shapes.values():
        rest = {"if": _status_of(shape), "then": schema(shape), "else": rest}
    return {**about, **rest}


def schema(shape: Shape) -> dict[str, Any]:
    """Return the schema of the values that were seen at one place."""
    types = sorted({TYPES[kind] for kind in shape.kinds})
    if "number" in types and "integer" in types:
        types.remove("integer")  # a number, too
    made: dict[str, Any] = {"x-captures": shape.count, "x-provenance": "observed"}
    made["type"] = types[0] if len(types) == 1 else types
    if "object" in shape.kinds:
        objects = shape.kinds["object"]
        made["properties"] = {key: schema(shape.keys[key]) for key in all_keys(shape)}
        made["required"] = [key for key in all_keys(shape) if shape.keys[key].count == objects]
        made["additionalProperties"] = shape.is_open
    if shape.items is not None:
        made["items"] = schema(shape.items)
    if shape.is_closed and shape.kinds.keys() <= {"word", "null"}:
        made["enum"] = [*sorted(shape.words), *([None] if "null" in shape.kinds else [])]
    elif (pattern := _pattern(shape)) is not None:
        made["pattern"] = pattern
    return made


def _pattern(shape: Shape) -> str | None:
    """Return the pattern of all texts that were seen; None if they have no form."""
    kinds = [kind for kind in shape.kinds if TYPES[kind] == "string"]
    if not kinds or not FREE.isdisjoint(kinds):
        return None
    return f"^(?:{'|'.join(PATTERNS[kind] for kind in sorted(kinds))})$"


def _status_of(shape: Shape) -> dict[str, Any]:
    """Return the schema that distinguishes payloads of a shape from those of other statuses."""
    for path, leaf in leaves(shape):
        is_status = leaf.source is not None and leaf.source[-1:] == ("candidateStatus",)
        if is_status and len(leaf.words) == 1:
            found: dict[str, Any] = {"const": next(iter(leaf.words))}
            for key in reversed(path):
                found = {"properties": {key: found}, "required": [key]}
            return found
    return schema(shape)
