"""Compares an attempt with an expectation, field by field. Pure."""

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
"""Attempts that a failed expectation shows."""

_WHOSE = frozenset({"event", "candidate", "assessment", "webhook"})
"""Fields that weigh more than all others: another subject is no near miss."""


class FieldComparison(msgspec.Struct, frozen=True):
    """One field: what was demanded, and what came.

    Attributes:
        came: as text.
    """

    field: str
    expected: str
    came: str
    is_equal: bool


class Sent(msgspec.Struct, frozen=True):
    """One request that went out; or a delivery for which none has gone out yet.

    Attributes:
        attempt: None when none has.
    """

    delivery: Delivery
    attempt: Attempt | None

    @property
    def headline(self) -> str:
        """It on one line, without anything secret."""
        told = f"delivery {self.delivery.id} {self.delivery.event}"
        if self.attempt is None:
            return f"{told}, not attempted, {self.delivery.status}"
        return f"{told}, attempt {self.attempt.number}: {self.attempt.answer}"


def sent(deliveries: Iterable[Delivery]) -> list[Sent]:
    """Return every attempt of *deliveries*, in the order of the messages."""
    return [
        Sent(delivery, attempt)
        for delivery in deliveries
        for attempt in delivery.attempts or (None,)
    ]


def same(field: str, expected: Any, came: Any) -> FieldComparison:
    """Compare two values as JSON does: true is not 1, and 1 is 1.0."""
    return compared(field, Matcher("is", expected), came)


def compared(field: str, demand: Matcher, came: Any, told: str = "") -> FieldComparison:
    """Compare a value with what is demanded of it.

    Args:
        field: how the comparison calls it.
        demand: what it has to be.
        came: the value, or ABSENT.
        told: in place of the value, as people should read it.
    """
    told = told or ("absent" if came is ABSENT else shown(came))
    return FieldComparison(field, str(demand), told, demand.fits(came))


def fields(where: Mapping[PayloadPath, Matcher], value: Any) -> list[FieldComparison]:
    """Compare values inside of a JSON *value* with those that *where* demands."""
    return [compared(path, demand, *found(path, value)) for path, demand in where.items()]


def answer(expected: Answered, attempt: Attempt | None) -> FieldComparison:
    """Compare how an attempt ended."""
    came = attempt.answer if attempt else "not attempted"
    fits = attempt is not None and expected.fits(attempt.outcome)
    return FieldComparison("answered", str(expected), came, fits)


def nearest(rated: list[tuple[list[FieldComparison], Sent]]) -> list[str]:
    """Return lines about the attempts that come nearest, later ones first."""
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
        return f"= {part.field}: {part.came}"
    return f"x {part.field}: expected {part.expected}, came {part.came}"


def found(path: PayloadPath, value: Any) -> tuple[Any, str]:
    """Return what stands at *path* of a JSON value, or ABSENT; and, if so, what is there."""
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
