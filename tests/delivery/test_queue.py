"""Which of the attempts that are due may start next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.delivery.queue import AttemptQueue
from emulator.delivery.reordering import Hold

if TYPE_CHECKING:
    from emulator.delivery.records import Key


def queue(
    *, in_flight: int = 64, per_webhook: int = 16, warm: tuple[int, ...] = (1, 2)
) -> AttemptQueue:
    """Return a queue in which the webhooks *warm* have answered before."""
    made = AttemptQueue(in_flight=in_flight, per_webhook=per_webhook, seed=1)
    for webhook in warm:
        made.note_speed(webhook, is_hanging=False)
    return made


def offer(made: AttemptQueue, *keys: Key, subject: str = "") -> None:
    for key in keys:
        made.offer(key, subject)


def taken(made: AttemptQueue) -> list[Key]:
    """Return all that may start now, in order."""
    found = []
    while (key := made.take()) is not None:
        found.append(key)
    return found


# --- order ----------------------------------------------------------------------------------


def test_attempts_start_in_the_order_of_their_keys() -> None:
    made = queue()
    offer(made, (3, 1, 1), (1, 2, 1), (2, 1, 2), (1, 1, 1), (2, 1, 1))
    assert taken(made) == [(1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 1, 2), (3, 1, 1)]


def test_in_lockstep_each_attempt_ends_before_the_next_starts() -> None:
    made = queue(in_flight=1, per_webhook=1)
    offer(made, (5, 1, 1))
    assert taken(made) == [(5, 1, 1)]
    offer(made, (9, 1, 1), (2, 1, 1), (1, 2, 1))
    order = []
    ended: Key = (5, 1, 1)
    while not made.is_idle:
        assert taken(made) == []
        made.release(ended)
        if (key := made.take()) is not None:
            order.append(key)
            ended = key
    assert order == [(1, 2, 1), (2, 1, 1), (9, 1, 1)]


def test_a_subject_s_next_message_to_a_webhook_waits_for_the_end_of_the_previous_one() -> None:
    made = queue()
    offer(made, (1, 1, 1), (2, 1, 1), (3, 1, 1), subject="ada")
    offer(made, (2, 2, 1), subject="ada")  # another webhook
    offer(made, (4, 1, 1), subject="bob")  # another subject
    assert taken(made) == [(1, 1, 1), (2, 2, 1), (4, 1, 1)]
    made.release((4, 1, 1))
    assert taken(made) == []
    made.release((1, 1, 1))
    assert taken(made) == [(2, 1, 1)]
    made.release((2, 1, 1))
    assert taken(made) == [(3, 1, 1)]


def test_a_retry_delays_nothing_and_waits_for_nothing() -> None:
    made = queue()
    offer(made, (3, 1, 1), subject="ada")
    offer(made, (1, 1, 2))  # a retry of ada's first message
    assert taken(made) == [(1, 1, 2), (3, 1, 1)]
    made.release((3, 1, 1))
    offer(made, (4, 1, 1), subject="ada")
    assert taken(made) == [(4, 1, 1)]  # the retry is still under way


def test_an_attempt_waits_for_another_only_until_that_ended() -> None:
    made = queue()
    made.offer((2, 1, 1), after=(1, 1, 1))  # never offered, or ended
    made.offer((3, 1, 1), after=(2, 1, 1))
    assert taken(made) == [(2, 1, 1)]
    made.release((2, 1, 1))
    assert taken(made) == [(3, 1, 1)]


# --- limits ---------------------------------------------------------------------------------


def test_no_more_than_the_limit_are_under_way_at_once() -> None:
    made = queue(in_flight=5, warm=tuple(range(30)))
    offer(made, *[(number, number, 1) for number in range(1, 30)])
    assert len(taken(made)) == 5
    made.release((1, 1, 1))
    assert taken(made) == [(6, 6, 1)]


def test_no_more_than_the_webhook_s_limit_are_under_way_to_it() -> None:
    made = queue(per_webhook=3)
    offer(made, *[(number, webhook, 1) for number in range(1, 20) for webhook in (1, 2)])
    assert sorted(key[1] for key in taken(made)) == [1, 1, 1, 2, 2, 2]
    made.release((2, 1, 1))
    assert taken(made) == [(4, 1, 1)]


def test_attempts_that_ended_together_free_as_many_places() -> None:
    made = queue(per_webhook=3)
    offer(made, *[(number, 1, 1) for number in range(1, 9)])
    first = taken(made)
    for key in first:
        made.release(key)
    assert taken(made) == [(4, 1, 1), (5, 1, 1), (6, 1, 1)]
    assert taken(made) == []


@pytest.mark.parametrize("webhook_limit", [1, 2])
def test_a_full_webhook_delays_no_other(webhook_limit: int) -> None:
    made = queue(in_flight=4, per_webhook=webhook_limit)
    offer(made, *[(number, 1, 1) for number in range(1, 11)])
    offer(made, (20, 2, 1))
    assert taken(made)[-1] == (20, 2, 1)
    assert not made.is_idle


def test_a_webhook_gets_few_attempts_until_it_has_answered_and_one_while_it_hangs() -> None:
    made = queue(warm=())
    offer(made, *[(number, 1, 1) for number in range(1, 31)])
    first = taken(made)
    assert len(first) == 4
    made.note_speed(1, is_hanging=True)
    made.release(first[0])
    assert taken(made) == []  # three are under way, and it may have one
    for key in first[1:]:
        made.release(key)
    (fifth,) = taken(made)
    made.note_speed(1, is_hanging=False)
    made.release(fifth)
    assert len(taken(made)) == 16


def test_other_limits_are_used_from_then_on_also_for_webhooks_that_have_answered() -> None:
    made = queue(in_flight=1, per_webhook=1)
    offer(made, (1, 1, 1), (2, 2, 1), (3, 2, 1))
    assert taken(made) == [(1, 1, 1)]
    assert made.set_limits(in_flight=8, per_webhook=4) == (1, 1)
    assert taken(made) == [(2, 2, 1), (3, 2, 1)]


def test_a_hurried_attempt_does_not_wait_for_a_full_webhook() -> None:
    made = queue(warm=())
    offer(made, *[(number, 1, 1) for number in range(1, 50)])
    assert len(taken(made)) == 4
    offer(made, (50, 1, 1))
    made.hurry((50, 1, 1))
    assert taken(made) == [(50, 1, 1)]


def test_a_crowd_starts_regardless_of_limits() -> None:
    made = queue(in_flight=1, per_webhook=1)
    offer(made, (1, 2, 1))
    assert taken(made) == [(1, 2, 1)]
    crowd: list[Key] = [(2, 1, number) for number in range(1, 9)]
    for key in crowd:
        made.crowd(key)
        made.offer(key)
    assert taken(made) == crowd


# --- the end --------------------------------------------------------------------------------


def test_a_queue_is_idle_once_everything_that_was_offered_ended() -> None:
    made = queue(per_webhook=1)
    offer(made, (1, 1, 1), (2, 1, 1))
    seen = [(made.has_ready, made.is_idle)]
    assert taken(made) == [(1, 1, 1)]
    seen.append((made.has_ready, made.is_idle))  # the second waits: the webhook is full
    assert seen == [(True, False), (False, False)]
    made.release((1, 1, 1))
    assert taken(made) == [(2, 1, 1)]
    made.release((2, 1, 1))
    assert made.is_idle


def test_a_cleared_queue_takes_the_same_keys_again() -> None:
    made = queue(per_webhook=2)
    offer(made, (1, 1, 1), (2, 1, 1), subject="ada")
    offer(made, (3, 1, 1), (4, 1, 1), (5, 1, 1))
    made.hold((6, 1, 1), Hold("f1", 3))
    taken(made)
    made.clear()
    assert made.is_idle
    assert not made.release_held()
    offer(made, (1, 1, 1), (2, 1, 1), subject="ada")
    assert taken(made) == [(1, 1, 1)]
    made.release((1, 1, 1))
    assert taken(made) == [(2, 1, 1)]


# --- held back ------------------------------------------------------------------------------


def test_a_held_attempt_goes_after_the_attempts_that_overtake_it() -> None:
    made = queue()
    made.hold((1, 1, 1), Hold("f1", 2))
    assert made.is_held((1, 1, 1))
    assert made.is_idle
    for key in ((2, 1, 1), (3, 2, 1), (4, 1, 1)):
        made.offer(key)
        made.planned(key)
    assert not made.is_held((1, 1, 1))
    assert taken(made) == [(2, 1, 1), (3, 2, 1), (4, 1, 1)]
    made.release((4, 1, 1))  # the second to the same webhook
    assert taken(made) == [(1, 1, 1)]


def test_held_attempts_are_offered_when_they_are_released() -> None:
    made = queue()
    made.hold((1, 1, 1), Hold("f1", 2))
    made.hold((2, 1, 1), Hold("f2", 1, 3))
    assert made.is_held((2, 1, 1))
    assert made.release_held()
    assert not made.release_held()
    assert taken(made) == [(1, 1, 1), (2, 1, 1)]
