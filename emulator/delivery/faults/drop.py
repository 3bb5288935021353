"""The fault ``drop``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import PlanFault

if TYPE_CHECKING:
    from emulator.delivery.fault_plan import Draft


class Drop(PlanFault, frozen=True, kw_only=True, tag="drop"):
    """The delivery is dropped instead of attempted.

    The consumer never learns of the event.
    """

    example: ClassVar[str] = "fault: {drop: {times: 1}, on: {event: candidate.completed}}"

    def change(self, draft: Draft, id_: str) -> Draft:
        """Return *draft* with the delivery dropped."""
        return msgspec.structs.replace(draft, dropped_by=id_)
