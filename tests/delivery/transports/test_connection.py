"""One connection by itself: its moves, and answers that come in any pieces."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.delivery.records import MOST_BODY, MOST_KEPT
from emulator.delivery.sending import Pause, SendEnd, SendReset, Write
from emulator.delivery.transports.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from emulator.delivery.records import Headers, Reason
    from emulator.delivery.sending import WireAction
    from tests.delivery.transports.conftest import MakeServer, Run, Talk, Torture

    Until = Callable[[Callable[[], object]], Awaitable[None]]

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# Moves


async def dial(server: Torture) -> Connection:
    key = ("http", "127.0.0.1", server.port, "localhost")
    make = partial(Connection, key, on_end=lambda _: None, on_gone=lambda _: None)
    _, connection = await asyncio.get_running_loop().create_connection(
        make, "127.0.0.1", server.port
    )
    return connection


def exchange(
    connection: Connection, moves: tuple[WireAction, ...], *, ends: float
) -> asyncio.Future[Reason]:
    ended: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    connection.exchange(moves, ended.set_result, first_byte=60.0, ends=ends)
    return ended


async def made(
    server: Torture, *moves: WireAction, total: float = 5.0
) -> tuple[Reason, Connection]:
    """Make the moves on a new connection, which is dropped then."""
    connection = await dial(server)
    ends = asyncio.get_running_loop().time() + total
    reason = await exchange(connection, moves, ends=ends)
    connection.end("closed", "")
    return reason, connection


class Seen:
    """Everything that the server read, and how it ended."""

    def __init__(self) -> None:
        self.data = b""
        self.end: str | None = None

    async def read(self, talk: Talk) -> None:
        try:
            while piece := await talk.reader.read(65536):
                self.data += piece
            self.end = "closed"
        except ConnectionResetError:
            self.end = "reset"


def test_pieces_with_pauses_between_arrive_as_one_request(run: Run, torture: MakeServer) -> None:
    async def answer(talk: Talk) -> None:
        await talk.request()
        await talk.say(OK)

    async def main() -> None:
        async with torture(answer) as server:
            moves = (Write(HEAD), Pause(0.02), Write(b"ab"), Pause(0.02), Write(b"cd"))
            reason, connection = await made(server, *moves)
            assert (reason, connection.status) == ("answered", 200)
            assert server.requests == [HEAD + b"abcd"]

    run(main())


def test_an_answer_during_a_pause_counts_and_the_rest_is_not_sent(
    run: Run, torture: MakeServer, until: Until
) -> None:
    seen = Seen()

    async def answer(talk: Talk) -> None:
        await talk.say(OK)
        await seen.read(talk)

    async def main() -> None:
        async with torture(answer) as server:
            reason, connection = await made(server, Write(HEAD), Pause(30.0), Write(b"abcd"))
            assert reason == "answered"
            assert not connection.is_reusable
            await until(lambda: seen.end)
            assert seen.data == HEAD

    run(main())


def test_a_pause_ends_with_the_attempt(run: Run, torture: MakeServer) -> None:
    async def main() -> None:
        async with torture(Seen().read) as server:
            reason, _ = await made(server, Write(HEAD), Pause(30.0), total=0.05)
            assert reason == "answer_timeout"

    run(main())


def test_a_deadline_can_be_set_to_a_time_that_is_over(run: Run, torture: MakeServer) -> None:
    """uvloop makes no timer for it. An answer that came in time is read all the same."""

    async def main() -> None:
        async def answer(talk: Talk) -> None:
            await talk.request()
            await talk.say(OK)
            for _ in range(2):
                connection.wait_until(0.0)

        async with torture(answer) as server:
            connection = await dial(server)
            assert await exchange(connection, (Write(HEAD + b"abcd"),), ends=1e9) == "answered"
            connection.end("closed", "")

    run(main())


@pytest.mark.parametrize("size", [0, 40, 5_000_000])
def test_a_reset_follows_exactly_the_bytes_written(
    run: Run, torture: MakeServer, until: Until, size: int
) -> None:
    seen = Seen()
    body = b"x" * size

    async def main() -> None:
        async with torture(seen.read) as server:
            reason, connection = await made(server, Write(body), SendReset(), Write(b"never"))
            assert (reason, connection.detail) == ("cut", "reset on purpose")
            await until(lambda: seen.end)
            assert seen.end == "reset"
            # What the reader had not taken when RST came, its kernel may have thrown away.
            assert body.startswith(seen.data)
            assert len(seen.data) == size or size > 1000

    run(main())


def test_a_reset_waits_for_the_reader_but_not_beyond_the_attempt(
    run: Run, torture: MakeServer
) -> None:
    async def read_nothing(talk: Talk) -> None:
        talk.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async def main() -> None:
        async with torture(read_nothing) as server:
            reason, _ = await made(server, Write(b"x" * 50_000_000), SendReset(), total=0.1)
            assert reason == "answer_timeout"

    run(main())


def test_a_half_close_ends_the_request_and_the_answer_is_read(
    run: Run, torture: MakeServer
) -> None:
    seen = Seen()

    async def answer_at_the_end(talk: Talk) -> None:
        await seen.read(talk)
        await talk.say(OK)

    async def main() -> None:
        async with torture(answer_at_the_end) as server:
            reason, connection = await made(server, Write(HEAD + b"ab"), SendEnd())
            assert (reason, connection.status) == ("answered", 200)
            assert (seen.data, seen.end) == (HEAD + b"ab", "closed")

    run(main())


def test_an_early_answer_of_any_length_is_bounded(
    run: Run, torture: MakeServer, until: Until
) -> None:
    """Bytes before the request are kept for the answer, but not without end."""

    async def flood(talk: Talk) -> None:
        while True:
            await talk.say(b"x" * 10_000)

    async def main() -> None:
        async with torture(flood) as server:
            connection = await dial(server)
            await until(lambda: not connection.is_open)
            ends = asyncio.get_running_loop().time() + 5
            moves = (Write(HEAD),)
            assert await exchange(connection, moves, ends=ends) == "bad_answer"

    run(main())


# Pieces


class Sink(asyncio.Transport):
    """A transport that takes everything at once and leads nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        self.is_aborted = True


