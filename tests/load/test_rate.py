from __future__ import annotations

import pytest

from emulator.errors import InvalidInputError
from emulator.load.rate import Rate, parse


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("500/s", Rate(500, 500)),
        ("30/m", Rate(0.5, 0.5)),
        ("10/s..1000/s", Rate(10, 1000)),
        ("0.5/s .. 2/s", Rate(0.5, 2)),
    ],
)
def test_a_rate_is_read_from_text(text: str, rate: Rate) -> None:
    assert parse(text) == rate


@pytest.mark.parametrize(
    "text", ["", "500", "500/h", "-1/s", "0/s", "10/s..", "1e3/s", "2000000/s", "nan/s"]
)
def test_an_invalid_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInputError, match="expected"):
        parse(text)


def test_a_decreasing_rate_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="decreases"):
        parse("10/s..5/s")


def test_a_constant_rate_has_messages_at_equal_distances() -> None:
    rate = parse("4/s")
    assert [rate.due(number, 10) for number in range(4)] == [0, 0.25, 0.5, 0.75]
    assert rate.count(10) == 40


def test_a_rising_rate_ends_with_its_last_message_at_the_end() -> None:
    rate = parse("10/s..30/s")
    assert rate.count(10) == 200
    assert rate.due(200, 10) == pytest.approx(10)
    # After half the time the mean rate was 15 a second.
    assert rate.due(75, 10) == pytest.approx(5)
    assert rate.at(5, 10) == 20


def test_messages_are_due_in_their_order() -> None:
    rate = parse("1/s..100/s")
    due = [rate.due(number, 7) for number in range(rate.count(7))]
    assert due == sorted(due)
    assert due[-1] < 7
