"""Durations as people write them: ``150ms``, ``10s``, ``5m``, ``2h``, ``30d``."""

from __future__ import annotations

import re

from emulator.errors import InvalidInputError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_FORM = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,6})?)(?P<unit>ms|s|m|h|d)")
LONGEST = 3_650 * 86_400.0  # ten years: beyond that it is a slip of the pen


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
    seconds = float(match["number"]) * _UNITS[match["unit"]]
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
