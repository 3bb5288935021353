"""One connection to a consumer: sends a request, reads the answer; never dials, never retries."""

from __future__ import annotations

import asyncio
import ssl
import struct
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, cast

import httptools

from emulator.delivery.records import MOST_BODY, MOST_KEPT
from emulator.delivery.sending import Pause, SendReset, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.delivery.records import Headers, Reason
    from emulator.delivery.sending import WireAction
    from emulator.delivery.transports.wire_actions import Key

MOST_HEAD = 64 * 1024
"""Limit for the header names and values of an answer in bytes, including interim answers."""

_LEAST = 100
_SWITCHING = 101
_FINAL = 200
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """A connected socket, for one exchange at a time.

    Args:
        key: scheme, address, port and host name; requests with the same key can share a connection.
        on_end: called once, when nothing more can be sent.
        on_gone: called once, when the socket is closed.

    Attributes:
        address: the dialled address as ``IP:PORT``.
        is_open: the connection is usable, as far as we know.
        is_reusable: the last exchange ended cleanly, so that another can follow.
        has_begun: at least one byte of the answer has arrived.
        status, is_cut, detail: the result of the last exchange, as in `Outcome`.
    """

    __slots__ = (
        "_chunks", "_deadline", "_done", "_due", "_early", "_end", "_ends", "_fields",
        "_first_byte", "_fresh", "_head_size", "_in_body", "_keeps", "_loop", "_most", "_on_end",
        "_on_gone", "_parser", "_pause", "_raw_head", "_result", "_sent", "_size", "_timer",
        "_todo", "_transport", "_wants_drain", "address", "detail", "has_begun", "is_cut",
        "is_open", "is_reusable", "key", "status",
    )  # fmt: skip

    def __init__(
        self,
        key: Key,
        *,
        on_end: Callable[[Connection], None],
        on_gone: Callable[[Connection], None],
    ) -> None:
        self.key = key
        _, address, port, _ = key
        self.address = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        self._on_end = on_end
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._done: Callable[[Reason], None] | None = None
        self._result: tuple[Reason, str] | None = None  # the result of the parser
        self._timer: asyncio.Handle | None = None
        self._due = 0.0  # uvloop's handle of a time that is over does not say when
        self._pause: asyncio.Handle | None = None
        self._deadline = 0.0
        self._fresh = True
        self._early = b""
        self._end: tuple[Reason, str] = ("closed", "closed by the consumer")
        self.is_open = False

    @property
    def headers(self) -> Headers:
        """Headers of the last answer."""
        return tuple([(name.decode("latin-1"), value.decode("latin-1"))
                      for name, value in self._fields])  # fmt: skip

    @property
    def body(self) -> bytes:
        """Body of the last answer, at most as long as the exchange allowed."""
        return b"".join(self._chunks)[: self._most]

    def exchange(
        self,
        moves: tuple[WireAction, ...],
        done: Callable[[Reason], None],
        *,
        first_byte: float,
        ends: float,
        most: int = MOST_KEPT,
    ) -> None:
        """Send a request.

        Args:
            moves: writes and pauses that make up the request.
            done: called once, with the reason for which the exchange ended.
            first_byte: seconds to wait for the answer after the request was sent.
            ends: loop time at which the exchange ends at the latest.
            most: bytes of the answer's body to read.
        """
        self._done, self._result = done, None
        self._first_byte, self._ends, self._most = first_byte, ends, most
        self._fields: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._head_size = self._raw_head = self._size = self.status = 0
        self._in_body = self._keeps = self._sent = self._wants_drain = False
        self.has_begun = self.is_cut = self.is_reusable = self._fresh = False
        self.detail = ""
        self._todo: Iterator[WireAction] = iter(moves)
        if self.is_open:
            self._move_on()
        if self._early:
            self.data_received(self._early)
        if not self.is_open:
            self._finish_at_end(*self._end)

    def wait_until(self, deadline: float) -> None:
        """End the exchange, or the idle connection, at the loop time *deadline*.

        The timer is only replaced when it would fire too late. A timer that fires early is set
        again, so that a busy connection sets one timer for many exchanges.
        """
        self._deadline = deadline
        if self._transport is None:
            return  # closed already: there is only the received data left to read
        if self._timer is None or self._due > deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._due = deadline
            self._timer = self._loop.call_at(deadline, self._on_timer)

    def end(self, reason: Reason, detail: str) -> None:
        """End the exchange with *reason* and close the socket at once."""
        self._finish(reason, detail)
        self._close_for(reason, detail)
        if self._transport is not None:
            self._transport.abort()

    # Sending

    def _move_on(self) -> None:
        self._pause = None
        transport = self._transport
        assert transport is not None  # noqa: S101 - an open connection has one
        for move in self._todo:
            if isinstance(move, Write):
                transport.write(move.data)
            elif isinstance(move, Pause):
                self._pause = self._loop.call_later(move.seconds, self._move_on)
                self.wait_until(self._ends)
                return
            elif isinstance(move, SendReset) or not transport.can_write_eof():
                self._reset(transport)
                return
            else:
                transport.write_eof()
        self._sent = True
        self.wait_until(min(self._loop.time() + self._first_byte, self._ends))

    def _reset(self, transport: asyncio.Transport) -> None:
        """Send RST as soon as the write buffer is empty."""
        if transport.get_write_buffer_size():
            self._wants_drain = True
            transport.set_write_buffer_limits(high=0)
            self.wait_until(self._ends)
            return
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _LINGER_ZERO)
        self.end("cut", "reset on purpose")

    def resume_writing(self) -> None:
        """Continue when the write buffer is empty (called by asyncio)."""
        transport = self._transport
        if self._wants_drain and self._done is not None and transport is not None:
            self._wants_drain = False
            # Later, because asyncio's transport must not be aborted while it is writing.
            self._pause = self._loop.call_soon(self._reset, transport)

    # Ending

    def _finish(self, reason: Reason, detail: str = "") -> None:
        """End the exchange, once; the rest of the request is not sent."""
        done, self._done = self._done, None
        if done is None:
            return
        self.detail = detail
        if self._pause is not None:
            self._pause.cancel()
        done(reason)

    def _finish_at_end(self, reason: Reason, detail: str) -> None:
        """End the exchange after the last byte, which may be the regular end of the answer."""
        is_waited_for = self._done is not None and self._in_body
        if reason == "closed" and is_waited_for and self._is_ended_by_close():
            self._finish("answered")
        else:
            self._finish(reason, detail)

    def _is_ended_by_close(self) -> bool:
        codings = b""
        for name, value in self._fields:
            folded = name.lower()
            if folded == b"content-length":
                return False
            if folded == b"transfer-encoding":
                codings = value.lower()
        return not codings.endswith(b"chunked")

    def _close_for(self, reason: Reason, detail: str) -> None:
        if self.is_open:
            self.is_open = False
            self._end = (reason, detail)
            self._on_end(self)

    def _on_timer(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline:
            self.wait_until(self._deadline)
        else:
            came = f"{self._size} bytes of the body" if self._in_body else "no whole head"
            self.end("answer_timeout", f"{came if self.has_begun else 'nothing'} came in time")

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start with a connected socket."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop has no subclass of it
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Parse the answer; unexpected bytes make the connection unusable."""
        if self._done is None:
            if self._fresh and len(self._early) <= MOST_HEAD:
                self._early += data  # some consumers answer before they get the request
            else:
                self.end("bad_answer", "bytes came that belong to no answer")
            return
        if not self.has_begun:
            self.has_begun = True
            self.wait_until(self._ends)
        self._raw_head += len(data)  # until a part of the body comes
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # a 101 is complete
        except httptools.HttpParserError as error:
            self.is_reusable = False
            self._result = self._result or ("bad_answer", f"not HTTP: {error}")
        # The parser reports nothing for an endless line in the head, a chunk size or a trailer.
        if self._raw_head > 2 * MOST_HEAD:
            self._refuse_head()
        if self._result is not None:
            self._finish(*self._result)

    def eof_received(self) -> None:
        """Handle the end of the consumer's data."""
        self._finish_at_end("closed", "closed by the consumer")
        self._close_for("closed", "closed by the consumer")

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle a closed socket."""
        reason: Reason = "closed" if exc is None else "reset"
        if isinstance(exc, ssl.SSLError):
            reason = "tls_failed"
        detail = f"{exc}" if exc else "closed by the consumer"
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._finish_at_end(reason, detail)
        self._close_for(reason, detail)
        self._on_gone(self)

    # Called by the parser

    def on_message_begin(self) -> None:
        """Handle a status line; after a complete answer, it is unexpected."""
        self.is_reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers count towards the limit, but are not kept."""
        self._head_size += len(name) + len(value)
        if self._head_size > MOST_HEAD:
            self._refuse_head()
        elif not self._in_body:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Read the status of a complete head."""
        if self._result is not None:
            return
        self.status = self._parser.get_status_code()
        if self.status < _LEAST:
            self._result = "bad_answer", f"not HTTP: the status {self.status:03}"
            return
        self._in_body = self.status >= _FINAL or self.status == _SWITCHING
        self._keeps = self._parser.should_keep_alive() and self.status != _SWITCHING

    def on_body(self, data: bytes) -> None:
        """Keep a part of the body, up to the limit."""
        if self._result is not None:
            return
        self._chunks.append(data)
        self._size += len(data)
        self._raw_head = 0
        self.is_cut = self._size > MOST_BODY
        if self._size > self._most:
            self._result = "answered", ""

    def on_message_complete(self) -> None:
        """Finish the exchange, unless the answer was an interim answer (100, 103)."""
        if self._result is not None:
            return
        if not self._in_body:
            self._fields = []
            return
        transport = self._transport
        self.is_reusable = (
            self._keeps
            and self._sent
            and transport is not None
            and not transport.get_write_buffer_size()
        )
        self._result = "answered", ""

    def _refuse_head(self) -> None:
        self._result = self._result or ("bad_answer", f"more than {MOST_HEAD} bytes of headers")
