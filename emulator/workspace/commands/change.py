"""What a command comes to, and what several of them check."""

from __future__ import annotations

import msgspec

from emulator.domain.occurrence import Occurrence
from emulator.errors import InvalidInputError

Record = tuple[str, msgspec.Struct]
"""Kind and data of an entry to be."""

LONGEST_TEXT = 10_000
"""Characters of a name or a title: beyond what any page takes, short of a mistake."""


class Change(msgspec.Struct, frozen=True):
    """What a command comes to.

    Attributes:
        records: to append, in order.
        occurrence: what there is to tell; None when nothing is.
    """

    records: tuple[Record, ...]
    occurrence: Occurrence | None = None


def text(value: str, path: str) -> str:
    """Return *value* if it can be a name or a title.

    Raises:
        InvalidInputError: it is empty, too long, or half a surrogate pair.
    """
    if not value.strip():
        message = "empty; expected some text"
        raise InvalidInputError(message, path=path)
    if len(value) > LONGEST_TEXT:
        message = f"{len(value)} characters; the longest is {LONGEST_TEXT}"
        raise InvalidInputError(message, path=path)
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        message = "half a surrogate pair, which can't be sent; expected Unicode text"
        raise InvalidInputError(message, path=path)
    return value
