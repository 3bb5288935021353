"""Payloads as the emulator sends them, to compare captures with. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from emulator.clock import EPOCH
from emulator.conformance.fuzzing.payloads import Base, bases

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation

SEEDS = range(4)
"""Each gives different subjects."""


def shaped_by(contracts: Contracts) -> Callable[[Generation, str], list[Any]]:
    """Return a function that makes payloads of an event type in the shape of an overlay."""
    return lambda generation, event: [
        base.payload for base in bases(0, EPOCH, generation, [event], contracts)
    ]


def sent(generation: Generation, event: str, status: str = "") -> list[Any]:
    """Return payloads of an event type about different subjects.

    Args:
        generation: of the payloads.
        event: id of an event type.
        status: of the candidate, for status changes; all statuses by default.
    """
    name = f"{event} ({status})" if status else event
    return [
        base.payload
        for seed in SEEDS
        for base in _bases(seed, generation)
        if base.event == event and base.name.startswith(name)
    ]


@lru_cache(maxsize=2 * len(SEEDS))
def _bases(seed: int, generation: Generation) -> list[Base]:
    return bases(seed, EPOCH, generation)
