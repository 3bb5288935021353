from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from emulator.errors import InvalidInputError
from emulator.serving import listen, serving, url_of
from tests import plain_http

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_port_0_picks_a_free_port() -> None:
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as two:
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]{2,4}", url_of(one))
        assert url_of(one) != url_of(two)


def test_an_ipv6_address_is_in_brackets() -> None:
    with listen("::1", 0) as listening:
        assert re.fullmatch(r"http://\[::1\]:[0-9]+", url_of(listening))


def test_answers_are_not_held_back() -> None:
    """A socket that does not name its protocol keeps Nagle's delay under asyncio: 40 ms a call."""
    with listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
        assert listening.getblocking() is False


def test_a_port_in_use_is_reported() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(InvalidInputError) as caught:
            listen("127.0.0.1", port)
    assert str(caught.value) == (
        f"can't listen on 127.0.0.1:{port}: address already in use; --port 0 picks a free port"
    )


@pytest.mark.parametrize("host", ["256.0.0.1.invalid", "x" * 300, "a..b"])
def test_an_invalid_host_is_reported(host: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        listen(host, 0)
    text = str(caught.value)
    assert text.startswith(f"can't listen on {host}:0: ")
    assert "picks a free port" not in text


def test_an_invalid_port_is_reported() -> None:
    with pytest.raises(InvalidInputError) as caught:
        listen("127.0.0.1", 70_000)
    text = (
        "can't listen on 127.0.0.1:70000: bind(): port must be 0-65535.; --port 0 picks a free port"
    )
    assert str(caught.value) == text


def test_an_application_is_served_while_the_context_is_open() -> None:
    async def main() -> None:
        listening = listen("127.0.0.1", 0)
        async with serving(hello, listening) as url, plain_http.AsyncClient() as client:
            assert url == url_of(listening)
            answer = await client.get(url)
            assert (answer.status_code, answer.content) == (200, b"hello")
            assert "server" not in answer.headers
        assert listening.fileno() == -1
        with pytest.raises(httpx2.ConnectError):
            async with plain_http.AsyncClient() as client:
                await client.get(url)

    asyncio.run(main())


def test_the_server_stops_when_the_context_ends_by_an_error() -> None:
    async def main() -> None:
        listening = listen("127.0.0.1", 0)
        with pytest.raises(KeyError):
            async with serving(hello, listening):
                raise KeyError
        assert listening.fileno() == -1
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_server_that_can_not_start_reports_the_reason() -> None:
    async def main() -> None:
        listening = listen("127.0.0.1", 0)
        listening.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            async with serving(hello, listening):
                pass

    asyncio.run(main())


def test_signal_handlers_are_left_to_the_caller() -> None:
    async def main() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        async with serving(hello, listen("127.0.0.1", 0)):
            assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before

    asyncio.run(main())


# --- bounds ---------------------------------------------------------------------------------


async def echo(_: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body."""
    size, more = 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        size += len(event.get("body", b""))
        more = event.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def said(url: str, *parts: bytes) -> bytes:
    """Say *parts* to the server, and return all that comes until it hangs up."""
    host, port = url.removeprefix("http://").split(":")
    async with asyncio.timeout(10.0):
        reader, writer = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
        writer.close()
        return answer


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("parts", "status", "message"),
    [
        (
            [HEAD, b"X: ", b"x" * 1_000_000],
            b"431",
            "more than 65536 bytes of request line and headers",
        ),
        ([b"GET /", b"x" * 1_000_000], b"431", "more than 65536 bytes of request line and headers"),
        ([HEAD], b"408", "the request head did not arrive in time"),
        ([], b"408", "the request head did not arrive in time"),
        (
            [HEAD + b"Content-Length: 10\r\n\r\n", b"12345"],
            b"408",
            "the body did not arrive in time",
        ),
    ],
)
def test_a_head_or_a_body_without_end_is_refused_and_logged(
    parts: list[bytes], status: bytes, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with serving(echo, listen("127.0.0.1", 0), slowest=0.2) as url:
            answer = await said(url, *parts)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 " + status)
        async with serving(echo, listen("127.0.0.1", 0)) as url:
            fine = await said(url, HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
            assert fine.endswith(b"\r\n\r\n2")

    asyncio.run(main())
    assert any(message in one for one in caplog.messages)


def test_a_kept_alive_connection_is_bounded_call_by_call() -> None:
    async def main() -> None:
        async with serving(echo, listen("127.0.0.1", 0), slowest=5.0) as url:
            call = (
                HEAD + b"X: " + b"x" * 40_000 + b"\r\nContent-Length: 90000\r\n\r\n" + b"y" * 90_000
            )
            last = HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
            answer = await said(url, call, call, call, last)
            assert answer.count(b"90000") == 3

    asyncio.run(main())


def test_connections_beyond_the_bound_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving(echo, listen("127.0.0.1", 0), most=3, slowest=5.0) as url:
            host, port = url.removeprefix("http://").split(":")
            opened = [await asyncio.open_connection(host, int(port)) for _ in range(3)]
            assert await said(url, HEAD + b"Content-Length: 0\r\n\r\n") == b""
            for _, writer in opened:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()
            answer = b""
            async with asyncio.timeout(5.0):
                while not answer:
                    answer = await said(
                        url, HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
                    )

    asyncio.run(main())
    assert "connection refused: 3 connections are the limit" in caplog.messages
