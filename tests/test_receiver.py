from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx2
import pytest

from emulator.errors import InvalidInputError, NotJSONError
from emulator.receiver import Received, Receiver
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DEADLINE = 10.0  # real seconds


async def post(url: str, body: bytes = b"{}", **headers: str) -> httpx2.Response:
    async with plain_http.AsyncClient() as client:
        return await client.post(url, content=body, headers=headers)


def test_a_request_is_recorded_unchanged() -> None:
    async def main() -> Receiver:
        async with Receiver() as receiver:
            answer = await post(f"{receiver.url}/a/b?c=d&e", b'{"x": 1}', X_Token="T")
            assert (answer.status_code, answer.text) == (200, "ok")
            await post(receiver.url)
        return receiver

    first, second = asyncio.run(main()).requests
    assert (first.method, first.path, first.body) == ("POST", "/a/b?c=d&e", b'{"x": 1}')
    assert (first.payload, first.answered) == ({"x": 1}, 200)
    assert (first.header("X_TOKEN"), first.header("x-none")) == ("T", None)
    assert all(name == name.lower() for name, _ in first.headers)
    assert (second.path, second.body) == ("/", b"{}")


def test_the_last_requests_are_kept() -> None:
    async def main() -> Receiver:
        async with Receiver(keep=2) as receiver:
            for number in range(4):
                await post(f"{receiver.url}/{number}")
        return receiver

    assert [request.path for request in asyncio.run(main()).requests] == ["/2", "/3"]


def test_a_body_that_is_no_json_is_kept_too() -> None:
    received = Received("POST", "/", (), b"<x/>", 200)
    with pytest.raises(NotJSONError):
        _ = received.payload


def test_a_body_in_pieces_is_put_together() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"x": '
        yield b'"' + b"y" * 200_000
        yield b'"}'

    async def main() -> Receiver:
        async with (
            Receiver() as receiver,
            plain_http.AsyncClient() as client,
        ):
            await client.post(receiver.url, content=pieces())
        return receiver

    (request,) = asyncio.run(main()).requests
    assert request.payload == {"x": "y" * 200_000}


def test_statuses_are_answered_in_turn_and_the_last_one_stays() -> None:
    async def main() -> tuple[list[tuple[int, str]], list[int]]:
        async with Receiver(statuses=(503, 302, 204, 304, 201)) as receiver:
            answers = [await post(receiver.url) for _ in range(6)]
        return [(answer.status_code, answer.text) for answer in answers], [
            request.answered for request in receiver.requests
        ]

    answers, kept = asyncio.run(main())
    assert answers == [(503, "no"), (302, "no"), (204, ""), (304, ""), (201, "ok"), (201, "ok")]
    assert kept == [503, 302, 204, 304, 201, 201]


def test_its_answers_can_be_set_while_it_runs() -> None:
    async def main() -> list[int]:
        async with Receiver() as receiver:
            statuses = [(await post(receiver.url)).status_code]
            receiver.answer(503, 204)
            return statuses + [(await post(receiver.url)).status_code for _ in range(3)]

    assert asyncio.run(main()) == [200, 503, 204, 204]


def test_an_answer_can_be_late() -> None:
    async def main() -> float:
        async with Receiver(delay=0.05) as receiver:
            began = time.monotonic()
            await asyncio.gather(*(post(receiver.url) for _ in range(5)))
            assert len(receiver.requests) == 5
            return time.monotonic() - began

    assert asyncio.run(main()) >= 0.05


def test_each_request_is_reported_after_its_answer() -> None:
    seen: list[Received] = []

    async def main() -> Receiver:
        async with Receiver(on_request=seen.append) as receiver:
            await post(receiver.url)
            await post(receiver.url)
        return receiver

    assert asyncio.run(main()).requests == seen
    assert len(seen) == 2


def test_half_a_request_is_none() -> None:
    async def main() -> Receiver:
        async with Receiver() as receiver, asyncio.timeout(DEADLINE):
            host, port = receiver.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            head = (
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
            )
            writer.write(head)
            assert b"100 Continue" in await reader.readline()  # it waits for the body now
            writer.write(b"half")
            writer.close()
            await writer.wait_closed()
            await post(receiver.url)
        return receiver

    (request,) = asyncio.run(main()).requests
    assert request.body == b"{}"


def test_a_port_in_use_is_reported() -> None:
    async def main() -> str:
        async with Receiver() as receiver:
            port = int(receiver.url.rpartition(":")[2])
            with pytest.raises(InvalidInputError) as caught:
                await Receiver(port=port).__aenter__()
            return str(caught.value).replace(str(port), "PORT")

    assert asyncio.run(main()) == (
        "can't listen on 127.0.0.1:PORT: address already in use; --port 0 picks a free port"
    )


def test_a_receiver_that_is_closed_listens_no_more() -> None:
    async def main() -> None:
        async with Receiver() as receiver:
            pass
        with pytest.raises(httpx2.ConnectError):
            await post(receiver.url)

    asyncio.run(main())
