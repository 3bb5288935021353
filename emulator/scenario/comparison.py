"""Compares attempts with expectations, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Attempt, Delivery
from emulator.errors import near
from emulator.paths import ABSENT, find, reached
from emulator.scenario.matchers import Matcher, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from emulator.paths import Path
    from emulator.scenario.value_types import Answered, PayloadPath

MOST_SHOWN = 3
"""The most attempts that a failed expectation shows."""

_WHOSE = frozenset({"event", "candidate", "assessment", "webhook"})
"""Fields that outweigh all others: an attempt about another subject is no near miss."""


class FieldComparison(msgspec.Struct, frozen=True):
    """The comparison of a field with its expected value.

    Attributes:
        actual: the actual value, as text.
    """

    field: str
    expected: str
    actual: str
    is_equal: bool


class Sent(msgspec.Struct, frozen=True):
    """An attempt, or a delivery that has no attempt yet.

    Attributes:
        attempt: None for a delivery without an attempt.
    """

    delivery: Delivery
    attempt: Attempt | None

    @property
    def headline(self) -> str:
        """The attempt on one line, without secrets."""
        name = f"delivery {self.delivery.id} {self.delivery.event}"
        if self.attempt is None:
            return f"{name}, not attempted, {self.delivery.status}"
        return f"{name}, attempt {self.attempt.number}: {self.attempt.answer}"


def sent(deliveries: Iterable[Delivery]) -> list[Sent]:
    """Return every attempt of *deliveries*, in the order of the messages."""
    return [
        Sent(delivery, attempt)
        for delivery in deliveries
        for attempt in delivery.attempts or (None,)
    ]


def same(field: str, expected: Any, actual: Any) -> FieldComparison:
    """Compare two JSON values: true is not 1, and 1 is 1.0."""
    return compared(field, Matcher("is", expected), actual)


def compared(field: str, demand: Matcher, actual: Any, text: str = "") -> FieldComparison:
    """Compare a value with a matcher.

    Args:
        field: the name of the field in messages.
        demand: the matcher.
        actual: the actual value, or ABSENT.
        text: the text to show in place of the value.
    """
    text = text or ("absent" if actual is ABSENT else shown(actual))
    return FieldComparison(field, str(demand), text, demand.fits(actual))


def fields(where: Mapping[PayloadPath, Matcher], value: Any) -> list[FieldComparison]:
    """Compare values inside a JSON *value* with the matchers in *where*."""
    return [compared(path, demand, *found(path, value)) for path, demand in where.items()]


def answer(expected: Answered, attempt: Attempt | None) -> FieldComparison:
    """Compare the answer to an attempt."""
    actual = attempt.answer if attempt else "not attempted"
    fits = attempt is not None and expected.fits(attempt.outcome)
    return FieldComparison("answered", str(expected), actual, fits)


def nearest(rated: list[tuple[list[FieldComparison], Sent]]) -> list[str]:
    """Return lines that describe the nearest attempts, later attempts first."""
    if not rated:
        return ["  nothing was sent so far"]
    nearness = [_nearness(comparisons) for comparisons, _ in rated]
    best = [one for one, score in zip(rated, nearness, strict=True) if score == max(nearness)]
    lines = []
    for comparisons, one in best[-MOST_SHOWN:][::-1]:
        lines.append(f"  nearest: {one.headline}")
        lines += [f"    {line(part)}" for part in comparisons]
    return lines


def line(part: FieldComparison) -> str:
    """Return a comparison on one line."""
    if part.is_equal:
        return f"= {part.field}: {part.actual}"
    return f"x {part.field}: expected {part.expected}, got {part.actual}"


def found(path: PayloadPath, value: Any) -> tuple[Any, str]:
    """Return the value at *path*, or ABSENT and a description of the nearest place."""
    value_there = find(value, path.parts)
    return value_there, _absent(value, path.parts) if value_there is ABSENT else ""


def _nearness(comparisons: list[FieldComparison]) -> tuple[int, int]:
    whose = sum(part.is_equal for part in comparisons if part.field in _WHOSE)
    return whose, sum(part.is_equal for part in comparisons)


def _absent(value: Any, path: Path) -> str:
    at, (part, *_) = reached(value, path)
    if isinstance(at, list):
        return f"absent, a list of {len(at)}"
    close = near(str(part), at) if isinstance(at, dict) else []
    return f"absent, near: {', '.join(map(repr, close))}" if close else "absent"
