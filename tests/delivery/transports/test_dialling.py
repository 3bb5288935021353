"""Names, addresses and the guard: the checked address is the dialled address."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from emulator.delivery.transports.address_guard import Guard
from emulator.delivery.transports.connection import Connection
from emulator.delivery.transports.dns import resolve
from emulator.delivery.transports.wire import _dial_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from emulator.delivery.records import Reason, Request
    from tests.delivery.transports.conftest import MakeServer, MakeWire, Run, Script, Talk

    Post = Callable[..., Request]
    Until = Callable[[Callable[[], object]], Awaitable[None]]
    Answers = Callable[..., Script]


class Names:
    """A resolver that answers differently each time; the last answer again in the end."""

    def __init__(self, *found: Sequence[str]) -> None:
        self.found = list(found)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.found.pop(0) if len(self.found) > 1 else self.found[0]


def test_a_port_without_a_listener_is_refused(run: Run, wire: MakeWire, post: Post) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]

        async def main() -> None:
            async with wire() as client:
                outcome = await client.send(post(f"http://127.0.0.1:{port}/"))
                assert outcome.reason == "refused"
                assert outcome.address == f"127.0.0.1:{port}"
                assert outcome.detail

        run(main())


def test_a_server_that_takes_no_connection_is_a_connect_time_out(
    run: Run, wire: MakeWire, post: Post
) -> None:
    """Linux drops connections when the backlog is full."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())

        async def main() -> None:
            async with wire() as client:
                url = f"http://127.0.0.1:{full.getsockname()[1]}/"
                for limit in ({"connect": 0.05}, {"total": 0.05}):
                    outcome = await client.send(post(url, **limit))
                    assert outcome.reason == "connect_timeout"
                    assert outcome.detail == "not connected in time"

        run(main())


