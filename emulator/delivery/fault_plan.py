"""Applies faults to the plan of a due attempt: whether, when and how often it is made. Pure.

Faults of the body and of the wire are applied when the attempt starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.clock import later
from emulator.delivery.faults.fault import PlanFault, for_attempt
from emulator.delivery.records import Planned
from emulator.delivery.reordering import Hold

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from emulator.delivery.faults.fault import ActiveFault
    from emulator.delivery.records import Delivery


MOST_COPIES = 1_000
"""Copies of one attempt that all faults together make at most."""


class Draft(msgspec.Struct, frozen=True):
    """The part of an attempt that plan faults can change.

    Attributes:
        pause: seconds of workspace time until it may start.
        copies: how many attempts with the same message are added.
        is_crowd: all of them start at once, regardless of limits.
        hold: until when all of them are held back; None does not hold them back.
        dropped_by: id of the fault that drops the delivery; empty if none does.
    """

    pause: float = 0.0
    copies: int = 0
    is_crowd: bool = False
    hold: Hold | None = None
    dropped_by: str = ""


class FaultPlan(msgspec.Struct, frozen=True):
    """The plan of an attempt.

    Attributes:
        planned: the attempt, and its copies.
        drop: why the delivery is dropped; empty if it is not.
        hold: until when all of them are held back.
        is_crowd: they start all at once, regardless of limits.
    """

    planned: tuple[Planned, ...]
    drop: str = ""
    hold: Hold | None = None
    is_crowd: bool = False


def fault_plan(
    delivery: Delivery, number: int, active: Collection[ActiveFault], seed: int, now: datetime
) -> FaultPlan | None:
    """Return the plan of an attempt that faults apply to; None if no fault matches it.

    Args:
        delivery: whose attempt is due.
        number: of the attempt.
        active: the faults that are set, with their counts so far.
        seed: of the workspace.
        now: workspace time.
    """
    message, webhook = delivery.message, delivery.webhook_number
    matched, applied = for_attempt(active, message, delivery.webhook_id, number, webhook, seed)
    if not matched:
        return None
    draft = Draft()
    for one in active:
        if one.id in applied and isinstance(one.fault, PlanFault):
            draft = one.fault.change(draft, one.id)
    drop = f"fault {draft.dropped_by}" if draft.dropped_by else ""
    if draft.copies > MOST_COPIES:
        drop = f"faults ask for {draft.copies} copies of an attempt; the most is {MOST_COPIES}"
    due = later(now, draft.pause)
    first = Planned(
        message.number, webhook, number, delivery.trigger_of(number), due, matched, applied
    )
    numbers = range(delivery.numbered + 1, delivery.numbered + 1 + (0 if drop else draft.copies))
    copies = [
        Planned(message.number, webhook, copy, "duplicate", due, (), applied) for copy in numbers
    ]
    return FaultPlan((first, *copies), drop, draft.hold, draft.is_crowd)
