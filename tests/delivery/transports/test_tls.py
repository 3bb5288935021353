"""TLS with generated certificates: trust, and names."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from emulator.delivery.sending import SendEnd, SendReset, Write
from emulator.delivery.transports.connection import Connection
from emulator.delivery.transports.wire import tls_context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from emulator.delivery.records import Reason, Request
    from emulator.delivery.sending import WireAction
    from tests.delivery.transports.conftest import MakeServer, MakeWire, Run, Script, Talk

    Post = Callable[..., Request]
    Until = Callable[[Callable[[], object]], Awaitable[None]]
    Answers = Callable[..., Script]

NAME = "consumer.example.com"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def served(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """Make a server's context for these names."""

    def make(*names: str, issuer: trustme.CA = authority) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        issuer.issue_cert(*names).configure_cert(context)
        return context

    return make


async def loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_a_trusted_certificate_for_the_name_is_fine(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    answers: Answers,
    served: Callable[..., ssl.SSLContext],
    ca_file: Path,
) -> None:
    asked: list[str | None] = []
    context = served(NAME)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    async def main() -> None:
        async with (
            torture(answers(), tls=context) as server,
            wire(tls=tls_context(ca=ca_file), resolve=loopback) as client,
        ):
            for host, is_reused in ((NAME, False), (NAME, True), (NAME + ".", False)):
                url = f"https://{host}:{server.port}/"
                outcome = await client.send(post(url, b"x" * 100_000))
                assert (outcome.status, outcome.is_reused) == (200, is_reused)
            assert asked == [NAME, NAME]
            assert server.requests[0].endswith(b"x" * 100_000)

    run(main())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_certificate_for_an_address_is_fine(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    answers: Answers,
    served: Callable[..., ssl.SSLContext],
    ca_file: Path,
    host: str,
) -> None:
    async def main() -> None:
        async with (
            torture(answers(), host=host, tls=served(host)) as server,
            wire(tls=tls_context(ca=ca_file)) as client,
        ):
            assert (await client.send(post(server.url))).status == 200

    run(main())


@pytest.mark.parametrize(
    ("names", "is_ours", "detail"),
    [
        (["other.example.com"], True, "Hostname mismatch"),
        ([NAME], False, "unable to get local issuer certificate"),
    ],
    ids=["wrong name", "unknown authority"],
)
def test_a_certificate_that_proves_nothing_fails(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    answers: Answers,
    served: Callable[..., ssl.SSLContext],
    ca_file: Path,
    names: list[str],
    detail: str,
    *,
    is_ours: bool,
) -> None:
    context = served(*names) if is_ours else served(*names, issuer=trustme.CA())

    async def main() -> None:
        async with (
            torture(answers(), tls=context) as server,
            wire(tls=tls_context(ca=ca_file), resolve=loopback) as strict,
            wire(tls=tls_context(is_insecure=True), resolve=loopback) as insecure,
        ):
            url = f"https://{NAME}:{server.port}/"
            outcome = await strict.send(post(url))
            assert outcome.reason == "tls_failed"
            assert detail in outcome.detail
            assert outcome.address == f"127.0.0.1:{server.port}"
            assert (await insecure.send(post(url))).status == 200

    run(main())


