from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from emulator.reports.report import Case
from emulator.reports.timeline import MOST_MARKS, elapsed, timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.workspace.delivery_view import DeliveryView


def test_attempts_are_in_the_order_of_time_on_the_lane_of_their_webhook(
    delivery: Callable[..., DeliveryView],
) -> None:
    deliveries = (delivery(1, 503, 200), delivery(2, 500, webhook="audit", seconds=60))
    picture = timeline(Case("c", "passed", deliveries=deliveries), 3)
    assert picture is not None
    assert [name for name, _ in picture.lanes] == ["ats", "audit"]
    assert [(mark.look, mark.anchor) for mark in picture.marks] == [
        ("bad", "case-3-delivery-1-1"),
        ("bad", "case-3-delivery-2-1"),
        ("good", "case-3-delivery-1-1"),
    ]
    xs = [mark.x for mark in picture.marks]
    assert xs == sorted(set(xs))
    (_, ats), (_, audit) = picture.lanes
    assert [mark.y for mark in picture.marks] == [ats, audit, ats]
    assert picture.ticks == list(zip(xs, ["start", "+1m", "+1h"], strict=True))
    assert picture.retries == [(xs[0], xs[2], ats)]
    assert [mark.title for mark in picture.marks] == [
        "candidate.invited: 503, start",
        "candidate.invited: 500, +1m",
        "candidate.invited: 200, attempt 2, +1h",
    ]
    assert picture.width == 1_000
    assert xs[-1] < picture.width


def test_dropped_and_pending_deliveries_have_marks_of_their_own(
    delivery: Callable[..., DeliveryView],
) -> None:
    deliveries = (delivery(1), delivery(2, 500, status="dropped"), delivery(3, status="dropped"))
    picture = timeline(Case("c", "passed", deliveries=deliveries), 1)
    assert picture is not None
    assert [mark.look for mark in picture.marks] == ["waiting", "bad", "dropped", "dropped"]


def test_at_one_instant_the_order_of_the_messages_stays(
    delivery: Callable[..., DeliveryView],
) -> None:
    picture = timeline(Case("c", "passed", deliveries=tuple(map(delivery, (3, 1, 2)))), 1)
    assert picture is not None
    assert [mark.anchor[-3:] for mark in picture.marks] == ["3-1", "1-1", "2-1"]
    assert len(picture.ticks) == 1


def test_nothing_sent_is_no_picture() -> None:
    assert timeline(Case("c", "passed"), 1) is None


def test_a_large_picture_leaves_out_accepted_attempts(
    delivery: Callable[..., DeliveryView],
) -> None:
    deliveries = [delivery(n, 500 if n % 100 == 0 else 200) for n in range(MOST_MARKS + 50)]
    picture = timeline(Case("c", "passed", deliveries=tuple(deliveries)), 1)
    assert picture is not None
    assert (len(picture.marks), picture.left_out) == (MOST_MARKS, 50)
    assert sum(mark.look == "bad" for mark in picture.marks) == 11


def test_labels_of_the_axis_do_not_overlap(delivery: Callable[..., DeliveryView]) -> None:
    deliveries = tuple(delivery(n, 200, seconds=n) for n in range(300))
    picture = timeline(Case("c", "passed", deliveries=deliveries), 1)
    assert picture is not None
    gaps = [b - a for (a, _), (b, _) in pairwise(picture.ticks)]
    assert min(gaps) >= 42
    assert picture.marks[-1].x < picture.width


def test_a_long_name_of_a_webhook_is_cut(delivery: Callable[..., DeliveryView]) -> None:
    made = tuple(delivery(n, 200, webhook="w" * 40 + str(n)) for n in (1, 2))
    picture = timeline(Case("c", "passed", deliveries=made), 1)
    assert picture is not None
    assert [name for name, _ in picture.lanes] == ["w" * 27 + "…"] * 2
    assert picture.marks[0].y != picture.marks[1].y


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(0), "0s"),
        (timedelta(milliseconds=1250), "1.25s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=1), "1m"),
        (timedelta(hours=2, minutes=5, seconds=9), "2h 5m"),
        (timedelta(days=30), "30d"),
        (timedelta(days=30, minutes=1), "30d 1m"),
    ],
)
def test_a_length_of_time_is_shown_in_its_largest_units(length: timedelta, shown: str) -> None:
    assert elapsed(length.total_seconds()) == shown
