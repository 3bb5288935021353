"""Sizes and limits: long bodies, long heads, and answers before their time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from emulator.delivery.records import MOST_BODY, MOST_KEPT
from emulator.delivery.transports.connection import MOST_HEAD
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.delivery.records import Reason, Request
    from tests.delivery.transports.conftest import MakeServer, MakeWire, Run, Script, Talk

    Post = Callable[..., Request]
    Until = Callable[[Callable[[], object]], Awaitable[None]]
    Answers = Callable[..., Script]

BIG = b"x" * 4_000_000


def test_an_answer_that_comes_byte_by_byte_is_read(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def drip(talk: Talk) -> None:
        await talk.request()
        for byte in b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc":
            await talk.say(bytes([byte]))
        await talk.end()

    async def main() -> None:
        async with torture(drip) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert outcome.headers == (("X-A", "b"), ("Content-Length", "3"))
            assert outcome.body == b"abc"

    run(main())


@pytest.mark.parametrize(
    "size", [MOST_BODY - 1, MOST_BODY, MOST_BODY + 1, MOST_KEPT, MOST_KEPT + 1]
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_is_cut_at_64_kib(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    answers: Answers,
    size: int,
    *,
    is_chunked: bool,
) -> None:
    body = b"x" * size
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (size, body)
    if is_chunked:
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer += b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)

    async def main() -> None:
        async with torture(answers(answer)) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert outcome.status == 200
            assert outcome.body == body[:MOST_KEPT]
            assert outcome.is_cut is (size > MOST_BODY)
            assert client.idle_connections == (size <= MOST_KEPT)

    run(main())


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
    ],
)
def test_a_body_without_end_is_cut_and_the_connection_dropped(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, start: bytes
) -> None:
    async def endless(talk: Talk) -> None:
        await talk.request()
        await talk.say(start)
        while True:
            await talk.say(b"x" * 10_000)

    async def main() -> None:
        async with torture(endless) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert (outcome.reason, outcome.status) == ("answered", 200)
            assert outcome.body == b"x" * MOST_KEPT
            assert outcome.is_cut
            assert client.idle_connections == 0

    run(main())


@pytest.mark.parametrize(("size", "reason"), [(0, "answered"), (1, "bad_answer")])
def test_headers_are_bounded(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    answers: Answers,
    size: int,
    reason: Reason,
) -> None:
    value = b"y" * (MOST_HEAD - len(b"XContent-Length0") + size)
    answer = b"HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 0\r\n\r\n" % value

    async def main() -> None:
        async with torture(answers(answer)) as server, wire() as client:
            assert (await client.send(post(server.url))).reason == reason

    run(main())


@pytest.mark.parametrize("is_closing", [False, True])
def test_an_answer_before_the_body_is_sent_counts_and_the_connection_does_not(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, *, is_closing: bool
) -> None:
    async def refuse(talk: Talk) -> None:
        await talk.reader.readuntil(b"\r\n\r\n")
        await talk.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        if not is_closing:
            # Read on only once the client has gone: the body is never wholly sent.
            await gone.wait()

    gone = asyncio.Event()

    async def main() -> None:
        async with torture(refuse) as server, wire() as client:
            # More than the kernel's buffers on both sides grow to.
            outcome = await client.send(post(server.url, BIG * 16))
            assert (outcome.reason, outcome.status, outcome.body) == ("answered", 413, b"big")
            assert client.idle_connections == 0
            gone.set()

    run(main())


def test_a_body_of_many_packets_arrives(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def main() -> None:
        async with torture(answers()) as server, wire() as client:
            for _ in range(2):
                outcome = await client.send(post(server.url, BIG))
                assert outcome.status == 200
            assert server.connections == 1
            assert all(request.endswith(BIG) for request in server.requests)

    run(main())


def test_bad_headers_and_urls_are_the_callers_mistake(run: Run, wire: MakeWire, post: Post) -> None:
    async def main() -> None:
        async with wire() as client:
            with pytest.raises(InvalidInputError):
                await client.send(post("http://localhost/", headers=(("X", "a\r\nY: b"),)))
            with pytest.raises(InvalidInputError):
                await client.send(post("ftp://localhost/"))

    run(main())


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Endless: ",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;extension=",
    ],
    ids=["trailer", "chunk extension"],
)
def test_an_endless_line_behind_the_head_is_a_bad_answer(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, start: bytes
) -> None:
    async def endless(talk: Talk) -> None:
        await talk.request()
        await talk.say(start)
        while True:
            await talk.say(b"x" * 10_000)

    async def main() -> None:
        async with torture(endless) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert (outcome.reason, outcome.detail) == (
                "bad_answer",
                f"more than {MOST_HEAD} bytes of headers",
            )

    run(main())


@pytest.mark.parametrize("status", ["000", "099"])
def test_a_status_below_100_is_no_answer(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers, status: str
) -> None:
    answer = f"HTTP/1.1 {status} Odd\r\nContent-Length: 0\r\n\r\n".encode()

    async def main() -> None:
        async with torture(answers(answer)) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert outcome.reason == "bad_answer"
            assert outcome.detail == f"not HTTP: the status {status}"

    run(main())
