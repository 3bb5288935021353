"""Lists what is due next in a workspace. Pure."""

from __future__ import annotations

from datetime import datetime
from heapq import nsmallest
from typing import TYPE_CHECKING

import msgspec

from emulator.delivery.records import Delivery
from emulator.domain.candidate import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.workspace.state import State


class Due(msgspec.Struct, frozen=True):
    """Something that happens automatically.

    Attributes:
        at: the workspace's time.
        subject: the delivery that is tried again, or the candidate who is moved.
        command: by which a candidate is moved; empty for a delivery.
    """

    at: datetime
    subject: Delivery | Candidate
    command: str = ""


def due(state: State, limit: int) -> list[Due]:
    """Return at most *limit* things that happen by themselves, the next first."""
    return nsmallest(limit, _all(state), key=lambda one: one.at)


def _all(state: State) -> Iterator[Due]:
    for key in state.by_status.get("pending", ()):
        delivery = state.deliveries[key]
        if delivery.next_due is not None:
            yield Due(delivery.next_due, delivery)
    for candidate in state.candidates.values():
        if candidate.falls_due is not None:
            command, at = candidate.falls_due
            yield Due(at, candidate, command)
