"""What a consumer gets of a request with a fault: every byte, and how the connection ends."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest
import trustme

from emulator import faults
from emulator.delivery.transports.wire import tls_context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from emulator.delivery.faults.fault import WireFault
    from emulator.delivery.records import Request
    from tests.delivery.transports.conftest import MakeServer, MakeWire, Run, Script, Talk

    Post = Callable[..., Request]
    Until = Callable[[Callable[[], object]], Awaitable[None]]
    Answers = Callable[..., Script]

BODY = b'{"event":"completed","n":1}'
LENGTH = b"Content-Length: 27\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HELLO = bytes.fromhex("16030102000100fffc0303") + bytes(16)


class Secured(NamedTuple):
    """How the server speaks TLS, and how the client trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    with authority.cert_pem.tempfile() as file:
        yield Secured(server, tls_context(ca=file))


class Seen:
    """Everything that the server read, and how it ended; answers once *enough* came, or at FIN."""

    def __init__(self, enough: bytes | None = None) -> None:
        self.enough = enough
        self.data = b""
        self.end = ""

    async def __call__(self, talk: Talk) -> None:
        is_answered = False
        try:
            while piece := await talk.reader.read(65536):
                self.data += piece
                if self.enough and self.data.endswith(self.enough) and not is_answered:
                    is_answered = True
                    await talk.say(OK)
            if not is_answered:
                await talk.say(OK)
            self.end = "closed"
        except ConnectionResetError:
            self.end = "reset"

    @property
    def head(self) -> bytes:
        """Without the port, which is another each time."""
        host, rest = self.data.split(b"\r\nHost: 127.0.0.1:", 1)
        return host + b"\r\n" + rest.split(b"\r\n", 1)[1]


START = b"POST /hook HTTP/1.1\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

CASES = [
    # wire faults, what the server answers on, all that it gets, its end, status or reason
    ((faults.Reset(),), None, START + LENGTH, "reset", "cut"),
    ((faults.Reset(after=9),), None, START + LENGTH + BODY[:9], "reset", "cut"),
    ((faults.Reset(after=99),), None, START + LENGTH + BODY, "reset", "cut"),
    (
        (faults.Chunked(size=10),),
        b"\r\n0\r\n\r\n",
        START + CHUNKED + b"a\r\n" + BODY[:10] + b"\r\na\r\n" + BODY[10:20] + b"\r\n7\r\n"
        + BODY[20:] + b"\r\n0\r\n\r\n",
        "closed",
        200,
    ),
    ((faults.SlowBody(bytes_per_second=200),), BODY, START + LENGTH + BODY, "closed", 200),
    (
        (faults.Chunked(), faults.SlowBody(bytes_per_second=200), faults.Reset(after=30)),
        None,
        START + CHUNKED + b"1b\r\n" + BODY[:26],
        "reset",
        "cut",
    ),
    (
        (faults.WrongLength(by=-7),),
        BODY,
        START + b"Content-Length: 20\r\n\r\n" + BODY,
        "closed",
        200,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wire_faults", "enough", "data", "end", "answer"), CASES)
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_the_consumer_gets_exactly_these_bytes(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until, secured: Secured,
    wire_faults: tuple[WireFault, ...], enough: bytes | None, data: bytes, end: str,
    answer: int | str, *, is_tls: bool,
) -> None:  # fmt: skip
    seen = Seen(enough)

    async def main() -> None:
        tls = secured.server if is_tls else None
        async with torture(seen, tls=tls) as server, wire(tls=secured.client) as client:
            request = msgspec.structs.replace(post(server.url, BODY), wire=wire_faults)
            outcome = await client.send(request)
            assert (outcome.status or outcome.reason) == answer
            await until(lambda: seen.end)
            assert seen.head == data
            # Over TLS our leaving after an answer may be abrupt, with or without a fault.
            assert seen.end == end or (is_tls and end == "closed")
            assert server.connections == 1

    run(main())


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        (faults.HalfClose(), START + LENGTH + BODY),
        (faults.HalfClose(after=5), START + LENGTH + BODY[:5]),
        (faults.HalfClose(after=0), START + LENGTH),
        (faults.WrongLength(by=100), START + b"Content-Length: 127\r\n\r\n" + BODY),
    ],
)
def test_the_consumer_sees_the_end_and_its_answer_is_read(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until,
    fault: WireFault, data: bytes,
) -> None:  # fmt: skip
    seen = Seen()

    async def main() -> None:
        async with torture(seen) as server, wire() as client:
            request = msgspec.structs.replace(post(server.url, BODY), wire=(fault,))
            outcome = await client.send(request)
            assert (outcome.status, outcome.body) == (200, b"ok")
            await until(lambda: seen.end)
            assert (seen.head, seen.end) == (data, "closed")

    run(main())


