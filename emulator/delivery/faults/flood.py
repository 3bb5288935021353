"""The fault ``flood``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.delivery.faults.fault import PlanFault

if TYPE_CHECKING:
    from emulator.delivery.fault_plan import Draft


class Flood(PlanFault, frozen=True, kw_only=True, tag="flood"):
    """The same message is delivered many times at once, regardless of limits.

    The consumer is under load, and should store the event once.

    Attributes:
        count: attempts in all.
    """

    example: ClassVar[str] = "fault: {flood: {count: 200, times: 1}}"

    count: Annotated[int, msgspec.Meta(ge=2, le=1_000)]

    def change(self, draft: Draft, _id: str) -> Draft:
        """Return *draft* with the attempts added, all at once."""
        copies = draft.copies + self.count - 1
        return msgspec.structs.replace(draft, copies=copies, is_crowd=True)
