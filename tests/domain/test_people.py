"""What is made up about people, organisations and monitors."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.domain.people import Monitor, monitor, organisation, person, watched

if TYPE_CHECKING:
    import pytest

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_the_same_draw_makes_the_same_person() -> None:
    assert person(random.Random("a")) == person(random.Random("a"))
    assert person(random.Random("a")) != person(random.Random("b"))


def test_drawing_a_person_does_not_change_other_random_values() -> None:
    """Faker's shared generator is neither read nor moved."""
    random.seed(1)
    state = random.getstate()
    person(random.Random(1))
    assert random.getstate() == state


def test_mail_addresses_are_lower_case_ascii_at_example_com() -> None:
    draw = random.Random(1)
    for _ in range(1000):
        one = person(draw)
        assert re.fullmatch(r"[a-z]+\.[a-z]+[0-9]{2,4}@example\.com", one.email)
        first, last = one.email.split("@")[0].rstrip("0123456789").split(".")
        assert (first, last) == (one.first_name.lower(), one.last_name.lower())


def test_an_accent_or_an_apostrophe_does_not_get_into_a_mail_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A later Faker may know such names."""
    from faker.providers.person.en_US import Provider

    monkeypatch.setattr(Provider, "first_name", lambda _: "Zoë")
    monkeypatch.setattr(Provider, "last_name", lambda _: "O'Hara")
    one = person(random.Random(1))
    assert (one.first_name, one.last_name) == ("Zoë", "O'Hara")
    assert re.fullmatch(r"zoe\.ohara[0-9]{2,4}@example\.com", one.email)


def test_an_organisation_has_a_sub_domain_for_its_name_and_ids_of_the_past() -> None:
    draw = random.Random(1)
    for _ in range(200):
        one = organisation(draw, AT)
        assert re.fullmatch(r"[a-z]{4,63}", one.name)
        for name in (one.id, one.user_id):
            assert re.fullmatch(r"[0-9a-f]{24}", name)
            assert int(name[:8], 16) < AT.timestamp()
        assert one.id != one.user_id
    assert organisation(random.Random(1), AT) == organisation(random.Random(1), AT)


def is_consistent(seen: Monitor) -> bool:
    nothing = (seen.screen_left_count == 0, seen.time_spent_outside_ms == 0)
    return set(nothing) == {seen.is_full_screen_active} and (
        seen.is_mouse_in_window or not seen.is_full_screen_active
    )


def test_a_monitor_has_seen_nothing_at_the_start_and_a_consistent_test_at_the_end() -> None:
    draw = random.Random(1)
    ends = []
    for _ in range(300):
        start = monitor(draw, AT)
        assert start.id.startswith(f"{int(AT.timestamp()):08x}")
        assert len(start.id) == 24
        assert (start.screen_left_count, start.time_spent_outside_ms) == (0, 0)
        assert is_consistent(start)
        end = watched(start, draw)
        assert is_consistent(end)
        assert end.time_spent_outside_ms >= 1000 * end.screen_left_count
        assert (end.id, end.location) == (start.id, start.location)
        ends.append(end)
    assert 100 < sum(end.screen_left_count > 0 for end in ends) < 200


def test_a_monitor_is_at_a_made_up_place_at_sea() -> None:
    draw = random.Random(1)
    for _ in range(100):
        seen = monitor(draw, AT)
        assert seen.country == "Exampleland"
        assert re.fullmatch(
            rf"[0-9]{{1,3}} [A-Z][a-z]+ [A-Z][a-z]+, {seen.city}, {seen.city} [0-9]{{5}}, "
            "Exampleland",
            seen.location,
        )
        assert -50 <= float(seen.latitude) <= -47
        assert -126 <= float(seen.longitude) <= -121


def test_the_same_draw_makes_the_same_monitor() -> None:
    one, other = (monitor(random.Random(5), AT) for _ in range(2))
    assert one == other
    assert watched(one, random.Random(6)) == watched(other, random.Random(6))


def test_faker_is_loaded_by_the_first_person_only() -> None:
    code = (
        "import random, sys, datetime\n"
        "from emulator.domain import people, questions\n"
        "people.organisation(random.Random(1), datetime.datetime.now(datetime.UTC))\n"
        "before = 'faker' in sys.modules\n"
        "people.person(random.Random(1))\n"
        "print(before, 'faker' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
