"""How each generation delivers."""

from __future__ import annotations

from emulator.delivery.profiles import PROFILES, Profile
from emulator.delivery.records import Outcome, Timeouts


def test_v1_tries_once_and_takes_any_2xx_within_15_seconds() -> None:
    v1 = PROFILES["v1"]
    assert v1.pause_after(1) is None
    assert v1.timeouts == Timeouts(connect=5.0, first_byte=15.0, total=15.0)
    taken = [status for status in range(100, 600) if v1.is_success(Outcome("answered", status))]
    assert taken == list(range(200, 300))


def test_an_outcome_without_an_answer_is_no_success() -> None:
    assert not PROFILES["v1"].is_success(Outcome("refused"))


def test_each_pause_follows_its_attempt() -> None:
    profile = Profile(retries=(5.0, 300.0))
    assert [profile.pause_after(attempt) for attempt in (1, 2, 3)] == [5.0, 300.0, None]


def test_a_profile_defines_the_accepting_statuses() -> None:
    profile = Profile(success=(200, 204))
    assert profile.is_success(Outcome("answered", 204))
    assert not profile.is_success(Outcome("answered", 205))
