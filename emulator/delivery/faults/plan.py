"""Faults that change the plan of an attempt: whether, when and how often it is made.

Here stand their settings; the workspace does what they say.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from emulator.delivery.faults.fault import Fault, Seconds

_Some = Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class Drop(Fault, frozen=True, kw_only=True, tag="drop"):
    """The delivery is dropped instead of attempted."""

    example: ClassVar[str] = "fault: {drop: {times: 1}, on: {event: candidate.completed}}"
    group: ClassVar[Literal["plan"]] = "plan"


class Delay(Fault, frozen=True, kw_only=True, tag="delay"):
    """The attempt is made later.

    Attributes:
        by: how much, in seconds of the workspace's time.
    """

    example: ClassVar[str] = "fault: {delay: {by: 2h}, on: {event: candidate.invited}}"
    group: ClassVar[Literal["plan"]] = "plan"

    by: Seconds


class Duplicate(Fault, frozen=True, kw_only=True, tag="duplicate"):
    """The same message is delivered more than once.

    Attributes:
        copies: attempts beside the one.
    """

    example: ClassVar[str] = (
        "fault: {duplicate: {times: 1}, on: {event: candidate.completed, attempt: 1}}"
    )
    group: ClassVar[Literal["plan"]] = "plan"

    copies: _Some = 1


class Reorder(Fault, frozen=True, kw_only=True, tag="reorder"):
    """The attempt is held back and overtaken by later ones to the same webhook.

    Attributes:
        after: held until that many later attempts were planned.
        window: in place of `after`: held until that many are together, then let go in a drawn
            order.
    """

    example: ClassVar[str] = "fault: {reorder: {after: 1, times: 1}, on: {nth: 1}}"
    group: ClassVar[Literal["plan"]] = "plan"

    after: _Some = 1
    window: Annotated[int, msgspec.Meta(ge=2, le=1_000)] | None = None

    def _problem(self) -> str:
        both = self.window is not None and self.after != 1
        return "both 'after' and 'window'; expected one of them" if both else ""


class Flood(Fault, frozen=True, kw_only=True, tag="flood"):
    """The same message is delivered many times at once.

    Attributes:
        count: attempts in all.
    """

    example: ClassVar[str] = "fault: {flood: {count: 200, times: 1}}"
    group: ClassVar[Literal["plan"]] = "plan"

    count: Annotated[int, msgspec.Meta(ge=2, le=1_000)]


PlanFault = Drop | Delay | Duplicate | Reorder | Flood
