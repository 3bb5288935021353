"""A scripted server, and both event loops to run it on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest

from emulator.delivery.records import Headers, Request, Timeouts
from emulator.delivery.transports.address_guard import Guard
from emulator.delivery.transports.wire import Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    Script = Callable[["Talk"], Awaitable[None]]
    MakeWire = Callable[..., contextlib.AbstractAsyncContextManager[Wire]]
    MakeServer = Callable[..., contextlib.AbstractAsyncContextManager["Torture"]]

T = TypeVar("T")
DEADLINE = 10.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Run(Protocol):
    """Runs a coroutine to its end, within the deadline, and finds leftover tasks."""

    def __call__(self, main: Coroutine[Any, Any, T]) -> T: ...


class Talk:
    """The server's side of one connection."""

    def __init__(
        self, server: Torture, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """Read one whole request: head and body as they came."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        (length,) = [line for line in lines if line.startswith(b"content-length: ")]
        body = await self.reader.readexactly(int(length.split()[1]))
        self.server.requests.append(head + body)
        return head + body

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def end(self) -> None:
        """Wait until the client has left."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Torture:
    """Plays one script for each connection; the last script again for those that follow."""

    def __init__(self, scripts: tuple[Script, ...]) -> None:
        self.scripts = scripts
        self.connections = 0
        self.requests: list[bytes] = []
        self.is_over = False
        self.port = 0
        self.host = "127.0.0.1"
        self.scheme = "http"
        self.tasks: set[asyncio.Task[None]] = set()
        self.failures: list[Exception] = []

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/hook"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_over:
            writer.close()
            return
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await script(Talk(self, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has left, or the test is over
        except Exception as error:  # noqa: BLE001 - shown at the end of the test
            self.failures.append(error)
        finally:
            self.tasks.discard(task)
            writer.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run on both loops; a task or an exception left behind fails the test."""
    factory = asyncio.new_event_loop
    if request.param == "uvloop" and sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop

    def run_on(main: Coroutine[Any, Any, T]) -> T:
        stray: list[dict[str, Any]] = []

        def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            # The server's side of a failed handshake, which asyncio logs in debug mode.
            if "transport creation for incoming" not in context["message"]:
                stray.append(context)

        async def watched() -> T:
            asyncio.get_running_loop().set_exception_handler(note)
            async with asyncio.timeout(DEADLINE):
                result = await main
            async with asyncio.timeout(1.0):  # a task that does not end by itself is a leak
                while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - they set no event
                    await asyncio.sleep(0)
            return result

        with asyncio.Runner(loop_factory=factory) as runner:
            result = runner.run(watched())
        assert stray == []
        return result

    return run_on


@pytest.fixture
def torture() -> MakeServer:
    """Serve by script; ``async with torture(script, ...) as server``."""

    @contextlib.asynccontextmanager
    async def serve(
        *scripts: Script,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        backlog: int = 100,
    ) -> AsyncIterator[Torture]:
        torture = Torture(scripts)
        server = await asyncio.start_server(torture.accept, host, 0, ssl=tls, backlog=backlog)
        torture.port = server.sockets[0].getsockname()[1]
        torture.host = f"[{host}]" if ":" in host else host
        torture.scheme = "https" if tls else "http"
        try:
            yield torture
        finally:
            torture.is_over = True
            if tls is None:
                # Connections are accepted in turn: once this one is, no other is half accepted.
                reader, writer = await asyncio.open_connection(host, torture.port)
                with contextlib.suppress(ConnectionError):
                    await reader.read()
                writer.close()
            server.close()
            for task in list(torture.tasks):
                task.cancel()
            await asyncio.gather(*torture.tasks, return_exceptions=True)
        assert torture.failures == []

    return serve


@pytest.fixture
def wire() -> MakeWire:
    """Make a client that is closed in the end; ``async with wire() as client``."""

    @contextlib.asynccontextmanager
    async def make(**settings: Any) -> AsyncIterator[Wire]:
        client = Wire(settings.pop("guard", Guard()), **settings)
        try:
            yield client
        finally:
            await client.close()
            assert (client.open_connections, client.idle_connections) == (0, 0)

    return make


@pytest.fixture
def post() -> Callable[..., Request]:
    """Make a request with short time-outs: ``post(url)``."""

    def make(
        url: str,
        body: bytes = b'{"event":"x"}',
        headers: Headers = (("Content-Type", "application/json"),),
        *,
        connect: float = 5.0,
        first_byte: float = 5.0,
        total: float = 5.0,
    ) -> Request:
        return Request(url, headers, body, Timeouts(connect, first_byte, total))

    return make


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Wait for a condition: ``await until(lambda: ...)``; the test's deadline bounds it."""

    async def wait(condition: Callable[[], object]) -> None:
        while not condition():  # noqa: ASYNC110 - most of what is waited for sets no event
            await asyncio.sleep(0.001)

    return wait


async def answer_all(talk: Talk, answer: bytes = OK) -> None:
    """Answer every request that comes."""
    while True:
        await talk.request()
        await talk.say(answer)


@pytest.fixture
def answers() -> Callable[..., Script]:
    """Make a script that answers every request: ``answers(b"...")``."""

    def make(answer: bytes = OK) -> Script:
        return lambda talk: answer_all(talk, answer)

    return make
