"""Finds line and column of a JSON path in a JSON text. Pure."""

from __future__ import annotations

import re

from emulator.decoding import parsed
from emulator.paths import parse

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def position(text: str, path: str) -> tuple[int, int]:
    """Return line and column of the value at *path*, from 1.

    For a path that does not exist, returns the place of the innermost value that exists.

    Args:
        text: JSON.
        path: as in a violation, ``$.data.testLibrary[1].elapsedTime``.
    """
    first = _TOKEN.search(text)
    at = first.start() if first else 0
    for part in parse(path):
        below = _below(text, at, part)
        if below is None:
            break
        at = below
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _below(text: str, at: int, part: str | int) -> int | None:
    """Return the place of an item or of a key's value in the list or object at *at*."""
    if text[at : at + 1] != ("[" if isinstance(part, int) else "{"):
        return None
    found, depth, index, before, key = None, 0, -1, "", ""
    for token in _TOKEN.finditer(text, at):
        sign = token[0]
        if depth == 1 and isinstance(part, int) and before in ("[", ","):
            index += 1
            if index == part and sign != "]":
                return token.start()
        elif depth == 1 and before == ":" and parsed(key) == part:
            found = token.start()  # of a repeated key, the last value counts
        elif depth == 1 and sign == ":":
            key = before
        depth += (sign in ("{", "[")) - (sign in ("}", "]"))
        if depth == 0:
            break
        before = sign
    return found
