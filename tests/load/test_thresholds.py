from __future__ import annotations

import pytest

from emulator.errors import InvalidInputError
from emulator.load.measurements import Measurements, Second, percentile
from emulator.load.thresholds import parse


def _measured() -> Second:
    second = Second()
    for number in range(1, 101):  # 1 to 100 ms after they were sent, each 10 ms late
        second.scheduled += 1
        second.sent += 1
        second.note(late=0.01, took=number / 1000, error="status 500" if number > 95 else "")
    return second


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("p50<61ms", True),
        ("p50<60ms", False),
        ("p99<=110ms", True),
        ("p99.9<105ms", False),
        ("max<200ms", True),
        ("errors<5%", False),
        ("errors<=5%", True),
        ("errors<0.1%", False),
        ("lateness<11ms", True),
        (" lateness < 9ms ", False),
    ],
)
def test_a_threshold_is_compared_with_the_measurement(text: str, is_met: bool) -> None:
    assert parse(text).is_met(_measured()) is is_met


def test_latency_counts_from_when_a_message_was_due() -> None:
    assert percentile(_measured().latency, 100) == pytest.approx(0.11, rel=0.002)
    assert percentile(_measured().service, 100) == pytest.approx(0.1, rel=0.002)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("p99", "expected one like"),
        ("p99<200", "not a duration"),
        ("errors<1", "not a share"),
        ("errors<101%", "not a share"),
        ("error<1%", "near: 'errors'"),
        ("p999<1s", "near"),
        ("p99>1s", "expected one like"),
    ],
)
def test_an_invalid_threshold_is_refused(text: str, near: str) -> None:
    with pytest.raises(InvalidInputError, match=near):
        parse(text)


def test_measurements_of_workers_add_up_to_those_of_one_worker() -> None:
    one, other, both = Second(), Second(), Second()
    for number in range(1_000):
        half = one if number % 2 else other
        for second in (half, both):
            second.scheduled += 1
            second.sent += 1
            second.note(late=number / 1e5, took=number / 1e4, error="reset" if number == 7 else "")
    together = Measurements()
    together.add(one.tick(3))
    together.add(other.tick(3))
    assert together.seconds[3].tick(3) == both.tick(3)
    assert together.total().errors == {"reset": 1}


def test_an_empty_second_measures_nothing() -> None:
    assert percentile(Second().latency, 99) == 0
    assert parse("errors<1%").is_met(Second())
