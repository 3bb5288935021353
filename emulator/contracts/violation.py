"""A violation of a schema in words, without the payload's values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from emulator import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_KEY = 60
_NOUNS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_LIMITS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be above {}",
    "exclusiveMaximum": "must be below {}",
}
_SIZES = {
    "minLength": ("at least", "character"),
    "maxLength": ("at most", "character"),
    "minItems": ("at least", "item"),
    "maxItems": ("at most", "item"),
    "minProperties": ("at least", "key"),
    "maxProperties": ("at most", "key"),
}


class Violation(msgspec.Struct, frozen=True):
    """A place where a payload does not fit its schema.

    Attributes:
        path: JSON path of the value, ``$.data.testLibrary[1].elapsedTime``; for a missing or an
            unknown key, that of the object.
        message: the expected value, in lower case; has keys, but never values of the payload.
        keyword: the failed keyword of JSON Schema, ``type``; ``json`` if the payload is not JSON,
            ``false`` if no value is allowed.
    """

    path: str
    message: str
    keyword: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def json_path(parts: Iterable[str | int]) -> str:
    """Return the JSON path with these parts: ``$.data.testLibrary[1]``.

    Long keys are cut, because they are untrusted.
    """
    return paths.shown(tuple(_cut(part) if isinstance(part, str) else part for part in parts))


def in_order(
    found: Iterable[tuple[Sequence[str | int], str, str]],
) -> list[Violation]:
    """Return violations in the order of the payload, without duplicates.

    Args:
        found: path parts, message and keyword of each.
    """

    def place(one: tuple[Sequence[str | int], str, str]) -> tuple[list[str], str, str]:
        parts, message, keyword = one
        sortable = [f"{part:09d}" if isinstance(part, int) else part for part in parts]
        return sortable, keyword, message

    ordered = sorted(found, key=place)
    return list(dict.fromkeys(Violation(json_path(p), m, k) for p, m, k in ordered))


def lacks(key: str) -> str:
    """Return the message for a missing key."""
    return f"lacks the key {_key(key)}"


def has_unknown(key: str) -> str:
    """Return the message for an unknown key."""
    return f"has the unknown key {_key(key)}"


def expected(keyword: str, value: Any) -> str:
    """Return the message for a failed keyword.

    Args:
        keyword: the keyword, ``maxLength``.
        value: its value in the schema.
    """
    if keyword == "type":
        kinds = [value] if isinstance(value, str) else sorted(value)
        return "must be " + " or ".join(_NOUNS[kind] for kind in kinds)
    if keyword == "format":
        return f"must have the format {value}"
    if keyword == "const":
        return f"must be {_json(value)}"
    if keyword == "enum":
        return "must be one of " + ", ".join(_json(one) for one in value)
    if keyword == "pattern":
        return f"must match {value}"
    if keyword == "not" and isinstance(value, dict) and set(value) == {"pattern"}:
        return f"must not match {value['pattern']}"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(_number(value))
    if keyword in _SIZES:
        side, noun = _SIZES[keyword]
        count = _number(value)
        return f"must have {side} {count} {noun}{'' if count == '1' else 's'}"
    if keyword == "false":
        return "must not be there"
    return f"breaks the rule {keyword}"


def _key(key: str) -> str:
    return repr(_cut(key))


def _cut(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else key[:_LONGEST_KEY] + "..."


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)
