"""v1 payloads: an occurrence and an event type give the dict that is sent.

Faithful to the eleven documented examples down to their irregularities: which keys there are,
in which order, and in which of their several forms. ``docs/fidelity.md`` lists them.

Every object but Invitation Expired has its keys sorted by length, then by bytes (documented).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.events import EVENT_TYPES
from emulator.domain.payloads import v1_assessments, v1_candidates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.domain.occurrence import Occurrence

Payload = dict[str, Any]
"""A JSON object, as it goes out: ``data``, ``type``, ``event``, ``success``, ``metadata`` and,
in part of them, ``timestamp``; Invitation Expired has ``success`` and ``data`` alone."""

WITHOUT_TIMESTAMP = frozenset({"candidate.disqualified"})
"""Candidate event types whose envelope has no ``timestamp`` (documented)."""


def payload(event: str, occurrence: Occurrence, observed: Iterable[str] = ()) -> Payload:
    """Return the payload of one event type for *occurrence*.

    Args:
        event: id of an event type whose subject the occurrence has.
        occurrence: what happened.
        observed: names of variants, which payloads of status changes follow.
    """
    return envelope(event, occurrence, data(event, occurrence, observed))


def data(event: str, occurrence: Occurrence, observed: Iterable[str]) -> Payload:
    """Return the ``data`` of the payload, which the event types of one occurrence share."""
    if EVENT_TYPES[event].subject == "assessment":
        return v1_assessments.data(event, occurrence)
    return v1_candidates.data(event, occurrence, observed)


def envelope(event: str, occurrence: Occurrence, data: Payload) -> Payload:
    """Return the payload with this ``data``."""
    event_type = EVENT_TYPES[event]
    if event_type.subject == "assessment":
        return {
            "data": data,
            "type": "assessment",
            "event": event_type.v1_word,
            "success": True,
            "metadata": {},
        }
    if event == "candidate.invitation_expired":
        return {"success": True, "data": data}
    made: Payload = {
        "data": data,
        "type": "candidate",
        "event": event_type.v1_word,
        "success": True,
        "metadata": False,
    }
    if event not in WITHOUT_TIMESTAMP:
        made["timestamp"] = round(occurrence.at.timestamp() * 1000)
    return made