class Read(NamedTuple):
    """What came of an exchange, but for the words."""

    reason: Reason
    status: int
    headers: Headers
    body: bytes
    is_cut: bool


async def read(pieces: Iterable[bytes], end: Exception | None) -> Read:
    """Feed the pieces to a connection, then end it."""
    key = ("http", "127.0.0.1", 1, "localhost")
    connection = Connection(key, on_end=lambda _: None, on_gone=lambda _: None)
    sink = Sink()
    connection.connection_made(sink)
    ends = asyncio.get_running_loop().time() + 60
    ended = exchange(connection, (Write(HEAD),), ends=ends)
    for piece in pieces:
        if not sink.is_aborted:
            connection.data_received(piece)
    if end is None and not sink.is_aborted:
        connection.eof_received()
    connection.connection_lost(end)
    assert sink.written == HEAD
    reason = await ended
    if reason != "answered":
        return Read(reason, 0, (), b"", is_cut=False)
    return Read(reason, connection.status, connection.headers, connection.body, connection.is_cut)


def pieces_of(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges) if a < b]


ANSWERS = [
    OK,
    OK + OK,
    OK + b"\r\n",
    OK + b"junk",
    b"\r\n\r\n" + OK,
    b"HTTP/1.1 204\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nX-Empty:\r\nX-Space: \r\nX-A: b\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\nrest",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + OK,
    b"HTTP/1.1 101 Up\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n\x00\xff",
    b"HTTP/1.1 101 Up\r\n\r\n" + OK,
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok and more",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 20",
    b"<html>",
    b"",
]


@pytest.mark.parametrize("end", [None, ConnectionResetError("reset")], ids=["eof", "reset"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_cut_anywhere_reads_as_the_whole(answer: bytes, end: Exception | None) -> None:
    """At each byte in turn, and into single bytes."""

    async def main() -> None:
        whole = await read([answer], end)
        assert await read(pieces_of(answer, range(len(answer))), end) == whole
        for cut in range(1, len(answer)):
            assert await read(pieces_of(answer, [cut]), end) == whole

    asyncio.run(main())


def mutants() -> st.SearchStrategy[bytes]:
    """Make one of the answers, with a few bytes replaced by others."""

    def mutate(answer: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
        for at, length, new in changes:
            start = at % (len(answer) + 1)
            answer = answer[:start] + new + answer[start + length :]
        return answer

    new = st.one_of(
        st.binary(max_size=3),
        st.sampled_from(
            [b"\r\n", b"\r\n\r\n", b": ", b"0", b"\r", b"\n", b" ", b"HTTP/1.1 200 OK"]
        ),
    )
    change = st.tuples(st.integers(0, 300), st.integers(0, 3), new)
    return st.builds(mutate, st.sampled_from(ANSWERS), st.lists(change, max_size=3))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    answer=mutants(),
    cuts=st.lists(st.integers(0, 300), max_size=8),
    is_reset=st.booleans(),
)
def test_a_broken_answer_in_any_pieces_reads_as_the_whole(
    answer: bytes, cuts: list[int], is_reset: bool
) -> None:  # fmt: skip
    end = ConnectionResetError("reset") if is_reset else None

    async def main() -> None:
        whole = await read([answer], end)
        assert (
            await read(pieces_of(answer, [one % (len(answer) + 1) for one in cuts]), end) == whole
        )
        assert await read(pieces_of(answer, range(len(answer))), end) == whole

    asyncio.run(main())


@settings(max_examples=50, deadline=None)
@given(
    size=st.integers(MOST_BODY - 3, MOST_BODY + 3),
    cuts=st.lists(st.integers(0, MOST_BODY + 100), max_size=6),
    framing=st.sampled_from(["length", "chunked", "close"]),
)
def test_a_long_body_in_any_pieces_is_cut_at_the_same_place(
    size: int, cuts: list[int], framing: str
) -> None:
    body = b"x" * size
    answer: dict[str, Any] = {
        "length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (size, body),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        % (size, body),
        "close": b"HTTP/1.1 200 OK\r\n\r\n" + body,
    }

    async def main() -> None:
        result = await read(pieces_of(answer[framing], cuts), None)
        assert (result.reason, result.status) == ("answered", 200)
        assert result.body == body[:MOST_KEPT]
        assert result.is_cut is (size > MOST_BODY)

    asyncio.run(main())
