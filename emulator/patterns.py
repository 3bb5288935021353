r"""Untrusted regular expressions in RE2's syntax, searched in linear time. Pure.

Scenarios can come over HTTP, and a pattern with backtracking could stop every workspace. RE2 has
no lookaround and no backreferences; ``$`` and ``\z`` match only at the very end, and ``\d``,
``\w``, ``\s`` and ``\b`` are ASCII. https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from emulator.errors import InvalidInputError

LONGEST = 1_000
"""Limit for the characters of a pattern."""

_MEMORY = 1 << 20  # bytes of a compiled pattern

_MOST_WORK = 20_000_000
"""Limit for bytes of a text times instructions of a pattern, some tenths of a second at most."""


@lru_cache(maxsize=128)
def compiled(pattern: str) -> Any:
    """Return a compiled pattern.

    Raises:
        InvalidInputError: an invalid pattern, or too large.
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
        reason = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        raise InvalidInputError(reason if len(reason) <= 100 else f"{reason[:100]}...") from None
    except UnicodeEncodeError:
        message = "not UTF-8"
        raise InvalidInputError(message) from None


def is_found(pattern: str, text: str) -> bool:
    """Return whether a pattern matches anywhere in *text*.

    Raises:
        InvalidInputError: an invalid pattern, or a text that is too long for it.
    """
    expression = compiled(pattern)
    body = text.encode("utf-8", "replace")
    most = _MOST_WORK // expression.programsize
    if len(body) > most:
        message = f"{len(body)} bytes of text are too long for a pattern; at most {most} for this"
        raise InvalidInputError(message)
    return expression.search(body) is not None
