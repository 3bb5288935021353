"""What was demanded of a delivery against what came, field by field. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.errors import near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.records import Delivery
    from emulator.scenario.words import Answered, PayloadPath

MOST_SHOWN = 3
"""Deliveries that a failed expectation shows."""

_LONGEST = 120
_JSON = (bool, int, float, str, list, dict, type(None))


class Comparison(msgspec.Struct, frozen=True):
    """One field: what was demanded, and what came.

    Attributes:
        came: as text.
    """

    field: str
    expected: str
    came: str
    is_equal: bool


def same(field: str, expected: Any, came: Any) -> Comparison:
    """Compare two values as JSON does: true is not 1, and 1 is 1.0."""
    return Comparison(field, _shown(expected), _shown(came), is_same(expected, came))


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; true is not 1.

    Where something else than JSON is demanded, that decides what it equals.
    """
    if not isinstance(one, _JSON):
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def fields(where: Mapping[PayloadPath, Any], delivery: Delivery) -> list[Comparison]:
    """Compare values of the payload with those that *where* demands."""
    if not where:
        return []
    payload = delivery.payload
    return [_field(path, expected, payload) for path, expected in where.items()]


def answer(expected: Answered, delivery: Delivery) -> Comparison:
    """Compare how the last attempt of a delivery ended."""
    last = delivery.attempts[-1] if delivery.attempts else None
    came = last.answer if last else f"no attempt, {delivery.status}"
    return Comparison(
        "answered", str(expected), came, last is not None and expected.fits(last.outcome)
    )


def nearest(rated: list[tuple[list[Comparison], Delivery]]) -> list[str]:
    """Return lines about the deliveries that come nearest, later ones first."""
    if not rated:
        return ["  nothing was sent so far"]
    nearness = [_nearness(comparisons) for comparisons, _ in rated]
    best = [one for one, score in zip(rated, nearness, strict=True) if score == max(nearness)]
    lines = []
    for comparisons, delivery in best[-MOST_SHOWN:][::-1]:
        lines.append(f"  nearest: {headline(delivery)}")
        lines += [f"    {_line(part)}" for part in comparisons]
    return lines


def _nearness(comparisons: list[Comparison]) -> tuple[int, int]:
    # The event and the candidate weigh more than all fields: another subject is no near miss.
    whose = sum(part.is_equal for part in comparisons if part.field in ("event", "candidate"))
    return whose, sum(part.is_equal for part in comparisons)


def headline(delivery: Delivery) -> str:
    """Return a delivery on one line, without anything secret."""
    answers = ", ".join(one.answer for one in delivery.attempts) or delivery.status
    return f"delivery {delivery.id} {delivery.event}, {answers}"


def _field(path: PayloadPath, expected: Any, payload: Any) -> Comparison:
    at = payload
    for part in path.parts:
        is_item = isinstance(part, int) and isinstance(at, list) and part < len(at)
        if is_item or (isinstance(part, str) and isinstance(at, dict) and part in at):
            at = at[part]
        else:
            return Comparison(path, _shown(expected), _absent(part, at), is_equal=False)
    return same(path, expected, at)


def _absent(part: str | int, at: Any) -> str:
    if isinstance(at, list):
        return f"absent, a list of {len(at)}"
    close = near(str(part), at) if isinstance(at, dict) else []
    return f"absent, near: {', '.join(map(repr, close))}" if close else "absent"


def _line(part: Comparison) -> str:
    if part.is_equal:
        return f"= {part.field}: {part.came}"
    return f"x {part.field}: expected {part.expected}, came {part.came}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        text = repr(str(value))
    elif isinstance(value, _JSON):
        text = msgspec.json.encode(value, enc_hook=repr).decode()
    else:
        text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
