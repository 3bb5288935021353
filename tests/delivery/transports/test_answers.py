"""Every answer that a server may and may not give ends as an outcome with its reason."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.delivery.records import Reason, Request
    from tests.delivery.transports.conftest import MakeServer, MakeWire, Run, Script, Talk

    Post = Callable[..., Request]
    Until = Callable[[Callable[[], object]], Awaitable[None]]
    Answers = Callable[..., Script]

BIG = b"x" * 4_000_000


def after_request(*pieces: bytes) -> Script:
    """Read the request, say the pieces one by one, wait for the client to leave."""

    async def script(talk: Talk) -> None:
        await talk.request()
        for piece in pieces:
            await talk.say(piece)
        await talk.end()

    return script


def then_close(*pieces: bytes) -> Script:
    async def script(talk: Talk) -> None:
        await talk.request()
        for piece in pieces:
            await talk.say(piece)

    return script


def then_reset(*pieces: bytes) -> Script:
    async def script(talk: Talk) -> None:
        await talk.request()
        for piece in pieces:
            await talk.say(piece)
        talk.reset()

    return script


def then_half_close(*pieces: bytes) -> Script:
    async def script(talk: Talk) -> None:
        await talk.request()
        for piece in pieces:
            await talk.say(piece)
        talk.writer.write_eof()
        await talk.end()

    return script


async def half_close_at_once(talk: Talk) -> None:
    talk.writer.write_eof()
    await talk.end()


async def reset_at_once(talk: Talk) -> None:
    talk.reset()


async def say_nothing(talk: Talk) -> None:
    await talk.request()
    await talk.end()


async def answer_before_the_request(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await talk.end()


async def greet_like_smtp(talk: Talk) -> None:
    await talk.say(b"220 mail.example.com ESMTP\r\n")
    await talk.end()


async def send_headers_without_end(talk: Talk) -> None:
    await talk.request()
    await talk.say(b"HTTP/1.1 200 OK\r\n")
    while True:
        await talk.say(b"X-Flood: " + b"y" * 4000 + b"\r\n")


async def send_one_header_without_end(talk: Talk) -> None:
    await talk.request()
    await talk.say(b"HTTP/1.1 200 OK\r\nX-Flood: ")
    while True:
        await talk.say(b"y" * 4000)


async def send_interim_answers_without_end(talk: Talk) -> None:
    await talk.request()
    while True:
        await talk.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)


async def send_trailers_without_end(talk: Talk) -> None:
    await talk.request()
    await talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    while True:
        await talk.say(b"X-Flood: " + b"y" * 4000 + b"\r\n")


ANSWERED = {
    "content length": (
        after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200, b"ok",
    ),
    "no reason phrase": (after_request(b"HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n"), 500, b""),
    "unheard-of status": (after_request(b"HTTP/1.1 799 X\r\nContent-Length: 0\r\n\r\n"), 799, b""),
    "redirect": (
        after_request(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), 302, b"",
    ),
    "chunked": (
        after_request(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3;ext=1\r\n", b"abc\r\n",
            b"2\r\nde\r\n", b"0\r\nX-Trailer: 1\r\n\r\n",
        ), 200, b"abcde",
    ),
    "204": (after_request(b"HTTP/1.1 204 No Content\r\n\r\n"), 204, b""),
    "304": (after_request(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), 304, b""),
    "until closed": (then_close(b"HTTP/1.1 200 OK\r\n\r\n", b"abc", b"de"), 200, b"abcde"),
    "until half closed": (then_half_close(b"HTTP/1.1 200 OK\r\n\r\nabc"), 200, b"abc"),
    "until closed, empty": (then_close(b"HTTP/1.1 200 OK\r\n\r\n"), 200, b""),
    "until closed, gzip": (
        then_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"), 200, b"abc",
    ),
    "1.0": (then_close(b"HTTP/1.0 201 Created\r\n\r\nabc"), 201, b"abc"),
    "1.0 kept alive": (
        after_request(
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na"
        ), 200, b"a",
    ),
    "100": (after_request(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n"), 204, b""),
    "102 and 103": (
        after_request(
            b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ), 200, b"ok",
    ),
    "101": (
        after_request(
            b"HTTP/1.1 101 Switching\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n\x00\x01"
        ), 101, b"",
    ),
    "101, no upgrade": (after_request(b"HTTP/1.1 101 Switching\r\n\r\nabc"), 101, b""),
    "offers h2c": (
        after_request(
            b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\na"
        ), 200, b"a",
    ),
    "extra bytes": (
        after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more"), 200, b"ok",
    ),
    "two answers": (
        after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" * 2), 200, b"ok",
    ),
    "extra bytes after the last answer": (
        after_request(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok and more"
        ), 200, b"ok",
    ),
    "before the request": (answer_before_the_request, 503, b""),
    "whole, then reset": (
        then_reset(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200, b"ok",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERED)
def test_a_whole_answer_is_read(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, case: str
) -> None:
    script, status, body = ANSWERED[case]

    async def main() -> None:
        async with torture(script) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert (outcome.reason, outcome.status, outcome.body) == ("answered", status, body)
            assert outcome.address == f"127.0.0.1:{server.port}"
            assert not outcome.is_cut
            assert not outcome.is_redialled

    run(main())


UNANSWERED: dict[str, tuple[Script, Reason]] = {
    "half-closes at once": (half_close_at_once, "closed"),
    "resets at once": (reset_at_once, "reset"),
    "closes after the request": (then_close(), "closed"),
    "resets after the request": (then_reset(), "reset"),
    "half-closes after the request": (then_half_close(), "closed"),
    "closes in the status line": (then_close(b"HTTP/1.1 2"), "closed"),
    "closes in the headers": (then_close(b"HTTP/1.1 200 OK\r\nContent-Le"), "closed"),
    "closes after an interim answer": (then_close(b"HTTP/1.1 100 Continue\r\n\r\n"), "closed"),
    "closes in the body": (then_close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), "closed"),
    "closes in a chunk": (
        then_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab"), "closed",
    ),
    "closes before the last chunk": (
        then_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), "closed",
    ),
    "resets in the body": (then_reset(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), "reset"),
    "resets in a body until closed": (then_reset(b"HTTP/1.1 200 OK\r\n\r\nab"), "reset"),
    "garbage": (after_request(b"\x00\xff\xfe garbage \r\n\r\n"), "bad_answer"),
    "TLS": (after_request(b"\x15\x03\x01\x00\x02\x02\x16"), "bad_answer"),
    "HTML": (after_request(b"<html>hello</html>"), "bad_answer"),
    "SMTP": (greet_like_smtp, "bad_answer"),
    "HTTP/2": (after_request(b"HTTP/2 200 OK\r\n\r\n"), "bad_answer"),
    "bad header": (after_request(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"), "bad_answer"),
    "bad content length": (
        after_request(b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"), "bad_answer",
    ),
    "two content lengths": (
        after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        "bad_answer",
    ),
    "length and chunked": (
        after_request(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ), "bad_answer",
    ),
    "bad chunk": (
        after_request(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        "bad_answer",
    ),
    "folded header": (
        after_request(b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"), "bad_answer",
    ),
    "headers without end": (send_headers_without_end, "bad_answer"),
    "one header without end": (send_one_header_without_end, "bad_answer"),
    "interim answers without end": (send_interim_answers_without_end, "bad_answer"),
    "trailers without end": (send_trailers_without_end, "bad_answer"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNANSWERED)
def test_anything_less_ends_with_its_reason(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, case: str
) -> None:
    script, reason = UNANSWERED[case]

    async def main() -> None:
        async with torture(script) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert outcome.reason == reason
            assert outcome.detail
            assert (outcome.status, outcome.headers, outcome.body) == (None, (), b"")
            assert outcome.address == f"127.0.0.1:{server.port}"
            assert server.connections == 1

    run(main())


def test_closing_on_an_unread_request_is_closed_or_reset(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    """Which of the two, the operating systems decide: unread bytes turn FIN into RST."""

    async def close_at_once(_: Talk) -> None:
        pass

    async def main() -> None:
        async with torture(close_at_once) as server, wire() as client:
            outcome = await client.send(post(server.url, BIG))
            assert outcome.reason in {"closed", "reset"}

    run(main())


PATIENCE = (0.05, 0.5, 2.0)
"""Time-outs in seconds, tried in turn: on a machine under load the answer may miss the first."""

SLOW: dict[str, tuple[Script, str]] = {
    "nothing": (say_nothing, "nothing came in time"),
    "a piece of the head": (after_request(b"HTTP/1.1 200"), "no whole head came in time"),
    "an interim answer": (
        after_request(b"HTTP/1.1 100 Continue\r\n\r\n"), "no whole head came in time",
    ),
    "a piece of the body": (
        after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
        "2 bytes of the body came in time",
    ),
    "a body until closed": (
        after_request(b"HTTP/1.1 200 OK\r\n\r\nabc"), "3 bytes of the body came in time",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SLOW)
def test_an_answer_that_is_not_whole_in_time_is_given_up(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, case: str
) -> None:
    script, detail = SLOW[case]

    async def main() -> None:
        for total in PATIENCE:
            async with torture(script) as server, wire() as client:
                outcome = await client.send(post(server.url, total=total))
            if outcome.detail == detail:
                break
        assert (outcome.reason, outcome.detail) == ("answer_timeout", detail)
        assert outcome.duration_ms > 800 * total

    run(main())


def test_the_first_byte_has_a_time_out_of_its_own(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def main() -> None:
        async with torture(say_nothing) as server, wire() as client:
            outcome = await client.send(post(server.url, first_byte=0.05))
            assert (outcome.reason, outcome.detail) == ("answer_timeout", "nothing came in time")

    run(main())


def test_once_a_byte_came_only_the_total_time_out_counts(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def answered(first_byte: float) -> bool:
        is_late = asyncio.Event()

        async def slow(talk: Talk) -> None:
            await talk.request()
            await talk.say(b"H")
            await is_late.wait()
            await talk.say(b"TTP/1.1 204 No Content\r\n\r\n")
            await talk.end()

        async with torture(slow) as server, wire() as client:
            asyncio.get_running_loop().call_later(3 * first_byte, is_late.set)
            outcome = await client.send(post(server.url, first_byte=first_byte, total=60.0))
            return outcome.status == 204

    async def main() -> None:
        for first_byte in PATIENCE:
            if await answered(first_byte):
                return
        pytest.fail(f"no answer, although a byte came within {first_byte} s")

    run(main())
