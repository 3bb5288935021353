"""Searches for the highest rate that a consumer sustains: doubles it, then bisects. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

CLOSE_ENOUGH = 0.1
"""Share by which the lowest rate that breaks exceeds the highest that does not at the end."""

_LOWEST = 1 / 16  # of the first rate; a consumer that breaks there sustains nothing


def rates(start: float, fastest: float) -> Generator[float, bool, tuple[float, float | None]]:
    """Yield rates to try; receives whether the consumer sustained each.

    Args:
        start: the first rate, in messages a second.
        fastest: no rate above it is tried.

    Returns:
        The highest rate that was sustained, 0 if none was, and the lowest that was not, None if
        all were.
    """
    good, bad = 0.0, None
    rate = start
    while bad is None:
        if (yield rate):
            good = rate
            if rate >= fastest:
                return good, None
            rate = min(rate * 2, fastest)
        else:
            bad = rate
    while bad - good > bad * CLOSE_ENOUGH and bad > start * _LOWEST:
        rate = (bad + good) / 2
        if (yield rate):
            good = rate
        else:
            bad = rate
    return good, bad
