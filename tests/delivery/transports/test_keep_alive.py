"""Reuse of connections, and connections that were closed in the meantime."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.delivery.records import Request
    from tests.delivery.transports.conftest import MakeServer, MakeWire, Run, Script, Talk

    Post = Callable[..., Request]
    Until = Callable[[Callable[[], object]], Awaitable[None]]
    Answers = Callable[..., Script]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def answer_once_then_close_on_the_next(talk: Talk) -> None:
    await talk.request()
    await talk.say(OK)
    await talk.request()


async def answer_once_then_reset_on_the_next(talk: Talk) -> None:
    await answer_once_then_close_on_the_next(talk)
    talk.reset()


async def answer_once_then_break_off_the_next(talk: Talk) -> None:
    await answer_once_then_close_on_the_next(talk)
    await talk.say(b"H")


def test_one_connection_serves_many_requests(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def main() -> None:
        async with torture(answers()) as server, wire() as client:
            outcomes = [await client.send(post(server.url)) for _ in range(20)]
            assert [outcome.is_reused for outcome in outcomes] == [False] + [True] * 19
            assert not any(outcome.is_redialled for outcome in outcomes)
            assert server.connections == 1

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: chat\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
    ],
)
def test_a_connection_that_is_not_in_good_order_is_not_used_again(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers, answer: bytes
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(answers(answer)) as server, wire() as client:
            for _ in range(3):
                outcome = await client.send(post(server.url))
                assert outcome.reason == "answered"
                assert not outcome.is_reused
                assert client.idle_connections == 0
            assert server.connections == 3

    run(main())


@pytest.mark.parametrize(
    "script", [answer_once_then_close_on_the_next, answer_once_then_reset_on_the_next]
)
def test_a_connection_that_died_unseen_is_dialled_once_more(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers, script: Script
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(script, answers()) as server, wire() as client:
            await client.send(post(server.url))
            outcome = await client.send(post(server.url, b"second"))
            assert (outcome.reason, outcome.status, outcome.body) == ("answered", 200, b"ok")
            assert (outcome.is_reused, outcome.is_redialled) == (False, True)
            assert server.connections == 2
            assert [request.endswith(b"second") for request in server.requests] == [
                False,
                True,
                True,
            ]

    run(main())


def test_it_is_dialled_once_more_only_once(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def close_on_the_first(talk: Talk) -> None:
        await talk.request()

    async def main() -> None:
        async with (
            torture(answer_once_then_close_on_the_next, close_on_the_first) as server,
            wire() as client,
        ):
            await client.send(post(server.url))
            outcome = await client.send(post(server.url))
            assert (outcome.reason, outcome.is_redialled) == ("closed", True)
            assert server.connections == 2

    run(main())


def test_a_redial_takes_no_other_kept_connection(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    """Two idle connections have died: one redial, and it is answered."""
    both = asyncio.Event()

    async def answer_together(talk: Talk) -> None:
        await talk.request()
        if talk.server.connections == 2:
            both.set()
        await both.wait()
        await talk.say(OK)
        await talk.request()

    async def main() -> None:
        async with torture(answer_together, answer_together, answers()) as server, wire() as client:
            await asyncio.gather(client.send(post(server.url)), client.send(post(server.url)))
            outcome = await client.send(post(server.url))
            assert (outcome.status, outcome.is_redialled) == (200, True)
            assert server.connections == 3

    run(main())


def test_once_a_byte_of_the_answer_came_it_is_not_dialled_again(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def main() -> None:
        async with torture(answer_once_then_break_off_the_next) as server, wire() as client:
            await client.send(post(server.url))
            outcome = await client.send(post(server.url))
            assert (outcome.reason, outcome.is_reused) == ("closed", True)
            assert not outcome.is_redialled
            assert server.connections == 1

    run(main())


def test_a_redial_without_a_listener_is_refused(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def main() -> None:
        listening = asyncio.get_running_loop().create_future()

        async def close_when_nobody_listens(talk: Talk) -> None:
            await talk.request()
            await talk.say(OK)
            await talk.request()
            await listening

        async with wire() as client:
            async with torture(close_when_nobody_listens) as server:
                url = server.url
                await client.send(post(url))
                sending = asyncio.ensure_future(client.send(post(url)))
                await asyncio.sleep(0)
            outcome = await sending
            assert (outcome.reason, outcome.is_redialled) == ("refused", True)

    run(main())


def test_an_idle_connection_that_the_consumer_closes_leaves_the_pool(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until
) -> None:
    async def answer_and_close(talk: Talk) -> None:
        await talk.request()
        await talk.say(OK)

    async def main() -> None:
        async with torture(answer_and_close) as server, wire() as client:
            await client.send(post(server.url))
            await until(lambda: client.open_connections == 0)
            assert client.idle_connections == 0
            outcome = await client.send(post(server.url))
            assert (outcome.is_reused, outcome.is_redialled) == (False, False)

    run(main())


def test_bytes_on_an_idle_connection_make_it_unusable(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until
) -> None:
    """A 408 without a request must not become the answer to the next request."""

    async def main() -> None:
        idle = asyncio.Event()

        async def answer_and_say_more(talk: Talk) -> None:
            await talk.request()
            await talk.say(OK)
            await idle.wait()
            await talk.say(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
            await talk.end()

        async with torture(answer_and_say_more) as server, wire() as client:
            await client.send(post(server.url))
            assert client.idle_connections == 1
            idle.set()
            await until(lambda: client.open_connections == 0)
            assert client.idle_connections == 0
            assert (await client.send(post(server.url))).status == 200

    run(main())


def test_an_idle_connection_is_closed_after_its_time_out(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers, until: Until
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(answers()) as server, wire(idle_timeout=0.05) as client:
            for _ in range(2):
                outcome = await client.send(post(server.url))
                assert not outcome.is_reused
                assert client.idle_connections == 1
                await until(lambda: client.open_connections == 0)
                assert client.idle_connections == 0

    run(main())


def test_a_busy_connection_outlives_its_idle_time_out(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    """The idle time-out of before must not end an exchange that waits for its answer."""

    async def main() -> None:
        late = asyncio.get_running_loop().create_future()

        async def answer_late(talk: Talk) -> None:
            await talk.request()
            await talk.say(OK)
            await talk.request()
            await late
            await talk.say(OK)
            await talk.end()

        async with torture(answer_late) as server, wire(idle_timeout=0.05) as client:
            await client.send(post(server.url))
            asyncio.get_running_loop().call_later(0.15, late.set_result, None)
            outcome = await client.send(post(server.url))
            assert (outcome.status, outcome.is_reused) == (200, True)

    run(main())


@pytest.mark.parametrize(
    ("per_host", "total", "kept"), [(3, 100, 3), (100, 2, 2), (0, 100, 0), (100, 0, 0)]
)
def test_idle_connections_are_bounded(
    run: Run,
    torture: MakeServer,
    wire: MakeWire,
    post: Post,
    answers: Answers,
    until: Until,
    per_host: int,
    total: int,
    kept: int,
) -> None:
    async def main() -> None:
        async with torture(answers()) as server, wire(per_host=per_host, total=total) as client:
            await asyncio.gather(*(client.send(post(server.url)) for _ in range(10)))
            assert client.idle_connections == kept
            await until(lambda: client.open_connections == kept)

    run(main())


def test_the_connection_that_was_idle_longest_makes_room(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def main() -> None:
        async with (
            torture(answers()) as first,
            torture(answers()) as second,
            torture(answers()) as third,
            wire(total=2) as client,
        ):
            for server in (first, second, third):
                await client.send(post(server.url))
            reused = [(await client.send(post(one.url))).is_reused for one in (third, second)]
            assert reused == [True, True]
            assert not (await client.send(post(first.url))).is_reused

    run(main())


def test_requests_in_flight_never_wait_for_each_other(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post
) -> None:
    async def main() -> None:
        everyone = asyncio.Event()

        async def answer_when_all_are_here(talk: Talk) -> None:
            await talk.request()
            if len(talk.server.requests) == 30:
                everyone.set()
            await everyone.wait()
            await talk.say(OK)
            await talk.end()

        async with torture(answer_when_all_are_here) as server, wire(per_host=5) as client:
            outcomes = await asyncio.gather(*(client.send(post(server.url)) for _ in range(30)))
            assert {outcome.status for outcome in outcomes} == {200}
            assert server.connections == 30

    run(main())


def test_localhost_is_kept_alive_without_asking_the_resolver_again(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["::1", "127.0.0.1"]

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=resolve) as client:
            for _ in range(3):
                outcome = await client.send(post(f"http://localhost:{server.port}/"))
                assert outcome.address == f"127.0.0.1:{server.port}"
            assert asked == ["localhost"]
            assert server.connections == 1
            assert b"Host: localhost:%d\r\n" % server.port in server.requests[0]

    run(main())


def test_a_connection_is_kept_for_its_own_name_only(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def main() -> None:
        async with torture(answers()) as server, wire(resolve=resolve) as client:
            for host in ("a.example.com", "b.example.com", "127.0.0.1", "localhost"):
                outcome = await client.send(post(f"http://{host}:{server.port}/"))
                assert not outcome.is_reused
            assert server.connections == 4

    run(main())
