"""The fault ``duplicate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.delivery.faults.fault import PlanFault

if TYPE_CHECKING:
    from emulator.delivery.fault_plan import Draft


class Duplicate(PlanFault, frozen=True, kw_only=True, tag="duplicate"):
    """The same message is delivered more than once.

    The consumer receives the same body, and the same message id if the webhook sends one.

    Attributes:
        copies: additional attempts.
    """

    example: ClassVar[str] = (
        "fault: {duplicate: {times: 1}, on: {event: candidate.completed, attempt: 1}}"
    )

    copies: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1

    def change(self, draft: Draft, _id: str) -> Draft:
        """Return *draft* with the copies added."""
        return msgspec.structs.replace(draft, copies=draft.copies + self.copies)
