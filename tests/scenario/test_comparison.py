from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.delivery.records import Attempt, Delivery, Message, Outcome, Reason
from emulator.scenario.comparison import Sent, answer, fields, nearest, same, sent
from emulator.scenario.matchers import Matcher, is_same
from emulator.scenario.value_types import READERS, Answered, PayloadPath

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _delivery(body: bytes = b"{}", *outcomes: Outcome | None, number: int = 1) -> Delivery:
    message = Message(number, "msg_1", "candidate.invited", "v1", "s", "p", AT, body, (1,))
    attempts = tuple(
        Attempt(place, "scheduled", AT, "http://127.0.0.1:9", (), outcome)
        for place, outcome in enumerate(outcomes, start=1)
    )
    return Delivery(message, "w", 1, attempts=attempts)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (0, False, False),
        (None, None, True),
        (None, False, False),
        ("1", 1, False),
        ([1, [True]], [1, [True]], True),
        ([1, [True]], [1, [1]], False),
        ([1], [1, 2], False),
        ({"a": 1, "b": {"c": 0}}, {"b": {"c": 0}, "a": 1}, True),
        ({"a": 0}, {"a": False}, False),
        ({"a": 0}, {"a": 0, "b": 0}, False),
    ],
)
def test_values_are_compared_as_json_does(one: Any, other: Any, expected: bool) -> None:
    assert is_same(one, other) is expected
    assert same("x", one, other).is_equal is expected


@pytest.mark.parametrize(
    ("path", "expected", "actual"),
    [
        ("data.list[1].a", 2, "2"),
        ("$.data.list[1].a", 2, "2"),
        ("data.list[2].a", 2, "absent, a list of 2"),
        ("data.lisp", 2, "absent, near: 'list'"),
        ("data.list.a", 2, "absent, a list of 2"),
        ("data[0]", 2, "absent"),
        ("data.list[0].a.b", 2, "absent"),
        ("data.text", "x", "'" + "y" * 119 + "..."),
    ],
)
def test_a_path_leads_to_a_value_or_to_a_description_of_its_parent(
    path: str, expected: Any, actual: str
) -> None:
    delivery = _delivery(b'{"data":{"list":[{"a":1},{"a":2}],"text":"%s"}}' % (b"y" * 500))
    [compared] = fields({PayloadPath(path): Matcher("is", expected)}, delivery.payload)
    assert compared.actual == actual
    assert compared.is_equal is (actual == "2")


@pytest.mark.parametrize(
    ("word", "status", "reason", "expected"),
    [
        ("2xx", 204, "answered", True),
        ("2xx", 304, "answered", False),
        ("4XX", 404, "answered", True),
        (409, 409, "answered", True),
        (409, 410, "answered", False),
        ("timeout", None, "answer_timeout", True),
        ("timeout", None, "connect_timeout", True),
        ("timeout", None, "refused", False),
        ("refused", None, "refused", True),
        ("refused", 500, "answered", False),
        ("5xx", None, "refused", False),
    ],
)
def test_an_answer_is_a_status_a_class_or_none(
    word: str | int, status: int | None, reason: Reason, expected: bool
) -> None:
    answered: Answered = READERS[Answered](word)
    assert answered.fits(Outcome(reason, status)) is expected


def test_each_attempt_is_looked_at_by_itself() -> None:
    failed, accepted = Outcome("answered", 503), Outcome("answered", 200)
    attempts = sent([_delivery(b"{}", failed, accepted), _delivery(number=2)])
    assert [attempt.headline for attempt in attempts] == [
        "delivery 1-1 candidate.invited, attempt 1: 503",
        "delivery 1-1 candidate.invited, attempt 2: 200",
        "delivery 2-1 candidate.invited, not attempted, pending",
    ]
    assert [answer(Answered("2xx"), attempt.attempt).is_equal for attempt in attempts] == [
        False,
        True,
        False,
    ]


def test_a_delivery_without_a_finished_attempt_has_no_answer() -> None:
    assert answer(Answered("2xx"), None).actual == "not attempted"
    [one] = sent([_delivery(b"{}", None)])
    compared = answer(Answered("2xx"), one.attempt)
    assert (compared.actual, compared.is_equal) == ("under way", False)


def _unsent(number: int) -> Sent:
    return Sent(_delivery(number=number), None)


def test_of_equally_near_attempts_the_newest_three_are_shown() -> None:
    rated = [([same("event", "a", "b")], _unsent(number)) for number in range(1, 6)]
    shown = [line for line in nearest(rated) if "nearest" in line]
    assert shown == [
        f"  nearest: delivery {number}-1 candidate.invited, not attempted, pending"
        for number in (5, 4, 3)
    ]


def test_the_right_subject_is_nearer_than_many_right_fields() -> None:
    right = ([same("event", "a", "a"), same("x", 1, 2), same("y", 1, 2)], _unsent(1))
    wrong = ([same("event", "a", "b"), same("x", 1, 1), same("y", 1, 1)], _unsent(2))
    assert nearest([right, wrong])[0].startswith("  nearest: delivery 1-1")
