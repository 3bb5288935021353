"""Durations and instants as text: ``150ms``, ``2h``, ``30d``, ``2026-01-01T00:00:00.000Z``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from emulator.errors import InvalidInputError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
PATTERN = r"^([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)$"
"""The form of a duration, for JSON schemas."""

_FORM = re.compile(PATTERN)
LONGEST = 3_650 * 86_400.0  # ten years; a longer duration is most likely a mistake


def parse(text: str) -> float:
    """Return the length of a duration in seconds.

    Raises:
        InvalidInputError: no unit, an unknown unit, or longer than ten years.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        message = (
            f"not a duration: {text!r}; expected a number and a unit, as in 150ms 10s 5m 2h 30d"
        )
        raise InvalidInputError(message)
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > LONGEST:
        message = f"too long a duration: {text!r}; the longest is 3650d"
        raise InvalidInputError(message)
    return seconds


def show(seconds: float) -> str:
    """Return *seconds* in the largest unit that needs no fraction: ``2h``, ``90s``, ``150ms``."""
    for unit in ("d", "h", "m", "s"):
        size = _UNITS[unit]
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return (
        f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    )


@lru_cache(maxsize=1024)
def instant(at: datetime) -> str:
    """Return an aware UTC time in the form of JavaScript: ``2026-01-01T00:00:00.000Z``."""
    return f"{at.isoformat(timespec='milliseconds')[:-6]}Z"


def parse_instant(text: str, *, path: str | None = None) -> datetime:
    """Return a time in UTC, in whole milliseconds.

    Args:
        text: a time in ISO 8601 with a zone.
        path: JSON path of the value, for the error.

    Raises:
        InvalidInputError: not a time, or without a zone.
    """
    try:
        at = datetime.fromisoformat(text)
        has_zone = at.tzinfo is not None
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):  # not a time, or beyond the years of datetime
        has_zone = False
    if not has_zone:
        message = f"not a time: {text[:40]!r}; expected one like '2026-01-01T00:00:00Z'"
        raise InvalidInputError(message, path=path)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
