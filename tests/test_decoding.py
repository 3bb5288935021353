"""Untrusted input: a decoder's complaint becomes ours, with the JSON path."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import pytest

from emulator.decoding import convert, decode, indented, parsed
from emulator.errors import InvalidInputError, NotJSONError
from emulator.paths import parse


class Empty(msgspec.Struct, forbid_unknown_fields=True):
    """Takes nothing."""


class Item(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    first_name: str
    size: Annotated[int, msgspec.Meta(ge=0)] = 0


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""
    items: list[Item] = []
    best: Item | None = None
    more: dict[str, Item] = {}
    words: list[str] = []


def problem(body: bytes, kind: type = Asked) -> str:
    with pytest.raises(InvalidInputError) as caught:
        decode(body, kind)
    return str(caught.value)


def test_a_body_becomes_a_record() -> None:
    asked = decode(b'{"name": "x", "items": [{"firstName": "Ada"}]}', Asked)
    assert asked == Asked("x", [Item("Ada")])


def test_invalid_json_is_refused() -> None:
    assert problem(b"") == "not JSON: input data was truncated"
    assert problem(b"{") == "not JSON: input data was truncated"
    assert problem(b"{} x") == "not JSON: JSON is malformed: trailing characters (byte 4)"


def test_invalid_utf_8_is_refused() -> None:
    assert problem(b'{"name": "\xff"}').startswith("not JSON: ")
    assert problem(b'{"name": "\\ud800"}').startswith("not JSON: ")


def test_a_body_nested_too_deep_is_refused() -> None:
    deep = b'{"unknown": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(InvalidInputError):
        decode(deep, dict)


def test_a_wrong_type_is_reported_with_its_path() -> None:
    assert problem(b'{"name": 1}') == "expected 'str', got 'int' (at $.name)"
    assert problem(b'{"items": [{"firstName": "A"}, {"firstName": null}]}') == (
        "expected 'str', got 'null' (at $.items[1].firstName)"
    )
    assert problem(b"[]") == "expected 'object', got 'array' (at $)"


def test_a_missing_key_and_a_value_out_of_bounds_are_reported() -> None:
    assert problem(b'{"items": [{}]}') == ("the key 'firstName' is missing (at $.items[0])")
    assert problem(b'{"best": {"firstName": "A", "size": -1}}') == (
        "expected 'int' >= 0 (at $.best.size)"
    )


def test_an_unknown_key_is_reported_with_similar_keys() -> None:
    assert problem(b'{"nmae": ""}') == "unknown key 'nmae'; near: 'name' (at $)"


def test_an_unknown_key_without_similar_keys_is_reported_with_all_known_keys() -> None:
    assert problem(b'{"xyzzy": 1}') == (
        "unknown key 'xyzzy'; known: best, items, more, name, words (at $)"
    )


def test_an_unknown_key_of_an_object_without_keys_is_reported() -> None:
    assert problem(b'{"x": 1}', Empty) == "unknown key 'x'; it takes none (at $)"
    assert problem(b'{"`x`": 1}', Empty) == "unknown key '`x`'; it takes none (at $)"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"items": [{"firstnam": ""}]}', "$.items[0]"),
        (b'{"best": {"firstnam": ""}}', "$.best"),
        (b'{"more": {"x": {"firstnam": ""}}}', "$.more.x"),
    ],
)
def test_a_nested_unknown_key_is_reported_with_the_keys_of_its_object(
    body: bytes, path: str
) -> None:
    assert problem(body) == f"unknown key 'firstnam'; near: 'firstName' (at {path})"


def test_an_unknown_key_in_a_list_at_the_top_is_reported() -> None:
    with pytest.raises(InvalidInputError) as caught:
        decode(b'[{"firstnam": ""}]', list[Item])
    assert str(caught.value) == "unknown key 'firstnam'; near: 'firstName' (at $[0])"


def test_decoded_values_are_converted_by_the_same_rules() -> None:
    assert convert({"name": "x"}, Asked) == Asked("x")
    with pytest.raises(InvalidInputError) as caught:
        convert({"words": ["a", 1]}, Asked)
    assert str(caught.value) == "expected 'str', got 'int' (at $.words[1])"


class Chosen(msgspec.Struct):
    mode: Literal["real", "virtual"] | None = None
    modes: dict[str, Literal["fast", "slow"]] = {}


def test_a_word_that_is_not_allowed_is_reported_with_the_allowed_words() -> None:
    assert problem(b'{"mode": "unreal"}', Chosen) == (
        "expected one of 'real', 'virtual', got 'unreal' (at $.mode)"
    )
    assert problem(b'{"modes": {"a": "x"}}', Chosen) == (
        "expected one of 'fast', 'slow', got 'x' (at $.modes.a)"
    )


class Odd(msgspec.Struct):
    """What msgspec refuses for other reasons than a part of the value."""

    pair: tuple[int, int] = (0, 0)
    at: datetime | None = None
    few: Annotated[list[int], msgspec.Meta(max_length=1)] = []
    checked: Checked | None = None


class Checked(msgspec.Struct):
    number: int

    def __post_init__(self) -> None:
        if self.number == 7:
            message = "not seven"
            raise ValueError(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"pair": [1]}', "expected 'array' of length 2, got 1 (at $.pair)"),
        (b'{"pair": [1, "2"]}', "expected 'int', got 'str' (at $.pair[1])"),
        (b'{"at": "noon"}', "invalid RFC3339 encoded datetime (at $.at)"),
        (b'{"few": [1, 2]}', "expected 'array' of length <= 1 (at $.few)"),
        (b'{"checked": {"number": 7}}', "not seven (at $.checked)"),
    ],
)
def test_an_invalid_value_with_valid_parts_is_reported_with_its_path(
    body: bytes, message: str
) -> None:
    assert problem(body, Odd) == message


def test_a_path_is_printed_as_paths_are_read() -> None:
    message = problem(b'{"more": {"a key": {"firstName": 1}}}')
    assert message == "expected 'str', got 'int' (at $.more['a key'].firstName)"
    assert parse(message.removesuffix(")").partition(" (at ")[2]) == ("more", "a key", "firstName")


def test_a_long_word_of_the_sender_is_cut() -> None:
    word = "x" * 1_000
    assert len(problem(b'{"mode": "%s"}' % word.encode(), Chosen)) < 200
    assert len(problem(b'{"modes": {"%s": 1}}' % word.encode(), Chosen)) < 200


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[" * 5_000 + b"]" * 5_000, "nested more than 200 levels deep"),
        (b"[" * 201 + b"]" * 201, None),
        (b"[" * 202 + b"1" + b"]" * 202, "nested more than 200 levels deep"),
        (b'{"status":"\xff"}', "not UTF-8"),
        (b"", "input data was truncated"),
        (b"1e999", "number out of range"),
        (b'"\\ud800"', "input data was truncated"),
        (b"{}x", "JSON is malformed: trailing characters (byte 3)"),
    ],
)
def test_invalid_json_is_refused_with_the_reason(body: bytes, why: str | None) -> None:
    if why is None:
        parsed(body)
        assert indented(body).startswith("[\n  [")
        return
    with pytest.raises(NotJSONError) as caught:
        parsed(body)
    assert str(caught.value) == f"not JSON: {why}"
    assert indented(body) == body.decode("utf-8", "backslashreplace")


def test_a_body_for_people_is_indented() -> None:
    assert indented(b'{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
