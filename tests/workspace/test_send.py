"""Payloads that somebody sends as they are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from emulator.emulator import Emulator
from emulator.errors import ConflictError, NotFoundError, UnknownNameError
from emulator.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.workspace.workspace import Workspace


def _with(main: Callable[[Workspace, Receiver], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with Receiver() as receiver, Emulator(seed=7, clock="virtual") as emulator:
            await main(emulator.workspace(), receiver)

    asyncio.run(inside())


def test_a_payload_goes_as_it_is_to_all_that_want_the_event() -> None:
    async def main(workspace: Workspace, receiver: Receiver) -> None:
        for name, events in (("a", ["invited"]), ("b", ["rejected"]), ("c", ["invited"])):
            workspace.add_webhook(name=name, payload_url=f"{receiver.url}/{name}", events=events)
        deliveries = workspace.send({"wrong": [1]}, event="invited")
        assert [delivery.id for delivery in deliveries] == ["1-1", "1-3"]
        assert {delivery.event for delivery in deliveries} == {"candidate.invited"}
        assert all(delivery.message.is_deliberate for delivery in deliveries)
        await workspace.settle()
        assert sorted(request.path for request in receiver.requests) == ["/a", "/c"]
        assert {request.body for request in receiver.requests} == {b'{"wrong":[1]}'}

    _with(main)


def test_bytes_go_untouched_to_the_webhook_that_is_named() -> None:
    async def main(workspace: Workspace, receiver: Receiver) -> None:
        workspace.add_webhook(name="a", payload_url=receiver.url, events=["rejected"])
        second = workspace.add_webhook(name="b", payload_url=receiver.url, events=["rejected"])
        [delivery] = workspace.send(b"\xff{", event="candidate.invited", webhook=second.id)
        assert (delivery.webhook_id, delivery.message.body) == (second.id, b"\xff{")
        await workspace.settle()
        assert [request.body for request in receiver.requests] == [b"\xff{"]

    _with(main)


def test_a_payload_without_event_type_goes_to_all_webhooks_as_a_test() -> None:
    async def main(workspace: Workspace, receiver: Receiver) -> None:
        for generation in ("v1", "v2", "v1"):
            workspace.add_webhook(
                name="x", payload_url=receiver.url, events=["created"], generation=generation
            )
        deliveries = workspace.send(None)
        # One message a generation, each with an id of its own.
        assert [delivery.id for delivery in deliveries] == ["1-1", "1-3", "2-2"]
        assert {delivery.event for delivery in deliveries} == {"test"}
        assert len({delivery.message.id for delivery in deliveries}) == 2
        await workspace.settle()
        assert [request.body for request in receiver.requests] == [b"null"] * 3

    _with(main)


def test_it_can_be_about_a_candidate() -> None:
    async def main(workspace: Workspace, receiver: Receiver) -> None:
        workspace.add_webhook(name="a", payload_url=receiver.url, events=["status_changed"])
        ada = workspace.invite(workspace.create_assessment().id, email="ada@example.com")
        workspace.send({}, event="candidate.status_changed", candidate=ada.id)
        assert len(workspace.deliveries(candidate=ada.candidate_id)) == 2
        await workspace.settle()
        assert receiver.requests[1].body == b"{}"

    _with(main)


def test_a_payload_that_cannot_be_sent_changes_nothing() -> None:
    async def main(workspace: Workspace, receiver: Receiver) -> None:
        with pytest.raises(ConflictError, match="no webhook subscribes to 'test'"):
            workspace.send({})
        workspace.add_webhook(name="a", payload_url=receiver.url, events=["rejected"])
        before = workspace.last_entry
        with pytest.raises(UnknownNameError):
            workspace.send({}, event="candidate.invite")
        with pytest.raises(NotFoundError):
            workspace.send({}, webhook="none")
        with pytest.raises(NotFoundError):
            workspace.send({}, candidate="none")
        with pytest.raises(ConflictError, match=r"no webhook subscribes to 'candidate\.invited'"):
            workspace.send({}, event="invited")
        assert workspace.last_entry == before

    _with(main)


def test_out_of_lockstep_ends_where_it_is_left() -> None:
    async def main(_: Workspace, receiver: Receiver) -> None:
        async with Emulator(seed=7, clock="virtual", in_flight=1) as emulator:
            workspace = emulator.workspace()
            workspace.add_webhook(name="a", payload_url=receiver.url, events=["invited"])
            job = workspace.create_assessment()

            async def most(count: int) -> int:
                seen = workspace.last_entry
                for _ in range(count):
                    workspace.invite(job.id)
                await workspace.settle()
                under_way = highest = 0
                for entry in workspace.entries(seen):
                    under_way += entry.kind == "attempt.started"
                    under_way -= entry.kind == "attempt.finished"
                    highest = max(highest, under_way)
                return highest

            assert await most(8) == 1
            with workspace.out_of_lockstep(in_flight=6, per_webhook=5):
                await most(1)  # it answers, so that it may have all its places
                assert await most(20) == 5
            assert await most(8) == 1

    _with(main)
