"""The fault ``chunked``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import Count, WireFault

if TYPE_CHECKING:
    from emulator.delivery.sending import Sending


class Chunked(WireFault, frozen=True, kw_only=True, tag="chunked"):
    """The body is sent in chunks (``Transfer-Encoding: chunked``), without a Content-Length.

    That is valid HTTP/1.1: the consumer receives the same body, if its server supports it.

    Attributes:
        size: bytes of a chunk.
    """

    example: ClassVar[str] = "fault: {chunked: {size: 16}}"
    order: ClassVar[int | None] = 1

    size: Count = 1_024

    def send(self, sending: Sending) -> Sending:
        """Return *sending* with the body in chunks."""
        return msgspec.structs.replace(
            sending, framing="Transfer-Encoding: chunked", body=_in_chunks(sending.body, self.size)
        )


def _in_chunks(body: bytes, size: int) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    return b"".join(chunks) + b"0\r\n\r\n"
