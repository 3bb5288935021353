"""The dispatcher sends requests and returns their outcomes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from emulator.delivery.dispatcher import Dispatcher
from emulator.delivery.records import Key, Outcome, Request
from emulator.errors import JournalError

if TYPE_CHECKING:
    from tests.conftest import Scripted

URL = "http://one.example.com/"
FIRST: Key = (1, 1, 1)


def request(url: str = URL) -> Request:
    return Request(url, (), b"{}")


class Ended:
    """What a dispatcher hands back, in order."""

    def __init__(self) -> None:
        self.all: list[tuple[Key, Outcome | BaseException]] = []
        self._news = asyncio.Event()

    def __call__(self, key: Key, outcome: Outcome | BaseException) -> None:
        self.all.append((key, outcome))
        self._news.set()

    async def wait(self) -> None:
        async with asyncio.timeout(10.0):
            await self._news.wait()
        self._news.clear()


def test_the_outcome_of_each_request_is_handed_back(transport: Scripted) -> None:
    async def main() -> None:
        ended = Ended()
        dispatcher = Dispatcher(transport, flush=None, ended=ended)
        dispatcher.send(FIRST, request())
        assert ended.all == []
        await ended.wait()
        assert ended.all == [(FIRST, Outcome("answered", 200))]

    asyncio.run(main())


def test_nothing_is_sent_before_the_journal_is_flushed(transport: Scripted) -> None:
    async def main() -> None:
        safe, ended = asyncio.Event(), Ended()

        async def flush() -> None:
            await safe.wait()

        dispatcher = Dispatcher(transport, flush=flush, ended=ended)
        dispatcher.send(FIRST, request())
        asyncio.get_running_loop().call_soon(safe.set)
        assert transport.requests == []
        await ended.wait()
        assert len(transport.requests) == 1

    asyncio.run(main())


def test_the_requests_of_a_turn_share_a_flush(transport: Scripted) -> None:
    async def main() -> None:
        flushes, ended = [], Ended()

        async def flush() -> None:
            flushes.append(len(transport.requests))

        dispatcher = Dispatcher(transport, flush=flush, ended=ended)
        for number in range(3):
            dispatcher.send((number, 1, 1), request())
        await dispatcher.stop(10.0)
        dispatcher.send((3, 1, 1), request())
        await dispatcher.stop(10.0)
        assert flushes == [0, 3]
        assert [key for key, _ in ended.all] == [(number, 1, 1) for number in range(4)]

    asyncio.run(main())


def test_a_journal_that_fails_is_handed_back(transport: Scripted) -> None:
    async def flush() -> None:
        raise failure

    async def main() -> None:
        ended = Ended()
        Dispatcher(transport, flush=flush, ended=ended).send(FIRST, request())
        await ended.wait()
        assert ended.all == [(FIRST, failure)]
        assert transport.requests == []

    failure = JournalError("full")
    asyncio.run(main())


def test_an_unsaved_attempt_is_not_sent_after_the_end(transport: Scripted) -> None:
    async def main() -> None:
        safe, ended = asyncio.Event(), Ended()

        async def flush() -> None:
            await safe.wait()

        dispatcher = Dispatcher(transport, flush=flush, ended=ended)
        dispatcher.send(FIRST, request("http://abandoned.example.com/"))
        dispatcher.abandon()
        dispatcher.send(FIRST, request("http://stopped.example.com/"))
        await dispatcher.stop(0.0)
        assert ended.all == [(FIRST, Outcome("shutdown"))]
        dispatcher.send(FIRST, request())
        safe.set()
        await dispatcher.stop(10.0)
        assert transport.urls() == [URL]

    asyncio.run(main())


@pytest.mark.parametrize("is_at_once", [False, True])
def test_a_bug_of_the_transport_is_handed_back(*, is_at_once: bool) -> None:
    class Buggy:
        def send(self, _: Request) -> asyncio.Future[Outcome]:
            if is_at_once:
                raise bug
            return asyncio.ensure_future(self._send())

        async def _send(self) -> Outcome:
            raise bug

        async def close(self) -> None:
            """Nothing is open."""

    async def main() -> None:
        ended = Ended()
        Dispatcher(Buggy(), flush=None, ended=ended).send(FIRST, request())
        assert ended.all == []
        await ended.wait()
        assert ended.all == [(FIRST, bug)]

    bug = RuntimeError("a bug")
    asyncio.run(main())


def test_stop_waits_for_attempts_and_cancels_the_rest(transport: Scripted) -> None:
    async def main() -> None:
        ended = Ended()
        dispatcher = Dispatcher(transport, flush=None, ended=ended)
        transport.gates[URL] = asyncio.Event()
        dispatcher.send(FIRST, request())
        await transport.arrived(1)
        asyncio.get_running_loop().call_soon(transport.gates[URL].set)
        await dispatcher.stop(10.0)
        assert ended.all == [(FIRST, Outcome("answered", 200))]
        transport.gates[URL] = asyncio.Event()
        dispatcher.send((2, 1, 1), request())
        await transport.arrived(2)
        dispatcher.send((3, 1, 1), request())  # has not run at all yet
        await dispatcher.stop(0.0)
        assert ended.all[1:] == [
            ((2, 1, 1), Outcome("shutdown")),
            ((3, 1, 1), Outcome("shutdown")),
        ]

    asyncio.run(main())


def test_an_abandoned_attempt_is_never_handed_back(transport: Scripted) -> None:
    async def main() -> None:
        ended = Ended()
        dispatcher = Dispatcher(transport, flush=None, ended=ended)
        transport.gates[URL] = asyncio.Event()
        dispatcher.send(FIRST, request())
        await transport.arrived(1)
        dispatcher.abandon()
        # The same key again, as a workspace that was reset uses it.
        dispatcher.send(FIRST, request("http://other.example.com/"))
        await ended.wait()
        await dispatcher.stop(10.0)
        assert ended.all == [(FIRST, Outcome("answered", 200))]

    asyncio.run(main())
