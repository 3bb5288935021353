"""Closing the client, and giving up on a request: nothing stays behind."""

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


async def say_nothing(talk: Talk) -> None:
    await talk.request()
    await talk.end()


async def say_half(talk: Talk) -> None:
    await talk.request()
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
    await talk.end()


async def read_nothing(talk: Talk) -> None:
    talk.writer.transport.pause_reading()  # type: ignore[attr-defined]
    talk.server.requests.append(b"")
    await asyncio.Event().wait()


@pytest.mark.parametrize("script", [say_nothing, say_half, read_nothing])
def test_attempts_in_flight_end_as_shutdown(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until, script: Script
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(script) as server, wire() as client:
            body = b"x" * 20_000_000 if script is read_nothing else b""
            sending = [asyncio.ensure_future(client.send(post(server.url, body))) for _ in range(5)]
            await until(lambda: len(server.requests) == 5)
            await asyncio.gather(client.close(), client.close())
            assert client.open_connections == 0
            outcomes = await asyncio.gather(*sending)
            assert {outcome.reason for outcome in outcomes} == {"shutdown"}
            assert {outcome.detail for outcome in outcomes} == {"stopped meanwhile"}

    run(main())


def test_a_dial_under_way_ends_as_shutdown(
    run: Run, wire: MakeWire, post: Post, until: Until
) -> None:
    asked = []

    async def never(host: str, _port: int) -> list[str]:
        asked.append(host)
        await asyncio.Event().wait()
        return []

    async def main() -> None:
        async with wire(resolve=never) as client:
            sending = asyncio.ensure_future(client.send(post("http://consumer.example.com/")))
            await until(lambda: asked)
            await client.close()
            assert sending.done()
            outcome = await sending
            assert (outcome.reason, outcome.detail) == ("shutdown", "stopped meanwhile")

    run(main())


@pytest.mark.parametrize("turns", range(12))
def test_closing_at_any_turn_of_a_dial_ends_it_as_shutdown(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, turns: int
) -> None:
    async def main() -> None:
        async with torture(say_nothing) as server, wire() as client:
            sending = asyncio.ensure_future(client.send(post(server.url)))
            for _ in range(turns):
                await asyncio.sleep(0)
            await client.close()
            assert (await sending).reason == "shutdown"

    run(main())


def test_after_closing_nothing_is_sent(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def main() -> None:
        async with torture(answers()) as server, wire() as client:
            await client.send(post(server.url))
            await client.close()
            await client.close()
            outcome = await client.send(post(server.url))
            assert (outcome.reason, outcome.detail) == ("shutdown", "stopped")
            assert len(server.requests) == 1

    run(main())


def test_an_answer_that_came_before_closing_counts(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, answers: Answers
) -> None:
    async def main() -> None:
        async with torture(answers()) as server, wire() as client:
            outcomes = await asyncio.gather(*(client.send(post(server.url)) for _ in range(5)))
            await client.close()
            assert {outcome.reason for outcome in outcomes} == {"answered"}

    run(main())


@pytest.mark.parametrize("script", [say_nothing, say_half])
def test_a_cancelled_request_drops_its_connection(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until, script: Script
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(script) as server, wire() as client:
            sending = asyncio.ensure_future(client.send(post(server.url)))
            await until(lambda: server.requests)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await until(lambda: client.open_connections == 0)
            assert client.idle_connections == 0

    run(main())


@pytest.mark.parametrize("turns", range(8))
def test_a_request_that_is_cancelled_at_any_time_leaves_nothing_behind(
    run: Run, torture: MakeServer, wire: MakeWire, post: Post, until: Until, turns: int
) -> None:  # fmt: skip
    async def main() -> None:
        async with torture(say_nothing) as server, wire() as client:
            sending = asyncio.ensure_future(client.send(post(server.url)))
            for _ in range(turns):
                await asyncio.sleep(0)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await until(lambda: client.open_connections == 0)

    run(main())