def test_ipv6_is_dialled(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def main() -> None:
        async with torture(answers(), host="::1") as server, wire() as client:
            for is_reused in (False, True):
                outcome = await client.send(post(server.url))
                assert outcome.status == 200
                assert outcome.address == f"[::1]:{server.port}"
                assert outcome.is_reused is is_reused
            assert b"Host: [::1]:%d\r\n" % server.port in server.requests[0]

    run(main())


def test_a_literal_address_asks_no_resolver(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    names = Names([])

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=names) as client:
            assert (await client.send(post(server.url))).status == 200
            mapped = f"http://[::ffff:127.0.0.1]:{server.port}/"
            assert (await client.send(post(mapped))).status == 200
            assert names.asked == []

    run(main())


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://8.8.8.8/"]
)
def test_a_forbidden_literal_is_not_dialled(run: Run, wire: MakeWire, post: Post, url: str) -> None:
    async def main() -> None:
        async with wire() as client:
            outcome = await client.send(post(url))
            assert outcome.reason == "address_forbidden"
            assert outcome.detail
            assert outcome.address is None

    run(main())


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_another_way_to_write_an_address_is_resolved_and_then_checked(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers, host: str
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(answers()) as server, wire() as client:
            outcome = await client.send(post(f"http://{host}:{server.port}/"))
            assert outcome.address == f"127.0.0.1:{server.port}"

    run(main())


def test_a_forbidden_name_is_not_dialled_and_the_reason_names_every_address(
    run: Run, wire: MakeWire, post: Post
) -> None:
    names = Names(["8.8.8.8", "169.254.169.254"])

    async def main() -> None:
        async with wire(resolve=names) as client:
            outcome = await client.send(post("http://consumer.example.com:81/"))
            assert names.asked == [("consumer.example.com", 81)]
            assert outcome.reason == "address_forbidden"
            assert outcome.detail == (
                "8.8.8.8 is neither loopback nor private; "
                "to dial it allow 'consumer.example.com' or '8.8.8.8/32'; "
                "169.254.169.254 is a cloud's metadata address, never dialled; "
                "expected a loopback or private address"
            )

    run(main())


def test_of_a_names_addresses_only_those_that_may_be_dialled_are(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    names = Names(["169.254.169.254", "8.8.8.8", "127.0.0.1"])

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=names) as client:
            outcome = await client.send(post(f"http://consumer.example.com:{server.port}/"))
            assert outcome.address == f"127.0.0.1:{server.port}"
            assert b"Host: consumer.example.com:%d\r\n" % server.port in server.requests[0]

    run(main())


def test_the_checked_address_is_dialled(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    """A name that answers differently the second time gains nothing: it is asked once a dial."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=names) as client:
            url = f"http://rebind.example.com:{server.port}/"
            outcome = await client.send(post(url))
            assert (outcome.status, outcome.address) == (200, f"127.0.0.1:{server.port}")
            assert len(names.asked) == 1
            assert client.idle_connections == 1
            # The kept-alive connection belongs to an address that the name no longer has.
            outcome = await client.send(post(url))
            assert outcome.reason == "address_forbidden"
            assert server.connections == 1

    run(main())


def test_a_redial_asks_and_checks_again(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"])

    async def main() -> None:
        async def answer_once(talk: Talk) -> None:
            await talk.request()
            await talk.say(b"HTTP/1.1 204 No Content\r\n\r\n")
            await talk.request()

        async with torture(answer_once) as server, wire(resolve=names) as client:
            url = f"http://rebind.example.com:{server.port}/"
            assert (await client.send(post(url))).status == 204
            outcome = await client.send(post(url))
            assert (outcome.reason, outcome.is_redialled) == ("address_forbidden", True)

    run(main())


def test_a_name_that_moved_is_dialled_at_its_new_address(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    names = Names(["127.0.0.1"], ["::ffff:127.0.0.1"], ["127.0.0.1"])

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=names) as client:
            url = f"http://consumer.example.com:{server.port}/"
            outcomes = [await client.send(post(url)) for _ in range(3)]
            assert [outcome.is_reused for outcome in outcomes] == [False, False, True]
            assert outcomes[1].address != outcomes[0].address

    run(main())


def test_the_next_address_is_tried_when_the_first_refuses(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    names = Names(["::1", "127.0.0.2", "127.0.0.1", "127.0.0.1"])

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=names) as client:
            outcome = await client.send(post(f"http://consumer.example.com:{server.port}/"))
            assert outcome.address == f"127.0.0.1:{server.port}"

    run(main())


def test_a_name_without_an_address_is_not_found(run: Run, wire: MakeWire, post: Post) -> None:
    async def main() -> None:
        async with wire() as client, wire(resolve=Names([])) as other:
            outcome = await client.send(post("http://consumer.invalid/"))
            assert outcome.reason == "name_not_found"
            assert outcome.detail.startswith("consumer.invalid: ")
            outcome = await client.send(post(f"http://{'a' * 70}.invalid/"))
            assert outcome.reason == "name_not_found"
            outcome = await other.send(post("http://consumer.example.com/"))
            assert outcome.reason == "name_not_found"
            assert outcome.detail == "consumer.example.com has no address"

    run(main())


def test_a_resolver_that_does_not_answer_is_a_connect_time_out(
    run: Run, wire: MakeWire, post: Post
) -> None:
    async def never(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async def main() -> None:
        async with wire(resolve=never) as client:
            outcome = await client.send(post("http://consumer.example.com/", connect=0.05))
            assert outcome.reason == "connect_timeout"

    run(main())


def test_requests_at_the_same_time_share_one_question(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    names = Names(["127.0.0.1"])

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=names) as client:
            request = post(f"http://consumer.example.com:{server.port}/")
            outcomes = await asyncio.gather(*(client.send(request) for _ in range(10)))
            assert {outcome.status for outcome in outcomes} == {200}
            assert len(names.asked) == 1
            await client.send(request)
            assert len(names.asked) == 2

    run(main())


def test_a_cancelled_lookup_does_not_cancel_the_others(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def main() -> None:
        known = asyncio.get_running_loop().create_future()

        async def slow(_host: str, _port: int) -> list[str]:
            found: list[str] = await known
            return found

        async with torture(answers()) as server, wire(resolve=slow) as client:
            url = f"http://consumer.example.com:{server.port}/"
            impatient = asyncio.ensure_future(client.send(post(url, connect=0.02)))
            patient = asyncio.ensure_future(client.send(post(url)))
            assert (await impatient).reason == "connect_timeout"
            known.set_result(["127.0.0.1"])
            assert (await patient).status == 200

    run(main())


def test_a_question_that_fails_after_everyone_gave_up_is_forgotten(
    run: Run, wire: MakeWire, post: Post, until: Until
) -> None:
    async def main() -> None:
        known = asyncio.get_running_loop().create_future()
        asked, failed = [], []

        async def fail(host: str, _port: int) -> list[str]:
            asked.append(host)
            await known
            failed.append(host)
            raise socket.gaierror

        async with wire(resolve=fail) as client:
            request = post("http://consumer.example.com/", connect=0.02)
            assert (await client.send(request)).reason == "connect_timeout"
            known.set_result(None)
            await until(lambda: failed)
            await asyncio.sleep(0)  # the turn in which the failure is noticed
            assert (await client.send(request)).reason == "name_not_found"
            assert len(asked) == 2

    run(main())


def test_an_allowed_name_is_dialled_wherever_it_leads(run: Run, wire: MakeWire, post: Post) -> None:
    """A documentation address has no route or no answer, but it was tried."""
    guard = Guard(["consumer.example.com"])

    async def main() -> None:
        async with wire(guard=guard, resolve=Names(["192.0.2.1"])) as client:
            outcome = await client.send(post("http://consumer.example.com/", connect=0.05))
            assert outcome.reason not in {"address_forbidden", "name_not_found"}

    run(main())


def test_the_default_resolver_knows_localhost(run: Run) -> None:
    assert {"127.0.0.1", "::1"} & set(run(resolve("localhost", 80)))


@pytest.mark.parametrize(
    ("error", "scheme", "reason"),
    [
        (ConnectionRefusedError(), "http", "refused"),
        (ConnectionRefusedError(), "https", "refused"),
        (OSError(errno.EHOSTUNREACH, "no route"), "http", "unreachable"),
        (OSError(errno.ENETUNREACH, "no network"), "https", "unreachable"),
        (OSError(errno.EMFILE, "too many"), "http", "own_limit"),
        (OSError(errno.EADDRNOTAVAIL, "no port"), "https", "own_limit"),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), "http", "connect_timeout"),
        (ConnectionResetError(), "http", "reset"),
        (ConnectionResetError(), "https", "tls_failed"),
        (ConnectionAbortedError(), "https", "tls_failed"),
        (ssl.SSLError(), "https", "tls_failed"),
        (ssl.SSLCertVerificationError(), "https", "tls_failed"),
    ],
)
def test_an_error_of_the_operating_system_becomes_a_reason(
    run: Run, error: OSError, scheme: str, reason: Reason
) -> None:
    async def main() -> None:
        key = (scheme, "127.0.0.1", 1, "localhost")
        nobody = Connection(key, on_end=lambda _: None, on_gone=lambda _: None)
        failure = _dial_error(error, nobody)
        assert (failure.reason, failure.address) == (reason, "127.0.0.1:1")

    run(main())
