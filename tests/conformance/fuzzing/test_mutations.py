"""Single changes of a payload."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from emulator import data
from emulator.conformance.fuzzing.mutations import changed, mutations, places

EXAMPLES = sorted((data.schemas() / "v1" / "examples").glob("*.json"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_change_changes_something_and_leaves_the_payload_as_it_was(file: Any) -> None:
    payload = json.loads(file.read_bytes())
    before = deepcopy(payload)
    found = list(mutations(payload))
    made = [changed(payload, [one]) for one in found]
    assert payload == before
    assert all(json.dumps(one) != json.dumps(payload) for one in made)
    assert [one.text for one in found] == [mutation.text for mutation in mutations(payload)]


def test_every_place_of_a_payload_is_changed() -> None:
    payload = {"a": [{"b": 1}], "c": None}
    touched = {mutation.place for mutation in mutations(payload)}
    assert {"a", "a[0]", "a[0].b", "c"} <= touched
    assert len(list(places(payload))) >= 4


def test_several_changes_are_made_together() -> None:
    payload = {"a": 1, "b": 2}
    by_place: dict[str, list[Any]] = {}
    for one in mutations(payload):
        by_place.setdefault(one.place, []).append(one)
    one, other = by_place["a"][0], by_place["b"][0]
    both = changed(payload, [one, other])
    assert both.get("a", "gone") != 1
    assert both.get("b", "gone") != 2
