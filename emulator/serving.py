"""Serves an ASGI application on a socket with uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import struct
from typing import TYPE_CHECKING, Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.types import ASGIApp, Receive, Scope

_log = logging.getLogger("emulator.server")

MOST_HEAD = 64 * 1024
"""Limit for the bytes of a request's line and headers."""

SLOWEST = 10.0
"""Real seconds that a client may take for a head, and between two parts of a body."""

CLOSING = 1
"""Real seconds that open calls may take when the server stops."""

_STEP = 0.005  # real seconds between two checks whether they have ended


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """Return a listening socket.

    Args:
        host: the address.
        port: the port; 0 picks a free port.
        option: the option of the command line that sets the port, for the error.

    Raises:
        InvalidInputError: can't listen on this address; has the reason.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # asyncio sets TCP_NODELAY only on sockets with an explicit protocol; without it, each
        # answer takes some 40 ms longer.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except (OSError, OverflowError):
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        is_host_wrong = isinstance(error, socket.gaierror | UnicodeError)
        hint = "" if is_host_wrong else f"; {option} 0 picks a free port"
        message = f"can't listen on {host}:{port}: {reason}{hint}"
        raise InvalidInputError(message) from None
    listening.listen(2_048)
    listening.setblocking(False)
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the base URL of a listening socket, on loopback if it listens on all addresses."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


_CONNECTION = "emulator.connection"  # an extension of ASGI: the transport of a call
_LINGER_ZERO = struct.pack("ii", 1, 0)


async def hang_up(scope: Scope, receive: Receive, *, is_reset: bool) -> None:
    """Close the connection of a call after pending writes, even if the response is incomplete.

    Args:
        scope: of a call that `serving` serves.
        receive: of the same call.
        is_reset: with RST in place of FIN.
    """
    transport: asyncio.Transport = scope["extensions"][_CONNECTION]["transport"]
    if is_reset:
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Bounded(HttpToolsProtocol):
    """uvicorn's protocol, with limits for heads, slow clients and connections.

    A client beyond a limit gets an answer if possible, is logged and disconnected.
    """

    # Set by `serving`.
    most: ClassVar[int] = 0
    slowest: ClassVar[float] = SLOWEST

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head = 0
        self._timer: asyncio.TimerHandle | None = None
        if len(self.connections) > self.most:
            _log.warning("connection refused: %d connections are the limit", self.most)
            transport.abort()
            return
        self._expect(self.slowest, "408 Request Timeout", "the request head did not arrive in time")

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer is None and self._head == 0:  # next request of a kept-alive connection
            self._expect(
                self.slowest, "408 Request Timeout", "the request head did not arrive in time"
            )
        self._head += len(data)
        super().data_received(data)
        if self._head > MOST_HEAD and not self.transport.is_closing():
            reason = f"more than {MOST_HEAD} bytes of request line and headers"
            self._refuse("431 Request Header Fields Too Large", reason)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_CONNECTION: {"transport": self.transport}}

    def on_headers_complete(self) -> None:
        self._head = -(2**62)  # counted again from the next head on
        self._expect(self.slowest, "408 Request Timeout", "the body did not arrive in time")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._expect(self.slowest, "408 Request Timeout", "the body did not arrive in time")
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._expect_nothing()
        self._head = 0
        super().on_message_complete()

    def _expect(self, seconds: float, status: str, reason: str) -> None:
        self._expect_nothing()
        self._timer = self.loop.call_later(seconds, self._late, status, reason)

    def _expect_nothing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self, status: str, reason: str) -> None:
        self._timer = None
        if self.flow.read_paused:  # the application does not read, so the client is not late
            self._expect(self.slowest, status, reason)
        elif not self.transport.is_closing():
            self._refuse(status, reason)

    def _refuse(self, status: str, reason: str) -> None:
        self._expect_nothing()
        _log.warning("call from %s refused: %s", self.client, reason)
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = reason.encode()
            self.transport.write(
                b"HTTP/1.1 %b\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%b" % (status.encode(), len(body), body)
            )
        self.transport.close()


def most_connections() -> int:
    """Return the limit of connections: half of the files that this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(10_000, max(16, soft // 2))


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep uvicorn from logging a traceback for each call that is cancelled at the end."""
    log = logging.getLogger("uvicorn.error")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


class _Server(uvicorn.Server):
    """uvicorn's server, which reports when it is ready, stops at once and does not handle signals.

    uvicorn itself checks ten times a second whether to stop and whether all calls have ended.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        while not self.stopping.is_set():
            await self.on_tick(0)  # sets the Date header of answers
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        calls, connections = self.server_state.tasks, self.server_state.connections
        for closable in (*self.servers, *(sockets or ())):
            closable.close()
        for connection in list(connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(CLOSING):
                while calls or connections:  # noqa: ASYNC110 - uvicorn sets no event
                    await asyncio.sleep(_STEP)
                for server in self.servers:
                    await server.wait_closed()
        except TimeoutError:
            for call in calls:
                call.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp,
    listening: socket.socket,
    *,
    most: int | None = None,
    slowest: float = SLOWEST,
) -> AsyncIterator[str]:
    """Serve *app* on *listening* while the context is open; yields the base URL.

    At the end, the socket is closed, and open calls get `CLOSING` seconds to end.

    Args:
        app: an ASGI 3 application.
        listening: a socket of `listen`.
        most: limit of connections; by default `most_connections`.
        slowest: real seconds that a client may take for a head, and between two parts of a body.
    """
    bounds = {"most": most_connections() if most is None else most, "slowest": slowest}
    protocol = type("Protocol", (_Bounded,), bounds)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http=protocol,
        ws="none",
        server_header=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    ready = asyncio.create_task(server.ready.wait())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            message = "the server stopped before it was ready"
            raise RuntimeError(message)
        yield url_of(listening)
    finally:
        ready.cancel()
        server.stopping.set()
        with _quietly():
            await task
        listening.close()
