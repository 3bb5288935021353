"""The one grammar of paths into JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import paths
from emulator.errors import InvalidInputError
from emulator.paths import ABSENT

KEYS = st.text(max_size=12) | st.sampled_from(["$ref", "length", "'\"\\", "\\u0041", "a-b"])
PATHS = st.lists(KEYS | st.integers(0, 10**18 - 1), max_size=6).map(tuple)


@given(PATHS)
def test_a_printed_path_is_parsed_to_the_same_path(path: paths.Path) -> None:
    assert paths.parse(paths.shown(path)) == path
    assert paths.parse(paths.short(path)) == path
    assert all(sign.isprintable() or ord(sign) > 0xFFFF for sign in paths.shown(path))


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        ("$", (), "$"),
        ("data", ("data",), "$.data"),
        ("$.data", ("data",), "$.data"),
        (
            "data.testLibrary[1].elapsedTime",
            ("data", "testLibrary", 1, "elapsedTime"),
            "$.data.testLibrary[1].elapsedTime",
        ),
        ("$.data.tests[1][0]", ("data", "tests", 1, 0), "$.data.tests[1][0]"),
        ("$[2].a", (2, "a"), "$[2].a"),
        ("[0].email", (0, "email"), "$[0].email"),
        ("data.$ref", ("data", "$ref"), "$.data['$ref']"),
        ("$.$ref", ("$ref",), "$['$ref']"),
        ("x-y.über", ("x-y", "über"), "$.x-y['über']"),
        ("$['größe']", ("größe",), "$['größe']"),
        ("['a b'].c", ("a b", "c"), "$['a b'].c"),
        ("""a["it's"]['']""", ("a", "it's", ""), r"$.a['it\'s']['']"),
        (r"$['\u00e4\ud83d\ude00\n\'\\\/\"']", ("ä😀\n'\\/\"",), r"""$['ä😀\n\'\\/"']"""),
        ("$['\u202e']", ("\u202e",), r"$['\u202e']"),
        (r"a\n.b", (r"a\n", "b"), r"$['a\\n'].b"),
        ("$.history.length", ("history", "length"), "$.history.length"),
    ],
)
def test_a_path_has_parts(text: str, expected: paths.Path, shown: str) -> None:
    assert paths.parse(text) == expected
    assert paths.shown(expected) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "a.", ".a", "a..b", "a b", "a[", "a[x]", "a[-1]", "$a", "$.", "$$", "a[1]b",
        "a.[1]", "a['b]", "a['b'", r"a['\x']", r"a['\u12']", "a['b'']", "[1]a", "a\n",
        "a[1234567890123456789]", r"a['\ud800']", "a.\ud800",
    ],
)  # fmt: skip
def test_an_invalid_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        paths.parse(text)
    assert str(refusal.value) == (
        f"not a payload path: {text!r}; expected one like 'data.testLibrary[1].name'"
    )


def _payload() -> dict[str, Any]:
    tests = [{"n": 1}, {"n": 2}]
    return {"event": "completed", "data": {"email": None, "tests": tests, "length": "long"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$", _payload()),
        ("data.email", None),
        ("data.tests[1].n", 2),
        ("data.tests.length", 2),
        ("data.length", "long"),
        ("data.tests.length.x", ABSENT),
        ("event.length", ABSENT),
        ("event[0]", ABSENT),
        ("data.tests[2]", ABSENT),
        ("data[0]", ABSENT),
        ("data.tests.n", ABSENT),
    ],
)
def test_a_path_leads_to_a_value_or_to_the_length_of_a_list(text: str, expected: Any) -> None:
    assert paths.find(_payload(), paths.parse(text)) == expected


def test_the_end_of_a_path_is_reported_with_the_rest() -> None:
    path = paths.parse("data.tests[1].m.x")
    assert paths.reached(_payload(), path) == ({"n": 2}, ("m", "x"))
    assert paths.reached(_payload(), ("event",)) == ("completed", ())


def test_a_value_is_put_where_there_is_a_place_and_a_last_key_is_made() -> None:
    payload = _payload()
    for text, value in (("data.tests[1]", 3), ("data.tests[0].new", 4), ("event", 5)):
        assert paths.put(payload, paths.parse(text), value) is payload
    tests = [{"n": 1, "new": 4}, 3]
    assert payload == {"event": 5, "data": {"email": None, "tests": tests, "length": "long"}}
    assert paths.put(payload, (), 9) == 9


@pytest.mark.parametrize("text", ["data.tests.length", "data.tests[2]", "dta.email", "event.x"])
def test_nothing_is_put_or_removed_where_there_is_no_place(text: str) -> None:
    payload = _payload()
    with pytest.raises(InvalidInputError, match="in the payload"):
        paths.put(payload, paths.parse(text), 1)
    with pytest.raises(InvalidInputError, match="in the payload"):
        paths.remove(payload, paths.parse(text))
    assert payload == _payload()


def test_a_value_is_removed() -> None:
    payload = _payload()
    for text in ("data.tests[0].n", "data.email", "data.length", "event"):
        paths.remove(payload, paths.parse(text))
    assert payload == {"data": {"tests": [{}, {"n": 2}]}}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("data.emial", "; near: 'data.email', 'data.tests'"),
        ("email", "; near: 'data.email'"),
        ("data.tests[2]", "; near: 'data.tests[1]', 'data.tests[0]', 'data.tests'"),
        ("xyz", "; it has: event, data"),
    ],
)
def test_a_path_without_a_value_is_reported_with_similar_keys(text: str, rest: str) -> None:
    complaint = paths.nowhere(_payload(), paths.parse(text))
    assert complaint.message == f"no {text!r} in the payload{rest}"


def test_the_report_of_a_large_or_empty_payload_is_bounded() -> None:
    assert paths.nowhere({}, ("a",)).message == "no 'a' in the payload; it has: nothing"
    assert paths.nowhere(7, ("a",)).message == "no 'a' in the payload"
    many = paths.nowhere({f"k{number}": 1 for number in range(100)}, ("a",)).message
    assert many.endswith("; it has: " + ", ".join(f"k{number}" for number in range(20)) + ", ...")
    assert paths.nowhere([[0] * 100] * 100, ("a",)).message == "no 'a' in the payload"
