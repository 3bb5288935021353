"""The sender in this process, over real sockets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from emulator.conformance.target import Target
from emulator.load.measurements import Measurements
from emulator.load.rate import Rate
from emulator.load.schedule import Traffic
from emulator.load.sender import Sender
from emulator.load.worker_protocol import LoadedConsumer, Phase, PhaseEnded, Prepare, Prepared, Tick
from emulator.receiver import Receiver
from tests.svix import Webhook

if TYPE_CHECKING:
    from emulator.load.worker_protocol import Reply
    from emulator.receiver import Received

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TRAFFIC = Traffic(7, gap=0.02)
PHASE = Phase(Rate(200, 200), 0.2, 40, first=0)


async def _sent(url: str, index: int = 0, workers: int = 1) -> list[Reply]:
    target = Target(url=url, generation="v2", secret=SECRET, seed=7)
    replies: list[Reply] = []
    prepare = Prepare(LoadedConsumer.of(target), TRAFFIC, index, workers)
    async with Sender(prepare, replies.append) as sender:
        await sender.run(PHASE)
    return replies


def _ids(requests: list[Received]) -> Counter[tuple[str | None, bytes]]:
    return Counter((request.header("svix-id"), request.body) for request in requests)


@pytest.mark.anyio
async def test_every_message_is_signed_and_measured_and_has_an_id_of_its_own() -> None:
    async with Receiver() as receiver:
        replies = await _sent(receiver.url)
    requests = receiver.requests
    for request in requests:
        Webhook(SECRET).verify(request.body, dict(request.headers))
    assert len({request.header("svix-id") for request in requests}) == len(requests) == PHASE.total
    measured = Measurements()
    for reply in replies:
        if isinstance(reply, Tick):
            measured.add(reply)
    total = measured.total()
    assert (total.scheduled, total.sent, total.accepted) == (40, 40, 40)
    assert total.latency.total_count == 40
    assert isinstance(replies[0], Prepared)
    assert isinstance(replies[-1], PhaseEnded)


@pytest.mark.slow
@pytest.mark.anyio
async def test_two_workers_send_the_same_messages_as_one() -> None:
    async with Receiver() as alone, Receiver() as shared:
        await _sent(alone.url)
        for index in range(2):
            await _sent(shared.url, index, 2)
    assert _ids(shared.requests) == _ids(alone.requests)


@pytest.mark.anyio
async def test_a_public_address_is_never_dialled() -> None:
    replies = await _sent("http://93.184.215.14/hook")
    errors = Counter[str]()
    for reply in replies:
        if isinstance(reply, Tick):
            errors.update(reply.errors)
    assert errors == {"address_forbidden": 40}
