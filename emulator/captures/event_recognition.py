"""Recognises the event type and the generation of a captured payload. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.candidate import INVITATION_EXPIRED, LIFECYCLE
from emulator.domain.events import EVENT_TYPES, TEST_EVENT, event_type
from emulator.domain.payloads import fields
from emulator.errors import InvalidInputError, NotJSONError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.captures.capture import Capture
    from emulator.domain.events import Generation

STATES = tuple(dict.fromkeys(row.next_state for row in LIFECYCLE.rows))
"""The statuses of a candidate."""

_WORDS = ("event", "eventType", "event_type", "eventName", "event_name")
"""Keys that may name the event, the first that is there."""

UNREADABLE = "unreadable"
"""The event type of a capture whose body is not a JSON object."""


def event_of(capture: Capture) -> str:
    """Return the id of a capture's event type, ``candidate.completed``.

    An event type that the emulator does not know keeps the word of the wire: ``candidate.moved``. A
    payload without a word is named by the status of its candidate: ``candidate.unnamed.completed``.
    """
    if capture.event:
        return _known(capture.event) or capture.event
    payload = payload_of(capture)
    if payload is None:
        return UNREADABLE
    if fields.text(payload, "candidateStatus") == INVITATION_EXPIRED and "event" not in payload:
        return "candidate.invitation_expired"
    subject, word = _subject(payload), _word(payload)
    if word:
        return _known(word, subject) or f"{subject}.{word}"
    status = status_of(payload).lower()
    if not status:
        return f"{payload['type']}.unnamed" if "type" in payload else TEST_EVENT
    return f"{subject}.unnamed.{status}"


def status_of(payload: Any) -> str:
    """Return the status of a candidate, wherever the payload has it; empty without one."""
    found = [(key, value) for key, value in _texts(payload) if value.upper() in STATES]
    exact = (value for _, value in found if value in STATES)
    likely = (value.upper() for key, value in found if "status" in key.lower())
    return next(exact, "") or next(likely, "")


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield key and text of each text outside of lists."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, name)
    elif isinstance(value, str):
        yield key, value


def _word(payload: dict[str, Any]) -> str:
    """Return the word that names the event; empty without one."""
    for key in _WORDS:
        if isinstance(word := payload.get(key), str) and word:
            return word
    kind = payload.get("type")  # as Standard Webhooks has it: candidate.completed
    return kind if isinstance(kind, str) and "." in kind else ""


def _subject(payload: dict[str, Any]) -> str:
    kind = str(payload.get("type")).partition(".")[0]
    if kind in ("candidate", "assessment"):
        return kind
    data = payload.get("data")  # v2 has no type
    is_candidate = bool(status_of(payload)) or (isinstance(data, dict) and "candidate" in data)
    return "candidate" if is_candidate else "assessment"


def generation_of(capture: Capture) -> Generation:
    """Return the generation of a capture: as its source says, else by payload and headers."""
    if capture.generation is not None:
        return capture.generation
    payload = payload_of(capture) or {}
    if fields.generation_of(payload) == "v2":
        return "v2"
    is_svix = capture.header("svix-id") or capture.header("webhook-id")
    return "v2" if is_svix and "type" not in payload else "v1"


def payload_of(capture: Capture) -> dict[str, Any] | None:
    """Return the payload of a capture; None if its body is not a JSON object."""
    try:
        payload = capture.payload
    except NotJSONError:
        return None
    return payload if isinstance(payload, dict) else None


def _known(word: str, subject: str = "") -> str:
    """Return the id of the event type that *word* names; empty if the emulator has none."""
    if f"{subject}.{word}" in EVENT_TYPES:
        return f"{subject}.{word}"
    try:
        found = event_type(word)
    except InvalidInputError:
        return TEST_EVENT if word == TEST_EVENT else ""
    return found.id if subject in ("", found.subject) else ""
