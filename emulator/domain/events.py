"""The event types: our stable ids, the words on the wire, and their provenance."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

Provenance = Literal["documented", "observed", "assumed"]
"""How a fact about the provider is known: its own pages, code of real consumers, or our choice."""

SubjectKind = Literal["candidate", "assessment"]

Generation = Literal["v1", "v2"]
"""The generation of Testlify's webhooks; not related to ``/v1`` in paths of its API."""

TEST_EVENT = "test"
"""The event of a test ping in deliveries; not an event type: no webhook can subscribe to it."""


class EventType(msgspec.Struct, frozen=True):
    """An event type.

    Attributes:
        id: our stable id, ``candidate.invited``.
        subject: the kind of subject.
        v1_word: the value of ``event`` in a v1 payload; None if the payload has no such key.
        provenance: provenance of the form of the payload.
        word_provenance: provenance of the word.
        summary: a description on one line.
        v2_name: the name in v2, whose part after the dot is the value of ``event`` in a v2 payload;
            None if v2 has no such event type.
        v2_provenance: provenance of that name.
    """

    id: str
    subject: SubjectKind
    v1_word: str | None
    provenance: Provenance
    word_provenance: Provenance
    summary: str
    v2_name: str | None = None
    v2_provenance: Provenance | None = None

    @property
    def v2_word(self) -> str:
        """The value of ``event`` in a v2 payload."""
        return (self.v2_name or "").partition(".")[2]


def _table(*rows: EventType) -> Mapping[str, EventType]:
    return MappingProxyType({row.id: row for row in rows})


EVENT_TYPES = _table(
    EventType(
        "candidate.status_changed", "candidate", "candidateStatusChanged",
        "documented", "documented", "every status change, with the data of that status",
        "candidate.status_changed", "assumed",
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
        "candidate.in_progress", "assumed",
    ),
    EventType(
        "candidate.completed", "candidate", "completed",
        "documented", "documented", "the candidate completed the assessment",
        "candidate.completed", "observed",
    ),
    EventType(
        "candidate.disqualified", "candidate", "disqualified",
        "documented", "documented", "a wrong answer to a qualifying question, or proctoring",
        "candidate.disqualified", "assumed",
    ),
    EventType(
        "candidate.invitation_expired", "candidate", None,
        "documented", "documented", "the invitation expired",
        "candidate.invitation_expired", "assumed",
    ),
    EventType(
        "candidate.rejected", "candidate", "rejected",
        "assumed", "assumed", "the customer rejected the candidate",
    ),
    EventType(
        "candidate.score_updated", "candidate", "scoreUpdated",
        "assumed", "assumed", "the score was changed after the completion",
    ),
    EventType(
        "assessment.created", "assessment", "created",
        "documented", "documented", "an assessment was created as a draft",
        "assessment.created", "documented",
    ),
    EventType(
        "assessment.updated", "assessment", "updated",
        "documented", "documented", "an assessment was edited or published",
        "assessment.updated", "documented",
    ),
    EventType(
        "assessment.archived", "assessment", "archived",
        "documented", "documented", "an assessment was archived; v1 says isArchived: false",
        "assessment.archived", "documented",
    ),
    EventType(
        "assessment.deleted", "assessment", "deleted",
        "documented", "documented", "an assessment was deleted; data does not say so",
        "assessment.deleted", "documented",
    ),
)  # fmt: skip
"""Event type id -> event type.

Source of v1: the eleven documented examples. The shapes of ``invited`` and ``rejected`` are those
of the ``candidateStatusChanged`` examples of that status; their own words are assumed.

Source of v2: nine types are documented, four of them assessment events. The names of four candidate
types are unknown; the five candidate events of v1's settings page are taken for v2's (assumed).
"""

EVENTS_OF: Mapping[Generation, tuple[str, ...]] = MappingProxyType(
    {
        "v1": tuple(EVENT_TYPES),
        "v2": tuple(one.id for one in EVENT_TYPES.values() if one.v2_name is not None),
    }
)
"""Generation -> ids of the event types that it has."""


def event_type(
    name: str, *, generation: Generation | None = None, path: str | None = None
) -> EventType:
    """Return an event type by its id or by its word in payloads.

    Accepts ids (``candidate.in_progress``), words in payloads (``in_progress``,
    ``candidateStatusChanged``) and the part of an id after its dot (``status_changed``).

    Args:
        name: the name.
        generation: the generation that must have the event type; None for any.
        path: JSON path of the name, for the error.

    Raises:
        UnknownNameError: no such event type, or *generation* does not have it.
        InvalidInputError: the word is ambiguous; the message has the event types.
    """
    found = _named(name)
    if len(found) > 1:
        several = ", ".join(repr(one.id) for one in found)
        message = f"{name!r} is ambiguous, it means any of {several}; name one"
        raise InvalidInputError(message, path=path)
    if not found:
        raise UnknownNameError("event type", name, EVENT_TYPES, path=path, show_all=True)
    if generation is not None and found[0].id not in EVENTS_OF[generation]:
        known = EVENTS_OF[generation]
        raise UnknownNameError(f"{generation} event type", name, known, path=path, show_all=True)
    return found[0]


def checked_names(names: Mapping[str, str], *, path: str = "$") -> dict[str, str]:
    """Return other names of v2 event types, of those whose names are assumed.

    Args:
        names: event type -> its name in v2, as in ``candidate.moved``.
        path: JSON path of *names*, for the error.

    Raises:
        UnknownNameError: v2 has no such event type.
        InvalidInputError: its name is known, or the new name is taken or is none.
    """
    renamed: dict[str, str] = {}
    taken = {str(EVENT_TYPES[event].v2_name) for event in EVENTS_OF["v2"]}
    for id_, name in names.items():
        place = f"{path}[{id_!r}]"
        known = event_type(id_, generation="v2", path=place)
        if known.v2_provenance != "assumed":
            message = f"the name of {known.id!r} is {known.v2_provenance}; expected an assumed name"
            raise InvalidInputError(message, path=place)
        if not _V2_NAME.fullmatch(name):
            message = (
                f"not a name of an event type: {name[:80]!r}; expected 'candidate.' and a word"
            )
            raise InvalidInputError(message, path=place)
        if name in taken - {known.v2_name}:
            message = f"{name!r} is the name of another event type"
            raise InvalidInputError(message, path=place)
        taken.add(name)
        renamed[known.id] = name
    return renamed


_V2_NAME = re.compile(r"candidate\.[A-Za-z][A-Za-z0-9_.-]{0,79}")


def _named(name: str) -> list[EventType]:
    if name in EVENT_TYPES:
        return [EVENT_TYPES[name]]
    return [
        one
        for one in EVENT_TYPES.values()
        if name in (one.v1_word, one.subject, one.id.partition(".")[2], one.v2_name)
        or (name and name == one.v2_word)
    ]
