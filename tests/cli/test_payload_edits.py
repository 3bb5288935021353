"""What ``--set`` and ``--remove`` make of a payload."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.cli.payload_edits import edited, settings
from emulator.errors import InvalidInputError


def _payload() -> dict[str, Any]:
    return {"event": "completed", "data": {"email": "ada@example.com", "tests": [{"score": 1}]}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=x", "x"),
        ("a=", ""),
        ("a=7", 7),
        ('a="7"', "7"),
        ("a=null", None),
        ('a={"b": [1]}', {"b": [1]}),
        ("a=x=y", "x=y"),
        ("a=NaN", "NaN"),
        ("a={", "{"),
        ("a=" + "[" * 100_000, "[" * 100_000),
    ],
)
def test_a_value_is_json_if_it_can_be_parsed_and_text_otherwise(text: str, value: object) -> None:
    assert settings([text]) == [(("a",), value)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "--set 'a': expected PATH=VALUE, as in data.email=ada@example.com"),
        ("=a", "--set '=a': expected PATH=VALUE, as in data.email=ada@example.com"),
        (
            "a..b=1",
            "not a payload path: 'a..b'; expected one like 'data.testLibrary[1].name' (at --set)",
        ),
        ("a=\udcff", "--set 'a=\\udcff': not UTF-8"),
    ],
)
def test_an_invalid_setting_is_reported(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        settings([text])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("event", {"event": 9, "data": _payload()["data"]}),
        ("$.event", {"event": 9, "data": _payload()["data"]}),
        ("data", {"event": "completed", "data": 9}),
        ("data.email", {"event": "completed", "data": {**_payload()["data"], "email": 9}}),
        ("data.new", {"event": "completed", "data": {**_payload()["data"], "new": 9}}),
        (
            "data.tests[0].score",
            {"event": "completed", "data": {**_payload()["data"], "tests": [{"score": 9}]}},
        ),
        (
            "data.tests[0]",
            {"event": "completed", "data": {**_payload()["data"], "tests": [9]}},
        ),
        ("data['a b']", {"event": "completed", "data": {**_payload()["data"], "a b": 9}}),
        ("data.$ref", {"event": "completed", "data": {**_payload()["data"], "$ref": 9}}),
        ("$", 9),
    ],
)
def test_a_value_is_set_where_there_is_a_place_for_it(path: str, expected: object) -> None:
    assert edited(_payload(), settings([f"{path}=9"]), []) == expected


def test_a_value_that_was_set_can_be_edited_and_removed() -> None:
    changes = ["data={}", "data.a=[1, 2]", "data.a[1]=3"]
    assert edited(_payload(), settings(changes), ["data.a[0]", "event"]) == {"data": {"a": [3]}}


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("data.emial", "; near: 'data.email', 'data.tests'"),
        ("$.data.emial", "; near: 'data.email', 'data.tests'"),
        ("email", "; near: 'data.email'"),
        ("data.tests[1]", "; near: 'data.tests[0]', 'data.tests', 'data.tests[0].score'"),
        ("xyz", "; it has: event, data"),
        ("event.x", "; near: 'event'"),
    ],
)
def test_a_path_without_a_value_is_reported_with_similar_keys(path: str, rest: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        edited(_payload(), [], [path])
    assert str(caught.value) == (
        f"no {path.removeprefix('$.')!r} in the payload{rest} (at --remove)"
    )


@pytest.mark.parametrize("path", ["dta.email", "event.x", "data.tests[1]", "data.email[0]", "$[0]"])
def test_nothing_is_set_where_there_is_no_place(path: str) -> None:
    with pytest.raises(InvalidInputError, match="in the payload") as caught:
        edited(_payload(), settings([f"{path}=1"]), [])
    assert caught.value.path == "--set"


def test_an_empty_payload_is_reported() -> None:
    with pytest.raises(InvalidInputError) as caught:
        edited({}, [], ["a"])
    assert str(caught.value) == "no 'a' in the payload; it has: nothing (at --remove)"
    with pytest.raises(InvalidInputError) as caught:
        edited(7, [], ["a"])
    assert str(caught.value) == "no 'a' in the payload (at --remove)"


def test_the_whole_payload_can_not_be_removed() -> None:
    with pytest.raises(InvalidInputError) as caught:
        edited(_payload(), [], ["$"])
    assert str(caught.value) == "the whole payload can't be removed: '$' (at --remove)"
