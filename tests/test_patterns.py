"""Regular expressions that come from outside."""

from __future__ import annotations

import json

import pytest

from emulator import data, patterns
from emulator.errors import InvalidInputError


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^ht+p", "http://a", True),
        ("tp", "http://a", True),
        ("^tp", "http://a", False),
        ("a$", "a\n", False),
        ("^.$", "😀", True),
        (r"^\d$", "٣", False),
        (r"(?i)ÄB", "äb", True),
        ("", "", True),
        (r"^\?$", "\ud800", True),
    ],
)
def test_a_pattern_is_found_or_not(pattern: str, text: str, expected: bool) -> None:
    assert patterns.is_found(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing ): ("),
        ("(?=a)", "invalid perl operator: (?="),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a{2000}", "invalid repetition size: {2000}"),
        (r".{1000}\pL{1000}", "pattern too large - compile failed"),
        ("(" * 3_000 + ")" * 3_000, "more than 1000 characters"),
        ("(" * 400, f"missing ): {'(' * 89}..."),
        ("\ud800", "not UTF-8"),
    ],
)
def test_an_invalid_pattern_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        patterns.compiled(pattern)
    assert refused.value.message == why


def test_a_pattern_that_backtracks_elsewhere_is_searched_in_linear_time() -> None:
    assert not patterns.is_found("^(a+)+$", "a" * 100_000 + "!")


def test_the_work_of_a_search_is_bounded() -> None:
    pattern = "(?:(?:a|b|c)?){1000}$"
    assert patterns.is_found(pattern, "a" * 1_000)
    with pytest.raises(InvalidInputError, match="200000 bytes of text are too long for a pattern"):
        patterns.is_found(pattern, "a" * 200_000)


def _patterns(value: object) -> list[str]:
    inner = list(value.values()) if isinstance(value, dict) else value
    found = [one for part in inner for one in _patterns(part)] if isinstance(inner, list) else []
    mine = value.get("pattern") if isinstance(value, dict) else None
    return [*found, mine] if isinstance(mine, str) else found


def test_the_bundled_schemas_keep_to_that_syntax() -> None:
    files = [
        *(data.schemas() / "v1").iterdir(),
        *(path for path in data.schemas().iterdir() if path.is_file()),
    ]
    found = [
        pattern
        for file in files
        if file.name.endswith(".json")
        for pattern in _patterns(json.loads(file.read_bytes()))
    ]
    assert found
    for pattern in found:
        patterns.compiled(pattern)
