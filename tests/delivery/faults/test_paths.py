"""Places in a payload."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.delivery.faults.paths import holder, holds, parts
from emulator.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$", ()),
        ("data", ("data",)),
        ("$.data", ("data",)),
        ("data.testLibrary[1].elapsedTime", ("data", "testLibrary", 1, "elapsedTime")),
        ("$.data.testLibrary[1][0]", ("data", "testLibrary", 1, 0)),
        ("$[2]", (2,)),
        ("$[2].a", (2, "a")),
        ("x-y.über", ("x-y", "über")),
    ],
)
def test_a_path_has_parts(text: str, expected: tuple[str | int, ...]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ".", "a.", ".a", "a..b", "a b", "a[", "a[x]", "a[-1]", "$a", "$.", "a[1]b", "a.[1]"],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parts(text)
    assert str(refusal.value) == (
        f"not a payload path: {text!r}; expected one like 'data.testLibrary[1].name'"
    )


PAYLOAD: dict[str, Any] = {"a": {"b": [1, {"c": None}]}, "0": "text"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", PAYLOAD),
        ("new", PAYLOAD),
        ("a.b", PAYLOAD["a"]),
        ("a.b[1].c", PAYLOAD["a"]["b"][1]),
        ("a.b[1].c.d", None),
        ("a.b[2].c", None),
        ("a.x.c", None),
        ("a[0].c", None),
        ("0.c", "text"),
    ],
)
def test_what_holds_the_last_part_is_found(text: str, expected: Any) -> None:
    assert holder(PAYLOAD, parts(text)) == expected


def test_only_an_object_has_keys_and_only_an_array_has_indexes() -> None:
    assert holds({"a": None}, "a")
    assert holds([None], 0)
    assert not holds({"a": None}, "b")
    assert not holds({"0": 1}, 0)
    assert not holds([None], 1)
    assert not holds("text", 0)
    assert not holds("text", "text")
    assert not holds(None, "a")
