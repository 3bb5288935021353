"""Places in a payload: ``data.testLibrary[1].elapsedTime``, ``$`` for all of it. Pure."""

from __future__ import annotations

import re
from typing import Any

from emulator.errors import InvalidInputError

_KEY = r"[^.\[\]\s$]+"
_INDEX = r"(?:\[[0-9]{1,6}\])*"
_PATH = re.compile(rf"(?:\$|{_KEY}){_INDEX}(?:\.{_KEY}{_INDEX})*")
_PART = re.compile(r"\[([0-9]+)\]|([^.\[\]$]+)")

Parts = tuple[str | int, ...]
"""Keys and indexes, from the outside in; none for all of the payload."""


def parts(text: str) -> Parts:
    """Return the parts of a path, with or without ``$.`` before it.

    Raises:
        InvalidInputError: not a path.
    """
    if not _PATH.fullmatch(text):
        message = f"not a payload path: {text!r}; expected one like 'data.testLibrary[1].name'"
        raise InvalidInputError(message)
    return tuple(int(index) if index else key for index, key in _PART.findall(text))


def holder(root: Any, place: Parts) -> Any:
    """Return the object or array in *root* that holds the last part of *place*; None without one.

    It need not hold that part yet.
    """
    for part in place[:-1]:
        if not holds(root, part):
            return None
        root = root[part]
    return root


def holds(value: Any, part: str | int) -> bool:
    """Whether *value* is an object with that key, or an array with that index."""
    if isinstance(part, str):
        return isinstance(value, dict) and part in value
    return isinstance(value, list) and part < len(value)
