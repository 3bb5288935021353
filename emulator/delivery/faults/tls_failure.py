"""The fault ``tls_failure``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import WireFault
from emulator.delivery.sending import SendReset

if TYPE_CHECKING:
    from emulator.delivery.sending import Sending

_BROKEN_HELLO = bytes.fromhex("16030102000100fffc0303") + bytes(16)
"""The start of a TLS record of 512 bytes: a ClientHello that claims to be longer than that."""


class TlsFailure(WireFault, frozen=True, kw_only=True, tag="tls_failure"):
    """The TLS handshake fails: the start of a broken ClientHello is sent, then TCP RST.

    The consumer's server receives a client that fails before any request, and should keep
    serving. Without TLS, the same bytes are sent in place of the request. The attempt ends as
    ``cut``.
    """

    example: ClassVar[str] = "fault: {tls_failure: {times: 1}}"
    does_handshake: ClassVar[bool] = False

    def send(self, sending: Sending) -> Sending:
        """Return the broken handshake in place of the request."""
        return msgspec.structs.replace(sending, head="", body=_BROKEN_HELLO, end=(SendReset(),))
