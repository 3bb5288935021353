"""Matchers of JSON values."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from emulator import patterns
from emulator.errors import InvalidInputError, near
from emulator.paths import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST = 120
_JSON = (bool, int, float, str, list, dict, type(None))

Word = Literal["is", "any", "absent", "matches", "one_of", "at_least"]


class Matcher(msgspec.Struct, frozen=True):
    """A condition on a value.

    Attributes:
        word: the kind of comparison.
        value: the value to compare with.
    """

    word: Word
    value: Any

    def fits(self, actual: Any) -> bool:
        """Return whether *actual* matches; ABSENT is a missing value."""
        if self.word == "absent":
            return (actual is ABSENT) is self.value
        return actual is not ABSENT and _FITS[self.word](self.value, actual)

    def __str__(self) -> str:
        """Return the matcher as messages show it."""
        if self.word == "is":
            return shown(self.value)
        if self.word in ("any", "absent"):
            return _BARE[self.word, self.value]
        return f"{self.word.replace('_', ' ')} {shown(self.value)}"


def is_same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; true is not 1, and 1 is 1.0.

    An expected value that is not JSON decides itself what it equals.
    """
    if not isinstance(one, _JSON):
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def shown(value: Any) -> str:
    """Return a value as messages show it: on one line, and shortened."""
    if isinstance(value, str):
        text = repr(str(value))
    elif isinstance(value, _JSON):
        text = msgspec.json.encode(value, enc_hook=repr).decode()
    else:
        text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def demand(value: Any) -> Matcher:
    """Return the matcher in a scenario: a mapping with its word, or a value to be equal to.

    Raises:
        InvalidInputError: not a matcher, or a value that the matcher does not accept.
    """
    if not isinstance(value, dict):
        return Matcher("is", value)
    known = f"known: {', '.join(_CHECKS)}"
    if len(value) != 1:
        message = f"expected a matcher, a mapping with one key; got {len(value)} keys; {known}"
        raise InvalidInputError(message)
    ((word, wanted),) = value.items()
    if word not in _CHECKS:
        close = near(word, _CHECKS)
        hint = f"near: {', '.join(map(repr, close))}; " if close else ""
        message = f"unknown matcher {word!r}; {hint}{known}"
        raise InvalidInputError(message)
    expected = _CHECKS[word](wanted)
    if expected is not None:
        message = f"the matcher {word!r} takes {expected}, got {shown(wanted)}"
        raise InvalidInputError(message)
    return Matcher(word, wanted)


def _matches(pattern: str, actual: Any) -> bool:
    return isinstance(actual, str) and patterns.is_found(pattern, actual)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FITS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "is": is_same,
        "any": lambda _wanted, _actual: True,
        "matches": _matches,
        "one_of": lambda wanted, actual: any(is_same(one, actual) for one in wanted),
        "at_least": lambda wanted, actual: _is_number(actual) and actual >= wanted,
    }
)

_BARE = MappingProxyType(
    {
        ("any", True): "any value",
        ("absent", True): "absent",
        ("absent", False): "present",
    }
)


def _truth(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _pattern(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a regular expression"
    try:
        patterns.compiled(value)
    except InvalidInputError as error:
        return f"a regular expression in RE2's syntax ({error.message})"
    return None


def _list(value: Any) -> str | None:
    return None if isinstance(value, list) and value else "a list of values, at least one"


def _number(value: Any) -> str | None:
    return None if _is_number(value) else "a number"


_CHECKS: Mapping[Any, Callable[[Any], str | None]] = MappingProxyType(
    {
        "any": lambda value: None if value is True else "true",
        "absent": _truth,
        "matches": _pattern,
        "one_of": _list,
        "at_least": _number,
        "is": lambda _: None,
    }
)
"""Word -> function that returns the expected kind of value, or None if the value is valid."""
