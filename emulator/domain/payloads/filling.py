"""Fills learned shapes with the values of a payload that the emulator built. Pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from emulator import paths
from emulator.domain.payloads import fields
from emulator.domain.payloads.value_kinds import TYPES, kind_of
from emulator.durations import instant
from emulator.paths import ABSENT

if TYPE_CHECKING:
    from emulator.domain.payloads.shapes import Scope, Shape

FREE = frozenset({"word", "text"})
"""Kinds of text without a form, such as names, titles and remarks."""

_DATES = frozenset({
    "datetime", "datetime_seconds", "datetime_offset", "date", "epoch_seconds",
    "epoch_milliseconds",
})  # fmt: skip
_IDS = frozenset({"object_id", "uuid", "serial"})
_NUMBERS = ("integer", "number", "serial")


class Context(NamedTuple):
    """The facts on which made-up values depend.

    Attributes:
        at: the time of the event.
        subjects: scope -> the id of its subject.
    """

    at: datetime
    subjects: dict[Scope, str]


def filled(shape: Shape, payload: Any, event: str, at: datetime) -> Any:
    """Return a payload of the learned shape with the values of *payload*.

    A value without a source is made up; it is the same for all messages about its subject.

    Args:
        shape: of the payloads of the event type.
        payload: as the emulator built it.
        event: id of the event type.
        at: the time of the event.
    """
    assessment = fields.text(payload, "assessmentId")
    subjects: dict[Scope, str] = {
        "workspace": fields.text(payload, "orgName"),
        "assessment": assessment,
        "candidate": fields.text(payload, "email", "candidateId") or assessment,
        "message": f"{event}/{at.isoformat()}/{hash_of(msgspec.json.encode(payload).decode())}",
    }
    return _filled(shape, payload, Context(at, subjects), ())


def hash_of(text: str) -> str:
    """Return 64 hexadecimal digits that follow from *text*."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _filled(shape: Shape, anchor: Any, context: Context, path: paths.Path) -> Any:
    """Return a value of *shape*.

    Args:
        shape: of the value.
        anchor: the payload or the list's item in which the sources are.
        context: for made-up values.
        path: of the value in the new payload, from the anchor.
    """
    found = _found(shape, anchor)
    kind = kind_of(found) if found is not ABSENT else ""
    wanted = kind if kind in shape.kinds else shape.kind
    if wanted == "object":
        return {key: _filled(shape.keys[key], anchor, context, (*path, key)) for key in shape.order}
    if wanted == "list":
        return _list(shape, found, context, path)
    if _is_fitting(found, kind, shape):
        return found
    if shape.is_closed and wanted == "word":
        return max(shape.words, key=lambda word: shape.words[word])
    value = ABSENT if found is ABSENT else converted(found, wanted)
    return made_up(wanted, shape, context, path) if value is ABSENT else value


def _found(shape: Shape, anchor: Any) -> Any:
    """Return the value that the emulator's own payload has; ABSENT if it has none."""
    if shape.joined:
        parts = [paths.find(anchor, source) for source in shape.joined]
        return " ".join(parts) if all(isinstance(part, str) for part in parts) else ABSENT
    return ABSENT if shape.source is None else paths.find(anchor, shape.source)


def _list(shape: Shape, found: Any, context: Context, path: paths.Path) -> list[Any]:
    if shape.items is None:
        return []
    anchors = found if isinstance(found, list) else [found]
    return [
        _filled(shape.items, anchor, context, (*path, index))
        for index, anchor in enumerate(anchors)
    ]


def _is_fitting(value: Any, kind: str, shape: Shape) -> bool:
    if shape.is_closed and kind == "word":
        return value in shape.words
    if TYPES.get(kind) == "integer" and not {"integer", "serial"}.isdisjoint(shape.kinds):
        return True
    is_free = not shape.is_closed and not FREE.isdisjoint(shape.kinds)
    return kind in shape.kinds or (is_free and kind in (*FREE, "numeric"))


# --- values ---------------------------------------------------------------------------------


def converted(value: Any, wanted: str) -> Any:
    """Return *value* as a value of the kind *wanted*; ABSENT if it cannot be."""
    kind = kind_of(value)
    if wanted == "null":
        return None
    if kind in _DATES and wanted in _DATES:
        return dated(_time_of(value), wanted)
    if kind in _IDS and wanted in _IDS:
        return _id(wanted, str(value))
    if kind == "url" and wanted == "path":
        return urlsplit(value).path.lstrip("/") or ABSENT
    if TYPES[kind] in ("integer", "number") and wanted in (*_NUMBERS, "numeric"):
        return str(value) if wanted == "numeric" else int(value)
    if kind == "numeric" and wanted in _NUMBERS:
        return int(float(value))
    if kind == "boolean" and wanted == "word":
        return str(value).lower()
    if wanted == "text" and isinstance(value, str) and value:
        return value
    return ABSENT


def dated(at: datetime, wanted: str) -> str | int:
    """Return a time in the form of a kind of dates."""
    match wanted:
        case "epoch_seconds":
            return int(at.timestamp())
        case "epoch_milliseconds":
            return round(at.timestamp() * 1000)
        case "date":
            return at.date().isoformat()
        case "datetime_seconds":
            return f"{at:%Y-%m-%dT%H:%M:%SZ}"
        case "datetime_offset":
            return at.astimezone(UTC).isoformat(timespec="milliseconds")
    return instant(at.astimezone(UTC))


def made_up(wanted: str, shape: Shape, context: Context, path: paths.Path) -> Any:
    """Return a value of the kind *wanted* that follows from its subject and its name."""
    name = next((part for part in reversed(path) if isinstance(part, str)), "value")
    place = "/".join(str(part) for part in path if isinstance(part, int))
    digits = hash_of(f"{context.subjects[shape.scope]}/{name}/{place}")
    if wanted in _DATES:
        return dated(context.at, wanted)
    if wanted in _IDS:
        return _id(wanted, digits)
    return {
        "null": None,
        "boolean": shape.words.get("true", 0) >= shape.words.get("false", 0),
        "integer": 1,
        "number": 0.5,
        "numeric": "1",
        "empty": "",
        "email": f"{digits[:8]}@example.com",
        "url": f"https://example.com/{name}/{digits[:24]}",
        "path": f"{name}/{digits[:24]}",
        "word": name.upper(),
    }.get(wanted, f"Made-up {name}")


def _id(wanted: str, text: str) -> str | int:
    digits = hash_of(text)
    if wanted == "serial":
        return 10_000 + int(digits[:7], 16)
    return digits[:24] if wanted == "object_id" else str(UUID(hex=digits[:32], version=4))


def _time_of(value: Any) -> datetime:
    if isinstance(value, int):
        seconds = value / 1000 if kind_of(value) == "epoch_milliseconds" else value
        return datetime.fromtimestamp(seconds, UTC)
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
