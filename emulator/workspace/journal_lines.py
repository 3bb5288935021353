"""The journal as people and programs read it: JSON lines, secrets redacted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.redaction import redacted
from emulator.durations import instant
from emulator.printing import printable_json

if TYPE_CHECKING:
    from emulator.journal.entry import Entry


def shown(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain JSON: times as text, bodies as text, secrets redacted."""
    plain: dict[str, Any] = redacted(
        msgspec.to_builtins(entry, builtin_types=(datetime, bytes), order="deterministic")
    )
    return {key: _as_text(value) for key, value in plain.items()}


def line(entry: Entry) -> bytes:
    """Return an entry as one line of JSON, its newline included."""
    return printable_json(msgspec.json.encode(shown(entry))) + b"\n"


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {key: _as_text(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(one) for one in value]
    return value
