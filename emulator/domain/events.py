"""The event types: our stable ids, the words on the wire, and their provenance."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

Provenance = Literal["documented", "observed", "assumed"]
"""How we know a fact about the provider: its own pages, live consumers' code, or our choice."""

SubjectKind = Literal["candidate", "assessment"]

Generation = Literal["v1", "v2"]
"""Of Testlify's webhooks; not the ``/v1`` of REST paths."""

TEST_EVENT = "test"
"""What a test ping is called in deliveries; not an event type: nobody can subscribe to it."""


class EventType(msgspec.Struct, frozen=True):
    """One kind of message.

    Attributes:
        id: our stable name, ``candidate.invited``.
        subject: what it is about.
        v1_word: the value of ``event`` in a v1 payload; None when the payload has no such key.
        provenance: of the payload's shape.
        word_provenance: of the word.
        summary: one line for people.
        v2_provenance: how we know that v2 has an event type of this id; None when it has none.
    """

    id: str
    subject: SubjectKind
    v1_word: str | None
    provenance: Provenance
    word_provenance: Provenance
    summary: str
    v2_provenance: Provenance | None = None


def _table(*rows: EventType) -> Mapping[str, EventType]:
    return MappingProxyType({row.id: row for row in rows})


EVENT_TYPES = _table(
    EventType(
        "candidate.status_changed", "candidate", "candidateStatusChanged",
        "documented", "documented", "every status change, with the data of that status",
        "assumed",
    ),
    EventType(
        "candidate.invited", "candidate", "invited",
        "assumed", "assumed", "a candidate was invited",
    ),
    EventType(
        "candidate.enrolled", "candidate", "enrolled",
        "documented", "documented", "the candidate opened the invitation and gave their details",
    ),
    EventType(
        "candidate.in_progress", "candidate", "in_progress",
        "documented", "documented", "the candidate is answering",
        "assumed",
    ),
    EventType(
        "candidate.completed", "candidate", "completed",
        "documented", "documented", "the candidate handed in",
        "observed",
    ),
    EventType(
        "candidate.disqualified", "candidate", "disqualified",
        "documented", "documented", "a qualifying question answered wrongly, or proctoring",
        "assumed",
    ),
    EventType(
        "candidate.invitation_expired", "candidate", None,
        "documented", "documented", "the invitation ran out; the payload has no event",
        "assumed",
    ),
    EventType(
        "candidate.rejected", "candidate", "rejected",
        "assumed", "assumed", "the customer turned the candidate down",
    ),
    EventType(
        "candidate.score_updated", "candidate", "scoreUpdated",
        "assumed", "assumed", "the score was changed afterwards",
    ),
    EventType(
        "assessment.created", "assessment", "created",
        "documented", "documented", "an assessment was made, still a draft",
        "documented",
    ),
    EventType(
        "assessment.updated", "assessment", "updated",
        "documented", "documented", "an assessment was edited or published",
        "documented",
    ),
    EventType(
        "assessment.archived", "assessment", "archived",
        "documented", "documented", "an assessment was archived (and says isArchived: false)",
        "documented",
    ),
    EventType(
        "assessment.deleted", "assessment", "deleted",
        "documented", "documented", "an assessment was deleted (and does not say so in data)",
        "documented",
    ),
)  # fmt: skip
"""Event type id -> event type.

Source of v1: the eleven documented examples. The shapes of ``invited`` and ``rejected`` are those
of the ``candidateStatusChanged`` examples of that status; their own words are assumed.

Source of v2: nine types are documented, four of them assessment events. The names of four candidate
types are unknown; the five candidate events of v1's settings page are taken for v2's (assumed).
"""


def event_type(name: str, *, path: str | None = None) -> EventType:
    """Return the event type that *name* means: an id, or a word of the wire.

    Accepted are ids (``candidate.in_progress``), words of the wire (``in_progress``,
    ``candidateStatusChanged``) and the part of an id behind its dot (``status_changed``).

    Args:
        name: what the user wrote.
        path: JSON path of it, for the error.

    Raises:
        UnknownNameError: no event type is called that; the message names the known ones.
        InvalidInputError: the word fits several; the message names them.
    """
    if name in EVENT_TYPES:
        return EVENT_TYPES[name]
    found = [
        one
        for one in EVENT_TYPES.values()
        if name in (one.v1_word, one.subject, one.id.partition(".")[2])
    ]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(repr(one.id) for one in found)
        message = f"{name!r} is ambiguous, it means any of {several}; name one"
        raise InvalidInputError(message, path=path)
    raise UnknownNameError("event type", name, EVENT_TYPES, path=path, show_all=True)
