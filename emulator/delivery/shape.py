"""What the faults that are set make of an attempt that is due: when, how often, whether. Pure.

What its bytes are and how they go over the wire follows when it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.clock import later
from emulator.delivery.faults.fault import chosen
from emulator.delivery.faults.plan import Delay, Drop, Duplicate, Flood, Reorder
from emulator.delivery.records import Planned

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from emulator.delivery.faults.fault import Standing
    from emulator.delivery.records import Delivery


MOST_COPIES = 1_000
"""Copies of one attempt that all faults together make at most."""


class Shape(msgspec.Struct, frozen=True):
    """What becomes of an attempt.

    Attributes:
        planned: the attempt, and its copies.
        drop: why the delivery is dropped, the id of a fault at first; empty when it is not.
        reorder: id of the fault that holds all of them back, and that fault.
        is_crowd: they start all at once, whatever the limits are.
    """

    planned: tuple[Planned, ...]
    drop: str = ""
    reorder: tuple[str, Reorder] | None = None
    is_crowd: bool = False


def shaped(
    delivery: Delivery, number: int, standing: Collection[Standing], seed: int, now: datetime
) -> Shape | None:
    """Return what the faults that are set make of an attempt; None when none of them fits it.

    Args:
        delivery: whose attempt is due.
        number: of the attempt.
        standing: the faults that are set, with their counts so far.
        seed: of the workspace.
        now: the workspace's time.
    """
    message, webhook = delivery.message, delivery.webhook_number
    matched, applied = chosen(standing, message, delivery.webhook_id, number, webhook, seed)
    if not matched:
        return None
    faults = [(one.id, one.fault) for one in standing if one.id in applied]
    pause, copies = 0.0, 0
    drop, reorder, is_crowd = "", None, False
    for id_, fault in faults:
        if isinstance(fault, Delay):
            pause += fault.by
        elif isinstance(fault, Duplicate):
            copies += fault.copies
        elif isinstance(fault, Flood):
            copies += fault.count - 1
            is_crowd = True
        elif isinstance(fault, Drop):
            drop = id_
        elif isinstance(fault, Reorder):
            reorder = (id_, fault)
    if copies > MOST_COPIES:
        drop = (
            f"copies: faults ask for {copies} copies of an attempt, and {MOST_COPIES} is the most"
        )
    due = later(now, pause)
    first = Planned(
        message.number, webhook, number, delivery.trigger_of(number), due, matched, applied
    )
    more = (
        []
        if drop
        else [
            Planned(message.number, webhook, copy, "duplicate", due, (), applied)
            for copy in range(delivery.numbered + 1, delivery.numbered + 1 + copies)
        ]
    )
    return Shape((first, *more), drop, reorder, is_crowd)
