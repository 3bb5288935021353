"""A scriptable consumer for ``listen``, demos and tests."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import msgspec

from emulator import serving
from emulator.decoding import parsed
from emulator.delivery.records import Headers
from emulator.delivery.signing import Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Receive, Scope, Send

_UNAUTHORIZED = 401
_BODILESS = (204, 304)  # an answer of that status has no body (RFC 9110)


class Answer(msgspec.Struct, frozen=True):
    """An answer to a request."""

    status: int
    headers: Headers = (("content-type", "text/plain"),)
    body: bytes = b""


class Received(msgspec.Struct, frozen=True):
    """A received request.

    Attributes:
        path: path and query as in the request line.
        headers: headers in order, with names in lower case.
        answered: the status of the answer; 0 before the answer.
        verdict: the result of verifying its signature; None if it was not verified.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    answered: int = 0
    verdict: Verdict | None = None

    @property
    def payload(self) -> Any:
        """The decoded body.

        Raises:
            NotJSONError: the body is not JSON.
        """
        return parsed(self.body)

    def header(self, name: str) -> str | None:
        """Return the first value of a header; None if it is missing."""
        return next((value for known, value in self.headers if known == name.lower()), None)


class Receiver:
    """A consumer on a real socket; use it as an async context manager.

    Args:
        statuses: statuses of the answers in order; the last status is repeated.
        delay: real seconds to wait before each answer.
        host, port: the address to listen on; port 0 picks a free port.
        verify: verifies headers and body of a request; an invalid request is answered with 401,
            without using one of *statuses*.
        on_request: called with each request after its answer.
        respond: called first for each request; returns the answer, or None for that of *verify*
            and *statuses*.
        keep: how many requests stay in `requests`.

    Attributes:
        requests: the last requests.
        url: the address, once it listens.
    """

    def __init__(
        self,
        *,
        statuses: Sequence[int] = (200,),
        delay: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
        verify: Callable[[Headers, bytes], Verdict] | None = None,
        on_request: Callable[[Received], None] | None = None,
        respond: Callable[[Received], Awaitable[Answer | None]] | None = None,
        keep: int = 10_000,
    ) -> None:
        self.requests: list[Received] = []
        self.url = ""
        self._statuses = list(statuses)
        self._delay = delay
        self._address = (host, port)
        self._verify = verify
        self._on_request = on_request
        self._respond = respond
        self._keep = keep
        self._open = AsyncExitStack()

    def answer(self, *statuses: int) -> None:
        """Set the statuses of the next answers; the last status is repeated."""
        self._statuses = list(statuses)

    async def __aenter__(self) -> Self:
        listening = serving.listen(*self._address)
        self.url = await self._open.enter_async_context(serving.serving(self, listening))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, as an ASGI application."""
        body = await _whole_body(receive)
        if body is None:
            return  # an incomplete request
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
        target = scope["raw_path"] + (b"?" + scope["query_string"]).removesuffix(b"?")
        received = Received(
            method=scope["method"],
            path=target.decode("latin-1"),
            headers=headers,
            body=body,
            verdict=None if self._verify is None else self._verify(headers, body),
        )
        answer = await self._answer(received)
        received = msgspec.structs.replace(received, answered=answer.status)
        self.requests.append(received)
        del self.requests[: -self._keep]
        about = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
        start = {"type": "http.response.start", "status": answer.status, "headers": about}
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})
        if self._on_request is not None:
            self._on_request(received)

    async def _answer(self, received: Received) -> Answer:
        given = None if self._respond is None else await self._respond(received)
        if given is not None:
            return given
        if received.verdict is not None and not received.verdict.holds:
            status = _UNAUTHORIZED
        else:
            status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if self._delay:
            await asyncio.sleep(self._delay)
        body = b"" if status in _BODILESS else b"ok" if status < 300 else b"no"
        return Answer(status, body=body)


async def _whole_body(receive: Receive) -> bytes | None:
    """Return the body; None if the connection was closed before its end."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)
