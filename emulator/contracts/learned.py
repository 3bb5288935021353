"""The knowledge of an overlay, learned from captures, and payloads in the learned shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.decoding import convert
from emulator.domain.payloads import fields
from emulator.domain.payloads.filling import filled
from emulator.domain.payloads.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from emulator.contracts.validation import Contracts

KEY = "x-learned"
"""The key of a schema document that has it."""


class Learned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The knowledge about an event type.

    Attributes:
        name: of the event type in the captures, if the emulator has another name for it.
        digests: of the captures, so that none counts twice.
        shapes: status -> shape, for status changes; of other event types, the shape at the empty
            status.
    """

    name: str = ""
    digests: tuple[str, ...] = ()
    shapes: dict[str, Shape] = {}

    def shaped(self, payload: dict[str, Any], event: str, at: datetime) -> dict[str, Any]:
        """Return a payload in the shape of the captures, if there were any of its status.

        Args:
            payload: as the emulator built it.
            event: its event type.
            at: the time of the event.
        """
        shape = self.shapes.get(fields.text(payload, "candidateStatus")) or self.shapes.get("")
        if shape is None:
            return payload
        made: dict[str, Any] = filled(shape, payload, event, at)
        return made


def names(contracts: Contracts, generation: str) -> dict[str, str]:
    """Return the names of event types in captures -> their ids, where they differ."""
    found = (
        (contracts.learned(generation, event), event) for event in contracts.events(generation)
    )
    return {one.name: event for one, event in found if one is not None and one.name}


def read(document: Mapping[str, Any]) -> Learned | None:
    """Return the knowledge in a schema document; None if it has none.

    Raises:
        InvalidInputError: it has another structure.
    """
    return convert(document[KEY], Learned) if KEY in document else None
