"""What is let go of when there is much: bodies and answers first, then whole deliveries."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from emulator.delivery.records import Outcome
from emulator.errors import ConflictError, NotFoundError
from emulator.server.json_views import delivery_view, workspace_view
from emulator.workspace import fold

if TYPE_CHECKING:
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeWorkspace, Scripted

URL = "http://example.com/hook"
ANSWER = Outcome("answered", 200, (("X-Answer", "yes"),), b"well received")


async def deliver(workspace: Workspace, count: int) -> None:
    workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
    for _ in range(count):
        workspace.create_assessment()
        await workspace.settle()


def test_older_finished_deliveries_lose_body_and_answer_but_not_length_and_hash(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.outcomes = {URL: ANSWER}
        workspace = make_workspace(transport, keep=2)
        await deliver(workspace, 5)
        bodies = [request.body for request in transport.requests]
        found = workspace.deliveries()
        assert [bool(one.message.body) for one in found] == [False] * 3 + [True] * 2
        for delivery, body in zip(found[:3], bodies, strict=False):
            digest = delivery.message.digest
            assert digest is not None
            assert (digest.size, digest.sha256) == (len(body), sha256(body).hexdigest())
            (attempt,) = delivery.attempts
            assert attempt.outcome is not None
            assert (attempt.answer, attempt.outcome.body, attempt.outcome.headers) == (
                "200",
                b"",
                (),
            )
        assert found[3].attempts[0].outcome == ANSWER

        view = delivery_view(workspace.state, found[0])
        assert view["payload"] is None
        assert view["released"] == {"size": len(bodies[0]), "sha256": sha256(bodies[0]).hexdigest()}
        assert view["attempts"][0]["request"]["body"] is None
        with pytest.raises(NotFoundError, match="was released; serve --keep keeps more"):
            _ = found[0].payload
        # The journal still has all of it.
        messages = [entry.data for entry in workspace.entries() if entry.kind == "message.created"]
        assert [message.body for message in messages] == bodies  # type: ignore[attr-defined]

    asyncio.run(main())


def test_a_pending_delivery_keeps_its_body_however_old_it_is(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        slow = "http://example.com/slow"
        transport.gates[slow] = asyncio.Event()
        workspace = make_workspace(transport, keep=1)
        workspace.add_webhook(name="slow", payload_url=slow, events=["created"])
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        for count in range(1, 6):
            workspace.create_assessment()
            await workspace.wait(webhook=None, status="succeeded", count=count)
        assert all(delivery.message.body for delivery in workspace.deliveries(status="pending"))
        assert len(workspace.deliveries(status="pending")) == 5
        transport.gates[slow].set()
        await workspace.settle()
        assert len([delivery for delivery in workspace.deliveries() if delivery.message.body]) == 1

    asyncio.run(main())


def test_a_delivery_without_its_body_can_t_be_redelivered(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses = {URL: [500]}
        workspace = make_workspace(transport, keep=1)
        await deliver(workspace, 3)
        with pytest.raises(ConflictError) as caught:
            await workspace.redeliver("1-1")
        assert str(caught.value) == (
            "the body of delivery 1-1 was released; serve --keep keeps more bodies"
        )
        asked = workspace.redeliver_failed(workspace.state.settings.now)
        assert [one.id for one in asked] == ["3-1"]
        await workspace.settle()
        # One that was redelivered finished last.
        workspace.create_assessment()
        await workspace.settle()
        assert [bool(delivery.message.body) for delivery in workspace.deliveries()] == [
            False
        ] * 3 + [True]

    asyncio.run(main())


def test_the_oldest_leave_the_state_and_every_index_and_are_counted(
    make_workspace: MakeWorkspace, transport: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "_LEAST_RELEASED", 3)

    async def main() -> None:
        workspace = make_workspace(transport, keep=0)
        await deliver(workspace, 10)
        state = workspace.state
        assert [delivery.id for delivery in workspace.deliveries()] == ["8-1", "9-1", "10-1"]
        for index in (state.by_event, state.by_subject, state.by_status):
            keys = {key for keys in index.values() for key in keys}
            assert keys == set(state.deliveries)
        assert state.retired == {"succeeded": 7}
        assert workspace_view(workspace).deliveries["succeeded"] == 10
        with pytest.raises(NotFoundError) as caught:
            state.delivery("1-1")
        assert str(caught.value) == (
            "no delivery '1-1'; there are 3, and 7 older ones in the journal alone"
        )
        created = [entry for entry in workspace.entries() if entry.kind == "message.created"]
        assert len(created) == 10

    asyncio.run(main())
