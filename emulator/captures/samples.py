"""Payloads as the emulator sends them, to compare captures with. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.clock import EPOCH
from emulator.conformance.fuzzing.payloads import bases

if TYPE_CHECKING:
    from emulator.domain.events import Generation


def sent(generation: Generation, event: str) -> list[Any]:  # noqa: ARG001 - v2 sends v1 bodies
    """Return a payload of an event type about a made-up subject, for each status it can have."""
    return [one.payload for one in bases(0, EPOCH, [event])]
