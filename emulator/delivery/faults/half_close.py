"""The fault ``half_close``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import Amount, WireFault
from emulator.delivery.sending import SendEnd

if TYPE_CHECKING:
    from emulator.delivery.sending import Sending


class HalfClose(WireFault, frozen=True, kw_only=True, tag="half_close"):
    """The sending side is closed (TCP FIN), and the answer is still awaited.

    The consumer receives the end of the input within the body or after it, and can answer. Servers
    differ: some close the connection, some answer 400, some process the incomplete body. TLS has
    no half-close: over ``https``, the connection is closed and the attempt ends as ``cut``.

    Attributes:
        after: bytes of the body that are sent before; by default all of it.
    """

    example: ClassVar[str] = "fault: {half_close: {after: 10}}"

    after: Amount | None = None

    def send(self, sending: Sending) -> Sending:
        """Return *sending* with its end in the body, or behind it."""
        return msgspec.structs.replace(sending, body=sending.body[: self.after], end=(SendEnd(),))
