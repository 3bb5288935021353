"""Requests handed straight to an ASGI application; no socket is ever opened here."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from emulator.delivery.records import MOST_BODY, Outcome
from emulator.delivery.transports.wire_actions import header_lines, parse_destination
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from emulator.delivery.records import Headers, Reason, Request
    from emulator.delivery.transports.wire_actions import Destination

    Event = MutableMapping[str, Any]
    App = Callable[
        [Event, Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]],
        Awaitable[None],
    ]


SCHEME = "asgi://"
"""Of URLs that lead to an application in this process."""


@lru_cache(maxsize=1024)
def destination_of(url: str) -> Destination:
    """Return where an ``asgi://`` or ``http://`` URL leads: the host names the application.

    Raises:
        InvalidInputError: not such a URL.
    """
    return parse_destination(
        f"http://{url.removeprefix(SCHEME)}" if url.startswith(SCHEME) else url
    )


class InProcess:
    """Sends to an application in this process and event loop.

    An attempt lasts until the application returns, background work that it does after its answer
    included, so that a settled emulator means a settled consumer. What happens after a whole
    answer, be it an exception or the end of the time, does not change the outcome. The
    application's lifespan is its owner's business.

    Args:
        app: ASGI 3; the request's URL says path and host.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._running: set[asyncio.Task[Any]] = set()  # neither ended nor out of time
        self._is_closed = False

    def send(self, request: Request) -> asyncio.Task[Outcome]:
        """Send one request; a failing application is an outcome, never an exception.

        Returns:
            A task. It raises InvalidInputError for a URL or headers that the wire can't carry
            either, and for a fault that needs a socket.
        """
        return asyncio.get_running_loop().create_task(self._send(request))

    async def _send(self, request: Request) -> Outcome:
        started = perf_counter()
        scope = _scope(request)
        if request.wire:
            kinds = ", ".join(repr(fault.kind) for fault in request.wire)
            message = f"{kinds} needs a socket; an application in this process has none"
            raise InvalidInputError(message)
        if self._is_closed:
            return Outcome("shutdown", detail="stopped")
        exchange = _Exchange(request.body, request.most)
        reason, detail = await self._run(exchange, scope, request.timeouts.total)
        duration_ms = (perf_counter() - started) * 1000
        if not exchange.is_complete:
            return Outcome(reason, detail=detail, duration_ms=duration_ms)
        return Outcome(
            "answered",
            exchange.status,
            exchange.headers,
            bytes(exchange.body[: request.most]),
            len(exchange.body) > MOST_BODY,
            detail,
            duration_ms,
        )

    async def close(self) -> None:
        """Stop the running applications; attempts under way end as ``shutdown``."""
        self._is_closed = True
        for task in list(self._running):
            self._give_up(task)

    async def _run(
        self, exchange: _Exchange, scope: dict[str, Any], total: float
    ) -> tuple[Reason, str]:
        """Run the application to its end; return how that was, had it not answered."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._running.add(task)
        # As asyncio.timeout does it, in a third of the time.
        limit = asyncio.get_running_loop().call_later(total, self._give_up, task)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            if task in self._running or task.cancelling() > 1:
                raise  # cancelled from outside
            if self._is_closed:
                return "shutdown", "stopped meanwhile"
            return "answer_timeout", "the application did not end in time"
        except Exception as error:  # noqa: BLE001 - any error of the consumer
            return "app_failed", f"{type(error).__name__}: {error}"
        finally:
            limit.cancel()
            if task in self._running:
                self._running.remove(task)
            else:
                task.uncancel()
        return "bad_answer", exchange.trouble

    def _give_up(self, task: asyncio.Task[Any]) -> None:
        if task in self._running:
            self._running.remove(task)
            task.cancel()


class _Exchange:
    """The application's side of a request: its receive and send."""

    def __init__(self, body: bytes, most: int) -> None:
        self._request: bytes | None = body
        self._most = most
        self._gone = asyncio.Event()
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.body = bytearray()
        self.is_complete = False

    @property
    def trouble(self) -> str:
        """What is missing of the answer."""
        if self.status is None:
            return "the application returned without an answer"
        return "the application returned before the end of its answer"

    async def receive(self) -> Event:
        body = self._request
        if body is not None:
            self._request = None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: Event) -> None:
        kind = event["type"]
        if self.is_complete:
            # ASGI 2.4: sending to a client that has left raises OSError.
            message = "the client has gone"
            raise OSError(message)
        if kind == "http.response.start" and self.status is None:
            self.status = event["status"]
            self.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in event.get("headers", ())
            )
        elif kind == "http.response.body" and self.status is not None:
            self.body += event.get("body", b"")
            if not event.get("more_body", False) or len(self.body) > self._most:
                self.is_complete = True
                self._gone.set()
        else:
            message = f"unexpected ASGI event {kind!r}"
            raise RuntimeError(message)


def _scope(request: Request) -> dict[str, Any]:
    """Return the ASGI scope of *request*.

    Raises:
        InvalidInputError: as for `InProcess.send`.
    """
    place, host = _place(request.url)
    length = b"%d" % len(request.body)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        **place,
        "headers": [host, *_raw(request.headers), (b"content-length", length)],
        "client": ("127.0.0.1", 0),
        "state": {},
    }


@lru_cache(maxsize=1024)
def _place(url: str) -> tuple[dict[str, Any], tuple[bytes, bytes]]:
    """Return the keys of a scope that depend on the URL, and the Host header."""
    target = destination_of(url)
    path, _, query = target.path.partition("?")
    place = {
        "scheme": target.scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "server": (target.host, target.port),
    }
    return place, (b"host", target.host_header.encode())


@lru_cache(maxsize=256)  # an unsigned webhook always sends the same headers
def _raw(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    header_lines(headers)  # refuses the same headers as the wire
    return tuple([(name.lower().encode(), value.encode("latin-1")) for name, value in headers])
