"""Kinds of values in payloads, which describe values without containing them. Pure."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "",
        "object_id": "[0-9a-f]{24}",
        "uuid": "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z",
        "datetime_seconds": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        "datetime_offset": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:?\d\d",
        "date": r"\d{4}-\d\d-\d\d",
        "numeric": r"-?\d+(?:\.\d+)?",
        "email": r"[^\s@/]+@[^\s@/]+\.[^\s@/]+",
        "url": r"[a-zA-Z][a-zA-Z0-9+.-]*://\S*",
        "path": r"[^\s/]*/\S*",
        "word": "[A-Za-z]+(?:[._-]?[A-Za-z0-9]+)*",
    }
)
"""Kind of text -> the pattern of the whole text, the first that fits; any other is ``text``."""

_KINDS = tuple((kind, re.compile(pattern, re.ASCII)) for kind, pattern in PATTERNS.items())
_SECONDS = range(10**9, 4 * 10**9)  # 2001 to 2096
_SERIALS = 10_000  # from here on a number is an id rather than a count
_MILLISECONDS = range(10**12, 4 * 10**12)

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "null": "null",
        "boolean": "boolean",
        "integer": "integer",
        "serial": "integer",
        "epoch_seconds": "integer",
        "epoch_milliseconds": "integer",
        "number": "number",
        "object": "object",
        "list": "array",
        "text": "string",
        **dict.fromkeys(PATTERNS, "string"),
    }
)
"""Kind -> type in JSON Schema."""


def kind_of(value: Any) -> str:
    """Return the kind of a JSON value, a key of `TYPES`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return _number(value)
        case float():
            return "number"
        case dict():
            return "object"
        case list():
            return "list"
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(value)), "text")


def _number(value: int) -> str:
    if value in _SECONDS:
        return "epoch_seconds"
    if value in _MILLISECONDS:
        return "epoch_milliseconds"
    return "integer" if abs(value) < _SERIALS else "serial"


def type_of(value: Any) -> str:
    """Return the type of a JSON value, as JSON Schema calls it."""
    return TYPES[kind_of(value)]
