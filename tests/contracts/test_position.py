"""The position of a value in a JSON text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.contracts.position import position
from emulator.contracts.violation import json_path

TEXT = """{
  "größe": {"a b": [1,
    {"it's": null}]},
  "größe2": 1
}"""


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["größe"], (2, 12)),
        (["größe", "a b"], (2, 20)),
        (["größe", "a b", 1, "it's"], (3, 14)),
        (["größe2"], (4, 13)),
        (["größe", "missing"], (2, 12)),
        (["größe", "a b", 7], (2, 20)),
        (["größe", "a b", "x"], (2, 20)),
        (["größe2", 0], (4, 13)),
        ([], (1, 1)),
    ],
)
def test_each_path_of_a_violation_leads_to_its_place(
    parts: list[str | int], expected: tuple[int, int]
) -> None:
    assert position(TEXT, json_path(parts)) == expected


@given(st.text(max_size=60).filter(lambda key: key not in ("f", "first")))
def test_any_key_is_found(key: str) -> None:
    for written in (json.dumps(key), json.dumps(key, ensure_ascii=False)):
        text = f'{{"f": [[],{{}},""], "first": {{{written}: 1}},\n {written}:\n7}}'
        assert position(text, json_path([key])) == (3, 1)


def test_of_a_repeated_key_the_last_value_counts() -> None:
    assert position('{"a": 1,\n"a": 2}', "$.a") == (2, 6)


def test_a_very_long_key_is_cut_and_found() -> None:
    path = json_path(["data", "k" * 10_000, "x"])
    assert path == f"$.data['{'k' * 60}...'].x"
    assert position('{"data":\n {"' + "k" * 10_000 + '": 1}}', path) == (2, 2)
