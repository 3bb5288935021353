"""Faults of the connection: how the bytes get to the consumer, and whether all of them do.

This module has their settings; `transports.wire_actions` applies them to requests. `Chunked`,
`SlowBody` and `Reset` go together. Of all else the last one that is set holds, alone.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from emulator.delivery.faults.fault import Amount, Count, Fault

_LONGEST = 2**31


class SlowBody(Fault, frozen=True, kw_only=True, tag="slow_body"):
    """The body trickles in.

    Attributes:
        bytes_per_second: in real time; the time-out of the attempt goes on.
    """

    example: ClassVar[str] = "fault: {slow_body: {bytes_per_second: 100}}"
    group: ClassVar[Literal["wire"]] = "wire"

    bytes_per_second: Count


class Reset(Fault, frozen=True, kw_only=True, tag="reset"):
    """The connection is broken (TCP RST) in the midst of the request.

    Attributes:
        after: bytes of the body that are sent before, as it stands on the wire.
    """

    example: ClassVar[str] = "fault: {reset: {after: 40, times: 2}}"
    group: ClassVar[Literal["wire"]] = "wire"

    after: Amount = 0


class HalfClose(Fault, frozen=True, kw_only=True, tag="half_close"):
    """The sending side is closed (TCP FIN), and the answer still waited for.

    TLS knows no such thing: there the connection is broken.

    Attributes:
        after: bytes of the body that are sent before; None sends all of it.
    """

    example: ClassVar[str] = "fault: {half_close: {after: 10}}"
    group: ClassVar[Literal["wire"]] = "wire"

    after: Amount | None = None


class WrongLength(Fault, frozen=True, kw_only=True, tag="wrong_length"):
    """The Content-Length is not the body's.

    Attributes:
        by: how much it is too long; below zero, too short. Behind a body for which it is too
            long the sending side is closed, so that nobody waits for the rest.
    """

    example: ClassVar[str] = "fault: {wrong_length: {by: -5}}"
    group: ClassVar[Literal["wire"]] = "wire"

    by: Annotated[int, msgspec.Meta(ge=-_LONGEST, le=_LONGEST)]

    def _problem(self) -> str:
        return "" if self.by else "a length that is wrong by 0; expected one above or below"


class Chunked(Fault, frozen=True, kw_only=True, tag="chunked"):
    """The body goes in chunks, without a Content-Length.

    Attributes:
        size: bytes of a chunk.
    """

    example: ClassVar[str] = "fault: {chunked: {size: 16}}"
    group: ClassVar[Literal["wire"]] = "wire"

    size: Count = 1_024


class TlsFailure(Fault, frozen=True, kw_only=True, tag="tls_failure"):
    """The TLS handshake breaks off; without TLS, the same bytes come in place of the request."""

    example: ClassVar[str] = "fault: {tls_failure: {times: 1}}"
    group: ClassVar[Literal["wire"]] = "wire"


WireFault = SlowBody | Reset | HalfClose | WrongLength | Chunked | TlsFailure
