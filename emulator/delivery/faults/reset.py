"""The fault ``reset``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import Amount, WireFault
from emulator.delivery.sending import SendReset

if TYPE_CHECKING:
    from emulator.delivery.sending import Sending


class Reset(WireFault, frozen=True, kw_only=True, tag="reset"):
    """The connection is reset (TCP RST) within the request.

    The consumer receives an incomplete request; the attempt ends as ``cut``.

    Attributes:
        after: bytes of the body that are sent before, as they are on the wire: with ``chunked``,
            the lengths of chunks count. The consumer's kernel may discard what the consumer has
            not read by then.
    """

    example: ClassVar[str] = "fault: {reset: {after: 40, times: 2}}"
    order: ClassVar[int | None] = 2

    after: Amount = 0

    def send(self, sending: Sending) -> Sending:
        """Return *sending* with a reset in its body."""
        return msgspec.structs.replace(sending, body=sending.body[: self.after], end=(SendReset(),))
