r"""Regular expressions that come from outside: RE2's syntax, searched in linear time. Pure.

A scenario can come over HTTP, and a pattern that backtracks would stop every workspace. RE2 knows
no lookaround and no backreferences; ``$`` and ``\z`` mean the very end, ``\d``, ``\w``, ``\s`` and
``\b`` are ASCII. https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from emulator.errors import InvalidInputError

LONGEST = 1_000
"""Characters of a pattern."""

_MEMORY = 1 << 20  # bytes of a compiled pattern

_MOST_WORK = 20_000_000
"""Bytes of a text times instructions of a pattern: at worst a few tenths of a second."""


@lru_cache(maxsize=128)
def compiled(pattern: str) -> Any:
    """Return a pattern, compiled.

    Raises:
        InvalidInputError: not a pattern, or too large.
    """
    import re2

    if len(pattern) > LONGEST:
        message = f"more than {LONGEST} characters"
        raise InvalidInputError(message)
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        text = error.args[0]
        told = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        raise InvalidInputError(told if len(told) <= 100 else f"{told[:100]}...") from None
    except UnicodeEncodeError:
        message = "not UTF-8"
        raise InvalidInputError(message) from None


def is_found(pattern: str, text: str) -> bool:
    """Whether a pattern is found anywhere in *text*.

    Raises:
        InvalidInputError: not a pattern, or the text is too long for one of that size.
    """
    expression = compiled(pattern)
    body = text.encode("utf-8", "replace")
    most = _MOST_WORK // expression.programsize
    if len(body) > most:
        message = f"{len(body)} bytes of text are too long for a pattern; at most {most} for this"
        raise InvalidInputError(message)
    return expression.search(body) is not None
