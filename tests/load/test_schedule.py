from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest

from emulator.load.schedule import Slot, Traffic, life, mine, slots

EVENTS = {"COMPLETED": (1, 1, 1, 1), "INVITATION_EXPIRED": (1, 1), "REJECTED": (1, 1, 1, 2, 2)}
TRAFFIC = Traffic(7, {"COMPLETED": 3.0, "INVITATION_EXPIRED": 1.0, "REJECTED": 1.0})


def _all(traffic: Traffic = TRAFFIC, candidates: int = 200, rate: float = 100) -> list[Slot]:
    return list(slots(traffic, EVENTS, rate, candidates=candidates))


def test_each_candidate_gets_all_messages_of_its_life_once() -> None:
    found = Counter(_all())
    assert set(found.values()) == {1}
    for number in range(200):
        own = sorted(slot.message for slot in found if slot.candidate == number)
        [status] = {slot.status for slot in found if slot.candidate == number}
        assert own == list(range(sum(EVENTS[status])))


def test_a_candidates_messages_keep_their_order_among_those_of_others() -> None:
    found = _all()
    for number in range(200):
        own = [slot.message for slot in found if slot.candidate == number]
        assert own == sorted(own)
    assert [slot.candidate for slot in found] != sorted(slot.candidate for slot in found)


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    assert _all() == _all()
    assert _all(Traffic(8, TRAFFIC.mix)) != _all()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_shares_the_schedule_by_candidates(workers: int) -> None:
    whole = list(enumerate(islice(slots(TRAFFIC, EVENTS, 100), 500)))
    parts = [
        list(mine(slots(TRAFFIC, EVENTS, 100), 500, index, workers)) for index in range(workers)
    ]
    assert sorted(one for part in parts for one in part) == whole
    candidates = [{slot.candidate for _, slot in part} for part in parts]
    assert sum(map(len, candidates)) == len(set().union(*candidates))


def test_duplicates_are_sent_for_their_share_of_messages() -> None:
    found = Counter(_all(Traffic(7, TRAFFIC.mix, duplicates=0.2), candidates=2_000))
    share = sum(count == 2 for count in found.values()) / len(found)
    assert share == pytest.approx(0.2, abs=0.02)


def test_reordered_events_arrive_after_the_next_event() -> None:
    found = _all(Traffic(7, TRAFFIC.mix, reordered=1.0))
    assert Counter(found) == Counter(_all())  # nothing is lost
    some = _all(Traffic(7, TRAFFIC.mix, reordered=0.3))
    behind = 0
    for number in range(200):
        own = [slot.message for slot in some if slot.candidate == number]
        behind += own != sorted(own)
    assert behind > 50


def test_the_mix_decides_how_candidates_end() -> None:
    ends = {slot.candidate: slot.status for slot in _all(candidates=2_000)}
    assert Counter(ends.values())["COMPLETED"] / 2_000 == pytest.approx(0.6, abs=0.04)


def test_numbers_continue_where_an_earlier_phase_ended() -> None:
    later = list(slots(TRAFFIC, EVENTS, 100, first=200, candidates=10))
    assert {slot.candidate for slot in later} == set(range(200, 210))


def test_the_mean_gap_between_events_is_the_requested_gap() -> None:
    gaps = []
    for number in range(2_000):
        at = [one for one, _ in life(TRAFFIC, EVENTS, number, 1.0)]
        gaps += [b - a for a, b in pairwise(at) if b > a]
    assert sum(gaps) / len(gaps) == pytest.approx(1, abs=0.05)
    assert min(gaps) >= 0.5
