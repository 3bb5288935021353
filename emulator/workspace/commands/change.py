"""The result of a command, and checks that several commands share."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from emulator.delivery.records import Message, Refused
from emulator.domain.assessment import Assessment
from emulator.domain.candidate import EMAIL, Candidate
from emulator.domain.occurrence import Occurrence
from emulator.errors import InvalidInputError

_T = TypeVar("_T", Assessment, Candidate, Assessment | Candidate)

Record = tuple[str, msgspec.Struct]
"""Kind and data of an entry to be."""

LONGEST_TEXT = 10_000
"""Characters of a name or a title: beyond what any page takes, short of a mistake."""


class Change(msgspec.Struct, frozen=True):
    """What a command changes.

    Attributes:
        records: to append, in order.
        occurrence: what happened, from which messages are made.
    """

    records: tuple[Record, ...]
    occurrence: Occurrence


class Done(msgspec.Struct, Generic[_T], frozen=True):
    """What a command did.

    Attributes:
        subject: the assessment or the candidate, as the command left it.
        messages: that it caused.
        refused: payloads that it caused and that did not fit their schema; they were not sent.
    """

    subject: _T
    messages: tuple[Message, ...] = ()
    refused: tuple[Refused, ...] = ()


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


def checked_email(email: str, path: str) -> str:
    """Return *email* if it can be an address.

    Raises:
        InvalidInputError: it can't.
    """
    if not EMAIL.fullmatch(email):
        message = f"not an e-mail address: {email[:80]!r}; expected one like 'ada@example.com'"
        raise InvalidInputError(message, path=path)
    return email
