"""The fault ``reorder``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.delivery.faults.fault import PlanFault
from emulator.delivery.reordering import Hold

if TYPE_CHECKING:
    from emulator.delivery.fault_plan import Draft


class Reorder(PlanFault, frozen=True, kw_only=True, tag="reorder"):
    """The attempt is held back until later attempts to the same webhook have overtaken it.

    The consumer receives COMPLETED before IN_PROGRESS.

    Attributes:
        after: held back until that many later attempts were planned.
        window: in place of `after`: held back until that many attempts are together, which then
            start in a random order.
    """

    example: ClassVar[str] = "fault: {reorder: {after: 1, times: 1}, on: {nth: 1}}"

    after: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    window: Annotated[int, msgspec.Meta(ge=2, le=1_000)] | None = None

    def _problem(self) -> str:
        both = self.window is not None and self.after != 1
        return "both 'after' and 'window'; expected one of them" if both else ""

    def change(self, draft: Draft, id_: str) -> Draft:
        """Return *draft* with the attempt held back."""
        return msgspec.structs.replace(draft, hold=Hold(id_, self.after, self.window))