@pytest.mark.parametrize("fault", [faults.HalfClose(), faults.WrongLength(by=100)])
def test_tls_has_no_half_close_so_the_connection_is_broken(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until, secured: Secured,
    fault: WireFault,
) -> None:  # fmt: skip
    seen = Seen()

    async def main() -> None:
        async with (
            torture(seen, tls=secured.server) as server,
            wire(tls=secured.client) as client,
        ):
            request = msgspec.structs.replace(post(server.url, BODY), wire=(fault,))
            assert (await client.send(request)).reason == "cut"
            await until(lambda: seen.end)
            assert seen.end == "reset"
            assert seen.data.endswith(BODY)

    run(main())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_tls_failure_is_the_start_of_a_handshake_and_no_more(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until, scheme: str
) -> None:
    seen = Seen()

    async def main() -> None:
        async with torture(seen) as server, wire() as client:
            url = f"{scheme}://127.0.0.1:{server.port}/hook"
            request = msgspec.structs.replace(post(url, BODY), wire=(faults.TlsFailure(),))
            outcome = await client.send(request)
            assert (outcome.reason, outcome.address) == ("cut", f"127.0.0.1:{server.port}")
            await until(lambda: seen.end)
            assert (seen.data, seen.end) == (HELLO, "reset")

    run(main())


def test_a_server_that_speaks_tls_goes_on_after_a_failure(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers, secured: Secured
) -> None:
    async def main() -> None:
        async with (
            torture(answers(), tls=secured.server) as server,
            wire(tls=secured.client) as client,
        ):
            good = post(server.url, BODY)
            bad = msgspec.structs.replace(good, wire=(faults.TlsFailure(),))
            found = [await client.send(request) for request in (good, bad, good)]
            assert [one.reason for one in found] == [
                "answered", "cut", "answered",
            ]  # fmt: skip
            assert [one.is_reused for one in found] == [False, False, True]
            assert server.connections == 1  # no handshake, no request

    run(main())


def test_a_tls_fault_connects_only_to_allowed_addresses(
    run: Run, wire: MakeWire, post: Post
) -> None:
    async def main() -> None:
        async with wire() as client:
            request = post("https://169.254.169.254/hook", BODY)
            request = msgspec.structs.replace(request, wire=(faults.TlsFailure(),))
            assert (await client.send(request)).reason == "address_forbidden"

    run(main())


def test_a_fault_has_a_connection_to_itself(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    """It neither takes a kept-alive connection nor leaves one behind."""

    async def main() -> None:
        async with torture(answers()) as server, wire() as client:
            plain = post(server.url, BODY)
            slow = msgspec.structs.replace(plain, wire=(faults.SlowBody(bytes_per_second=1000),))
            found = [await client.send(one) for one in (plain, slow, slow, plain)]
            assert [one.is_reused for one in found] == [False, False, False, True]
            assert server.connections == 3
            assert server.requests == [server.requests[0]] * 4

    run(main())


def test_a_name_that_is_resolved_gets_no_kept_alive_connection_either(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def loopback(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=loopback) as client:
            plain = post(f"http://consumer.example.com:{server.port}/hook", BODY)
            slow = msgspec.structs.replace(plain, wire=(faults.SlowBody(bytes_per_second=1000),))
            found = [await client.send(one) for one in (plain, slow, plain)]
            assert [one.is_reused for one in found] == [False, False, True]
            assert server.connections == 2

    run(main())


def test_a_fault_is_never_dialled_again(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def close_on_the_request(talk: Talk) -> None:
        await talk.reader.read(1)

    async def main() -> None:
        async with torture(close_on_the_request) as server, wire() as client:
            plain = post(server.url, BODY)
            slow = msgspec.structs.replace(plain, wire=(faults.SlowBody(bytes_per_second=5),))
            outcome = await client.send(slow)
            assert outcome.reason in ("closed", "reset")
            assert not outcome.is_redialled
            assert server.connections == 1

    run(main())


def test_a_body_that_never_gets_there_is_a_time_out(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until
) -> None:
    seen = Seen()

    async def main() -> None:
        async with torture(seen) as server, wire() as client:
            request = post(server.url, BODY, total=0.5)
            request = msgspec.structs.replace(request, wire=(faults.SlowBody(bytes_per_second=1),))
            outcome = await client.send(request)
            assert (outcome.reason, outcome.detail) == ("answer_timeout", "nothing came in time")
            await until(lambda: seen.end)
            assert seen.head == START + LENGTH + BODY[:1]

    run(main())
