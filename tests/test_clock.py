"""Timelines: when each timer fires, and the time of the clock."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from emulator.clock import EPOCH, Timeline, TimerKey

SECOND = timedelta(seconds=1)


def popped(timeline: Timeline) -> list[TimerKey]:
    keys = []
    while (key := timeline.pop_due()) is not None:
        keys.append(key)
    return keys


def test_a_virtual_clock_starts_in_2026_and_does_not_move() -> None:
    timeline = Timeline("virtual")
    assert timeline.now() == EPOCH == datetime(2026, 1, 1, tzinfo=UTC)
    assert timeline.now() == EPOCH


def test_a_virtual_clock_stays_where_it_was_moved_also_back_in_time() -> None:
    timeline = Timeline("virtual", EPOCH + SECOND)
    timeline.move_to(EPOCH)
    assert timeline.now() == EPOCH


def test_a_real_clock_has_whole_milliseconds_in_utc() -> None:
    timeline = Timeline("real", EPOCH)
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    now = timeline.now()
    assert before <= now <= datetime.now(UTC)
    assert now.microsecond % 1000 == 0
    assert now.tzinfo is UTC


def test_without_timers_nothing_is_due() -> None:
    timeline = Timeline("virtual")
    assert timeline.next_at() is None
    assert timeline.pop_due() is None
    assert len(timeline) == 0


def test_a_timer_is_due_at_its_instant_and_not_before() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH + SECOND)
    timeline.move_to(EPOCH + SECOND - timedelta(microseconds=1))
    assert timeline.pop_due() is None
    timeline.move_to(EPOCH + SECOND)
    assert timeline.pop_due() == (1, 1, 0, 0)
    assert len(timeline) == 0


def test_timers_at_one_instant_fire_in_the_order_of_their_keys() -> None:
    timeline = Timeline("virtual")
    keys = [(2, 1, 2, 1), (2, 1, 1, 2), (1, 9, 0, 0), (2, 1, 1, 1), (1, 3, 0, 0)]
    for key in keys:
        timeline.set_timer(key, EPOCH)
    assert popped(timeline) == sorted(keys)


def test_an_earlier_timer_fires_before_a_smaller_key() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    timeline.set_timer((2, 9, 9, 9), EPOCH - SECOND)
    assert popped(timeline) == [(2, 9, 9, 9), (1, 1, 0, 0)]


def test_a_cancelled_timer_never_fires() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    timeline.set_timer((1, 2, 0, 0), EPOCH)
    timeline.cancel((1, 1, 0, 0))
    timeline.cancel((1, 7, 0, 0))  # never stood
    assert len(timeline) == 1
    assert popped(timeline) == [(1, 2, 0, 0)]


def test_next_at_passes_over_a_cancelled_timer() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    timeline.set_timer((1, 2, 0, 0), EPOCH + SECOND)
    timeline.cancel((1, 1, 0, 0))
    assert timeline.next_at() == EPOCH + SECOND
    timeline.cancel((1, 2, 0, 0))
    assert timeline.next_at() is None


def test_a_rescheduled_timer_fires_once_at_its_new_time() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    timeline.set_timer((1, 1, 0, 0), EPOCH + SECOND)
    assert timeline.pop_due() is None
    timeline.move_to(EPOCH + 2 * SECOND)
    assert popped(timeline) == [(1, 1, 0, 0)]


def test_a_timer_that_is_set_twice_to_one_instant_fires_once() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    assert popped(timeline) == [(1, 1, 0, 0)]


def test_a_timer_that_is_set_earlier_fires_earlier() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH + SECOND)
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    assert timeline.next_at() == EPOCH
    timeline.move_to(EPOCH + SECOND)
    assert popped(timeline) == [(1, 1, 0, 0)]


def test_clear_takes_all_timers_away() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    timeline.clear()
    assert len(timeline) == 0
    assert timeline.next_at() is None


def test_a_timer_of_the_past_is_due_on_a_real_clock() -> None:
    timeline = Timeline("real")
    timeline.set_timer((1, 1, 0, 0), EPOCH)
    timeline.set_timer((1, 2, 0, 0), datetime.now(UTC) + timedelta(days=1))
    assert popped(timeline) == [(1, 1, 0, 0)]


keys = st.tuples(st.integers(1, 2), st.integers(1, 4), st.just(0), st.just(0))
steps = st.lists(st.tuples(keys, st.none() | st.integers(0, 5)), max_size=30)


@given(steps)
def test_timers_fire_as_in_a_plain_table(
    steps: list[tuple[TimerKey, int | None]],
) -> None:
    timeline, table = Timeline("virtual"), dict[TimerKey, datetime]()
    for key, second in steps:
        if second is None:
            timeline.cancel(key)
            table.pop(key, None)
        else:
            timeline.set_timer(key, EPOCH + second * SECOND)
            table[key] = EPOCH + second * SECOND
        assert timeline.next_at() == min(table.values(), default=None)
        assert len(timeline) == len(table)
    timeline.move_to(EPOCH + 5 * SECOND)
    assert popped(timeline) == sorted(table, key=lambda key: (table[key], key))


def test_cancelled_timers_do_not_pile_up() -> None:
    timeline = Timeline("virtual")
    timeline.set_timer((9, 0, 0, 0), EPOCH + timedelta(days=2))
    tracemalloc.start()
    for number in range(10_000):
        timeline.set_timer((1, number, 0, 0), EPOCH + timedelta(days=1))
        timeline.cancel((1, number, 0, 0))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 500_000  # they would take more than 2 MB
    assert timeline.next_at() == EPOCH + timedelta(days=2)
