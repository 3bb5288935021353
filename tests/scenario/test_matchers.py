from __future__ import annotations

from typing import Any, get_args

import pytest

from emulator.errors import InvalidInputError
from emulator.paths import ABSENT
from emulator.scenario.matchers import Word, demand


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        (None, None, True),
        (None, ABSENT, False),
        ([1], [1], True),
        ({"any": True}, None, True),
        ({"any": True}, {"a": 1}, True),
        ({"any": True}, ABSENT, False),
        ({"absent": True}, ABSENT, True),
        ({"absent": True}, None, False),
        ({"absent": False}, None, True),
        ({"absent": False}, ABSENT, False),
        ({"matches": "^ht+p"}, "http://a", True),
        ({"matches": "tp"}, "http://a", True),
        ({"matches": "^tp"}, "http://a", False),
        ({"matches": "1"}, 1, False),
        ({"matches": ""}, ABSENT, False),
        ({"one_of": [1, None]}, None, True),
        ({"one_of": [1, None]}, True, False),
        ({"one_of": ["1"]}, 1, False),
        ({"at_least": 10}, 10, True),
        ({"at_least": 10}, 9.99, False),
        ({"at_least": 10}, "11", False),
        ({"at_least": 0}, True, False),
        ({"is": {"any": True}}, {"any": True}, True),
        ({"is": {"any": True}}, {"any": True, "b": 1}, False),
    ],
)
def test_a_matcher_fits_or_not(wanted: Any, actual: Any, expected: bool) -> None:
    assert demand(wanted).fits(actual) is expected


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("x", "'x'"),
        ({"any": True}, "any value"),
        ({"absent": True}, "absent"),
        ({"absent": False}, "present"),
        ({"matches": "^a"}, "matches '^a'"),
        ({"one_of": [1, 2]}, "one of [1,2]"),
        ({"at_least": 3}, "at least 3"),
        ({"is": {"a": 1}}, '{"a":1}'),
    ],
)
def test_a_matcher_is_described_in_words(wanted: Any, words: str) -> None:
    assert str(demand(wanted)) == words


def test_every_word_is_known() -> None:
    with pytest.raises(InvalidInputError) as refused:
        demand({"xyzzy": 1})
    for word in get_args(Word):
        assert word in str(refused.value)
