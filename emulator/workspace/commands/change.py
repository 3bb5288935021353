"""The result of a command, and checks that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from emulator.delivery.records import Message, Refused
from emulator.domain.assessment import Assessment
from emulator.domain.candidate import EMAIL, Candidate
from emulator.domain.occurrence import Occurrence
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T", Assessment, Candidate, Assessment | Candidate)

Record = tuple[str, msgspec.Struct]
"""Kind and data of a new entry."""

LONGEST_TEXT = 10_000
"""Limit for the characters of a name or a title."""


class Change(msgspec.Struct, frozen=True):
    """The changes of a command.

    Attributes:
        records: the records to append.
        occurrence: the occurrence, from which messages are built.
    """

    records: tuple[Record, ...]
    occurrence: Occurrence


class Done(msgspec.Struct, Generic[_T], frozen=True):
    """The result of a command.

    Attributes:
        subject: the assessment or the candidate after the command.
        messages: the messages that the command caused.
        refused: payloads that did not fit their schema, and were not sent.
    """

    subject: _T
    messages: tuple[Message, ...] = ()
    refused: tuple[Refused, ...] = ()


def done(change: Change, caused: Sequence[Record]) -> Done[Any]:
    """Return the result of a command; *caused* has the records of its messages."""
    happened = change.occurrence
    return Done(
        happened.candidate or happened.assessment,
        tuple([data for _, data in caused if isinstance(data, Message)]),
        tuple([data for _, data in caused if isinstance(data, Refused)]),
    )


def text(value: str, path: str) -> str:
    """Return *value* if it is a valid name or title.

    Raises:
        InvalidInputError: empty, too long, or with a lone surrogate.
    """
    if not value.strip():
        message = "empty; expected some text"
        raise InvalidInputError(message, path=path)
    if len(value) > LONGEST_TEXT:
        message = f"{len(value)} characters; the longest is {LONGEST_TEXT}"
        raise InvalidInputError(message, path=path)
    if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
        message = "half a surrogate pair, which can't be sent; expected Unicode text"
        raise InvalidInputError(message, path=path)
    return value


def checked_email(email: str, path: str) -> str:
    """Return *email* if it is a valid address.

    Raises:
        InvalidInputError: an invalid address.
    """
    if not EMAIL.fullmatch(email):
        message = f"not an e-mail address: {email[:80]!r}; expected one like 'ada@example.com'"
        raise InvalidInputError(message, path=path)
    return email
