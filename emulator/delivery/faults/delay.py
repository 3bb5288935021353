"""The fault ``delay``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import PlanFault, Seconds

if TYPE_CHECKING:
    from emulator.delivery.fault_plan import Draft


class Delay(PlanFault, frozen=True, kw_only=True, tag="delay"):
    """The attempt is made later.

    The consumer learns late of the event, and perhaps after later events.

    Attributes:
        by: how much later, in workspace time.
    """

    example: ClassVar[str] = "fault: {delay: {by: 2h}, on: {event: candidate.invited}}"

    by: Seconds

    def change(self, draft: Draft, _id: str) -> Draft:
        """Return *draft* with a longer pause."""
        return msgspec.structs.replace(draft, pause=draft.pause + self.by)
