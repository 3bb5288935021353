from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator.conformance.target import Target
from emulator.contracts.validation import Contracts
from emulator.errors import InvalidInputError
from emulator.load.message_patterns import Book, book, checked_mix, wanted
from emulator.load.schedule import DEFAULT_MIX

if TYPE_CHECKING:
    from emulator.domain.events import Generation

CHANGED = "candidate.status_changed"


@pytest.fixture(scope="module", params=["v1", "v2"])
def generation(request: pytest.FixtureRequest) -> Generation:
    found: Generation = request.param
    return found


@pytest.fixture(scope="module")
def filled(generation: Generation) -> Book:
    target = Target(url="http://127.0.0.1:9/hook", generation=generation, seed=5)
    return asyncio.run(book(target, DEFAULT_MIX))


def _bodies(filled: Book, candidate: int, status: str) -> list[tuple[str, Any]]:
    identity = filled.identity(candidate)
    return [
        (one.event, json.loads(one.body(identity))) for one in filled.patterns(candidate, status)
    ]


def test_every_filled_body_fits_the_schema_of_its_event(
    filled: Book, generation: Generation
) -> None:
    contracts = Contracts()
    for status in DEFAULT_MIX:
        for candidate in range(3):
            for event, payload in _bodies(filled, candidate, status):
                assert contracts.violations(generation, event, payload) == []


def test_no_two_candidates_share_anything_that_identifies_them(filled: Book) -> None:
    one, other = (json.dumps(_bodies(filled, number, "COMPLETED")) for number in (1, 11))
    mine, theirs = filled.identity(1), filled.identity(11)
    assert mine.email.decode() in one
    for field in mine:
        assert field.decode() not in other
    for field in theirs:
        assert field.decode() not in one
    assert len({filled.identity(number) for number in range(1_000)}) == 1_000


def test_the_same_seed_gives_the_same_bytes(generation: Generation, filled: Book) -> None:
    target = Target(url="http://127.0.0.1:9/other", generation=generation, seed=5)
    again = asyncio.run(book(target, DEFAULT_MIX))
    for status in DEFAULT_MIX:
        assert _bodies(again, 3, status) == _bodies(filled, 3, status)


def test_a_life_ends_in_its_status(filled: Book) -> None:
    for status in DEFAULT_MIX:
        assert filled.patterns(0, status)[-1].status == status


def test_a_status_without_an_event_is_refused() -> None:
    target = Target(url="http://127.0.0.1:9/", events=("candidate.rejected",), seed=1)
    with pytest.raises(InvalidInputError, match="COMPLETED"):
        asyncio.run(book(target, {"COMPLETED": 1.0}))


def test_a_subscription_without_candidates_events_is_refused() -> None:
    assert wanted((CHANGED, "assessment.created")) == (CHANGED,)
    with pytest.raises(InvalidInputError, match="expected for example"):
        wanted(("assessment.created",))


@pytest.mark.parametrize(
    ("mix", "why"), [({"completed": 1.0}, "near: 'COMPLETED'"), ({"COMPLETED": 0.0}, "zero")]
)
def test_a_mix_that_can_not_be_is_refused(mix: dict[str, float], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        checked_mix(mix)