def test_the_systems_authorities_are_trusted_unless_others_are_given(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers,
    served: Callable[..., ssl.SSLContext],
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(answers(), tls=served("127.0.0.1")) as server, wire() as client:
            outcome = await client.send(post(server.url))
            assert outcome.reason == "tls_failed"
            assert "unable to get local issuer certificate" in outcome.detail

    run(main())


async def say_http(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await talk.end()


async def close_at_hello(talk: Talk) -> None:
    await talk.reader.read(1)


async def reset_at_hello(talk: Talk) -> None:
    await talk.reader.read(1)
    talk.reset()


@pytest.mark.parametrize("script", [say_http, close_at_hello, reset_at_hello])
def test_a_server_that_speaks_no_tls_fails(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, script: Script
) -> None:
    async def main() -> None:
        async with torture(script) as server, wire() as client:
            outcome = await client.send(post(f"https://127.0.0.1:{server.port}/"))
            assert outcome.reason == "tls_failed"

    run(main())


def test_a_handshake_without_end_is_a_connect_time_out(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def say_nothing(talk: Talk) -> None:
        await talk.end()

    async def main() -> None:
        async with torture(say_nothing) as server, wire() as client:
            url = f"https://127.0.0.1:{server.port}/"
            outcome = await client.send(post(url, connect=0.05))
            assert outcome.reason == "connect_timeout"

    run(main())


def test_tls_stops_between_client_and_server_that_share_no_version(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    answers: Answers,
    served: Callable[..., ssl.SSLContext],
) -> None:
    context = served("127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    newest = tls_context(is_insecure=True)
    newest.minimum_version = ssl.TLSVersion.TLSv1_3

    async def main() -> None:
        async with torture(answers(), tls=context) as server, wire(tls=newest) as client:
            assert (await client.send(post(server.url))).reason == "tls_failed"

    run(main())


def test_a_certificate_that_the_server_wants_and_we_lack_fails(
    run: Run, wire: MakeWire, post: Post, served: Callable[..., ssl.SSLContext], ca_file: Path
) -> None:
    """With TLS 1.3 that comes out only after the handshake; asyncio's server would not say why."""
    context = served("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca_file)

    def serve(listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        accepted.settimeout(5)
        with context.wrap_socket(
            accepted, server_side=True, do_handshake_on_connect=False
        ) as served_socket:
            with pytest.raises(ssl.SSLError, match="peer did not return a certificate"):
                served_socket.do_handshake()
            # Closing on unread bytes would send RST, which may overtake the alert.
            with contextlib.suppress(ConnectionError):
                while socket.socket.recv(served_socket, 65536):
                    pass

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(asyncio.to_thread(serve, listening))
            async with wire(tls=tls_context(ca=ca_file)) as client:
                url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
                outcome = await client.send(post(url))
                assert outcome.reason == "tls_failed"
                assert "certificate required" in outcome.detail
            await serving

    run(main())


def test_a_body_until_closed_ends_with_tls_too(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    served: Callable[..., ssl.SSLContext],
    ca_file: Path,
) -> None:
    async def until_closed(talk: Talk) -> None:
        await talk.request()
        await talk.say(b"HTTP/1.0 200 OK\r\n\r\nuntil closed")

    async def main() -> None:
        async with (
            torture(until_closed, tls=served("127.0.0.1")) as server,
            wire(tls=tls_context(ca=ca_file)) as client,
        ):
            outcome = await client.send(post(server.url))
            assert (outcome.status, outcome.body) == (200, b"until closed")

    run(main())


@pytest.mark.parametrize("move", [SendReset(), SendEnd()])
def test_cutting_works_over_tls(
    run: Run,
    torture: MakeServer,
    until: Until,
    served: Callable[..., ssl.SSLContext],
    ca_file: Path,
    move: WireAction,
) -> None:
    """TLS can't half-close: the connection is cut instead."""
    seen: list[bytes | str] = []

    async def read(talk: Talk) -> None:
        try:
            seen.append(await talk.reader.readexactly(3))
            seen.append(await talk.reader.read())
        except ConnectionResetError:
            seen.append("reset")

    async def main() -> None:
        async with torture(read, tls=served("127.0.0.1")) as server:
            key = ("https", "127.0.0.1", server.port, "127.0.0.1")
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(key, on_end=lambda _: None, on_gone=lambda _: None),
                "127.0.0.1",
                server.port,
                ssl=tls_context(ca=ca_file),
                family=socket.AF_INET,
            )
            loop = asyncio.get_running_loop()
            ended: asyncio.Future[Reason] = loop.create_future()
            moves = (Write(b"abc"), move)
            connection.exchange(moves, ended.set_result, first_byte=5, ends=loop.time() + 5)
            assert await ended == "cut"
            await until(lambda: len(seen) == 2)
            assert seen == [b"abc", "reset"]

    run(main())
