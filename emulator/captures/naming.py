"""Tells which event type and generation a captured payload is of. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.candidate import INVITATION_EXPIRED
from emulator.domain.events import EVENT_TYPES, TEST_EVENT, event_type
from emulator.domain.payloads import fields
from emulator.errors import InvalidInputError, NotJSONError

if TYPE_CHECKING:
    from emulator.captures.capture import Capture
    from emulator.domain.events import Generation

UNREADABLE = "unreadable"
"""What a capture is called whose body is not a JSON object."""


def event_of(capture: Capture) -> str:
    """Return the id of a capture's event type, ``candidate.completed``.

    An event type that the emulator does not know keeps the word of the wire: ``candidate.moved``.
    """
    if capture.event:
        return _known(capture.event) or capture.event
    payload = payload_of(capture)
    if payload is None:
        return UNREADABLE
    word, subject = payload.get("event"), payload.get("type")
    if not isinstance(word, str) or not word:
        if fields.find(payload, "candidateStatus") == INVITATION_EXPIRED:
            return "candidate.invitation_expired"
        return TEST_EVENT if subject is None else f"{subject}.unnamed"
    if not isinstance(subject, str):  # v2 has none
        is_candidate = isinstance(payload.get("data"), dict) and "candidate" in payload["data"]
        subject = "candidate" if is_candidate else "assessment"
    return _known(word, subject) or f"{subject}.{word}"


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
