"""The fault ``slow_body``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import Count, WireFault

if TYPE_CHECKING:
    from emulator.delivery.sending import Sending


class SlowBody(WireFault, frozen=True, kw_only=True, tag="slow_body"):
    """The body is sent slowly.

    The consumer waits for it, and perhaps blocks a worker. The time-out of the attempt still
    applies, so a body that is too slow never arrives completely.

    Attributes:
        bytes_per_second: in real time.
    """

    example: ClassVar[str] = "fault: {slow_body: {bytes_per_second: 100}}"
    order: ClassVar[int | None] = 3

    bytes_per_second: Count

    def send(self, sending: Sending) -> Sending:
        """Return *sending* at this rate."""
        return msgspec.structs.replace(sending, rate=self.bytes_per_second)
