"""Describes how a request is written to a connection, including wire faults. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


class Write(msgspec.Struct, frozen=True):
    """Send bytes."""

    data: bytes


class Pause(msgspec.Struct, frozen=True):
    """Wait for some real seconds."""

    seconds: float


class SendReset(msgspec.Struct, frozen=True):
    """Reset the connection (TCP RST) once everything is sent; the outcome is ``cut``."""


class SendEnd(msgspec.Struct, frozen=True):
    """Send the end of the data (TCP FIN) and continue to read.

    With TLS, which has no half-close, the connection is closed and the outcome is ``cut``.
    """


WireAction = Write | Pause | SendReset | SendEnd


class Sending(msgspec.Struct, frozen=True):
    """A request as it is about to be written.

    Attributes:
        head: request line and headers, each with its line end; empty sends *body* alone.
        framing: the header that says where the body ends, without its line end.
        body: the bytes after the head.
        timeout: real seconds after which the attempt ends.
        rate: bytes of the body a second; None sends it at once.
        end: the action after the body.
    """

    head: str
    framing: str
    body: bytes
    timeout: float
    rate: int | None = None
    end: tuple[WireAction, ...] = ()

    def actions(self) -> tuple[WireAction, ...]:
        """Return the actions of the connection."""
        start = f"{self.head}{self.framing}\r\n\r\n".encode("latin-1") if self.head else b""
        if self.rate is None:
            return (Write(start + self.body), *self.end)
        return (Write(start), *self._slowly(self.rate), *self.end)

    def _slowly(self, rate: int) -> Iterator[WireAction]:
        """Yield writes and pauses that send the body at *rate* bytes a second.

        They end with a pause when the time is over, and the attempt with it.
        """
        size = max(1, rate // 10)
        for start in range(0, len(self.body), size):
            if start:
                yield Pause(size / rate)
            if start / rate > self.timeout:
                return
            yield Write(self.body[start : start + size])


def content_length(length: int) -> str:
    """Return the framing of a body of *length* bytes."""
    return f"Content-Length: {length}"
