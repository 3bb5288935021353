"""Which faults apply to an attempt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from emulator import faults
from emulator.delivery.faults.fault import ActiveFault, for_attempt
from emulator.delivery.records import Message

AT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGE = Message(1, "msg_1", "candidate.completed", "v1", "invitation", "person", AT, b"", (1,))
DRAFT = Message(2, "msg_2", "assessment.created", "v1", "assessment", "", AT, b"", (1,))


@pytest.mark.parametrize(
    ("on", "fits"),
    [
        ({}, True),
        ({"event": "completed"}, True),
        ({"event": "candidate.invited"}, False),
        ({"event": "test"}, False),
        ({"candidate": "invitation"}, True),
        ({"candidate": "person"}, True),
        ({"candidate": "other"}, False),
        ({"webhook": "hook"}, True),
        ({"webhook": "other"}, False),
        ({"attempt": 2}, True),
        ({"attempt": 1}, False),
        ({"event": "completed", "candidate": "person", "webhook": "hook", "attempt": 2}, True),
        ({"event": "completed", "candidate": "person", "webhook": "hook", "attempt": 3}, False),
        ({"nth": 7}, True),
        ({"probability": 0.001}, True),
    ],
)
def test_an_attempt_fits_when_all_that_is_asked_for_does(on: dict[str, Any], fits: bool) -> None:
    assert faults.Match(**on).fits(MESSAGE, "hook", 2) is fits


def test_a_fault_of_one_candidate_does_not_affect_assessments() -> None:
    assert not faults.Match(candidate="person").fits(DRAFT, "hook", 1)


def planned(
    active: list[ActiveFault], message: Message = MESSAGE, attempt: int = 1, seed: int = 7
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return for_attempt(active, message, "hook", attempt, 1, seed)


def counted(active: list[ActiveFault], count: int, seed: int = 7) -> list[tuple[str, ...]]:
    """Return the faults of the first attempts of *count* messages, counted as by a fold."""
    found = []
    for number in range(1, count + 1):
        message = msgspec.structs.replace(MESSAGE, number=number)
        matched, applied = planned(active, message, seed=seed)
        active = [
            ActiveFault(
                one.id, one.fault, one.matched + (one.id in matched), one.used + (one.id in applied)
            )
            for one in active
        ]
        found.append(applied)
    return found


def test_matching_faults_are_listed_and_applied_in_order() -> None:
    active = [
        ActiveFault("b", faults.Drop()),
        ActiveFault("x", faults.Drop(on=faults.Match(event="invited"))),
        ActiveFault("a", faults.Reset(on=faults.Match(attempt=1))),
    ]
    assert planned(active) == (("b", "a"), ("b", "a"))
    assert planned(active, attempt=2) == (("b",), ("b",))
    assert planned([]) == ((), ())


def test_a_used_up_fault_still_counts_matching_attempts() -> None:
    active = [ActiveFault("a", faults.Drop(times=2), matched=5, used=2)]
    assert planned(active) == (("a",), ())


def test_a_fault_applies_as_often_as_it_says() -> None:
    assert counted([ActiveFault("a", faults.Drop(times=2))], 4) == [("a",), ("a",), (), ()]


def test_the_nth_that_fits_is_counted_from_one() -> None:
    nth = [ActiveFault("a", faults.Drop(on=faults.Match(nth=3)))]
    assert counted(nth, 5) == [(), (), ("a",), (), ()]


def test_only_matching_attempts_count_for_the_nth() -> None:
    active = [ActiveFault("a", faults.Drop(on=faults.Match(nth=2, attempt=2)), matched=1)]
    assert planned(active, attempt=1) == ((), ())
    assert planned(active, attempt=2) == (("a",), ("a",))


SOMETIMES = [ActiveFault("a", faults.Drop(on=faults.Match(probability=0.3)))]


def test_a_probability_is_the_share_in_the_long_run() -> None:
    hits = sum(map(bool, counted(SOMETIMES, 2_000)))
    assert 540 <= hits <= 660  # 600, and three standard deviations of 20.5


def test_a_certain_fault_always_applies() -> None:
    certain = [ActiveFault("a", faults.Drop(on=faults.Match(probability=1)))]
    assert counted(certain, 200) == [("a",)] * 200


def test_draws_follow_from_the_seed() -> None:
    assert counted(SOMETIMES, 200) == counted(SOMETIMES, 200)
    assert counted(SOMETIMES, 200) != counted(SOMETIMES, 200, seed=8)


def test_draws_depend_on_neither_order_nor_other_faults() -> None:
    others = [ActiveFault("b", faults.Reset(on=faults.Match(probability=0.3)))]
    alone, together = counted(SOMETIMES, 200), counted([*others, *SOMETIMES], 200)
    assert ["a" in one for one in alone] == ["a" in one for one in together]
    assert ["a" in one for one in together] != ["b" in one for one in together]
    backwards = [
        planned(SOMETIMES, msgspec.structs.replace(MESSAGE, number=number))[1]
        for number in range(200, 0, -1)
    ]
    assert backwards[::-1] == alone


def test_each_attempt_and_each_webhook_draws_for_itself() -> None:
    attempts = [planned(SOMETIMES, attempt=number)[1] for number in range(1, 50)]
    webhooks = [for_attempt(SOMETIMES, MESSAGE, "hook", 1, number, 7)[1] for number in range(1, 50)]
    assert len(set(attempts)) == len(set(webhooks)) == 2
    assert attempts != webhooks


def test_only_hits_use_up_a_bounded_probability() -> None:
    fault = faults.Drop(times=3, on=faults.Match(probability=0.3))
    found = counted([ActiveFault("a", fault)], 200)
    assert [index for index, one in enumerate(found) if one] == [
        index for index, one in enumerate(counted(SOMETIMES, 200)) if one
    ][:3]
