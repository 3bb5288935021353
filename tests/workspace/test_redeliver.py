"""One more attempt that somebody asked for, of the same message."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from emulator import faults
from emulator.clock import EPOCH
from emulator.delivery.profiles import Profile
from emulator.errors import ConflictError, NotFoundError
from emulator.workspace import outbox

if TYPE_CHECKING:
    from emulator.delivery.faults.fault import Fault
    from emulator.delivery.records import Delivery
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeJournal, MakeWorkspace, Scripted

ONE = "http://one.example.com/"


def answers(delivery: Delivery) -> list[tuple[int, str, str]]:
    return [(attempt.number, attempt.trigger, attempt.answer) for attempt in delivery.attempts]


def with_one(workspace: Workspace, fault: Fault | None = None) -> str:
    id_ = workspace.add_webhook(name="m", payload_url=ONE, events=["created"]).id
    if fault is not None:
        workspace.inject(fault)
    workspace.create_assessment()
    return str(id_)


def test_a_failed_delivery_that_is_accepted_at_last_succeeded(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.statuses[ONE] = [500, 200]
        with_one(workspace)
        await workspace.settle()
        delivery = await workspace.redeliver("1-1")
        assert answers(delivery) == [(1, "scheduled", "500"), (2, "manual", "200")]
        assert (delivery.status, delivery.reason) == ("succeeded", "")
        assert transport.requests[0] == transport.requests[1]

    asyncio.run(main())


def test_a_manual_attempt_that_fails_does_not_undo_a_success(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses[ONE] = [200, 500]
        with_one(workspace)
        await workspace.settle()
        delivery = await workspace.redeliver("1-1")
        assert (delivery.status, delivery.reason, delivery.next_due) == ("succeeded", "", None)
        await workspace.advance(60.0)
        assert len(transport.requests) == 2

    asyncio.run(main())


def test_a_manual_attempt_leaves_the_schedule_as_it_stood(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0, 5.0)))
        transport.statuses[ONE] = [500]
        with_one(workspace)
        await workspace.settle()
        delivery = await workspace.redeliver("1-1")
        assert (delivery.status, delivery.next_due) == ("pending", EPOCH + timedelta(seconds=5))
        await workspace.advance(60.0)
        (delivery,) = workspace.deliveries()
        assert answers(delivery) == [
            (1, "scheduled", "500"),
            (3, "manual", "500"),
            (2, "scheduled", "500"),
            (4, "scheduled", "500"),
        ]
        assert (delivery.status, delivery.reason) == ("failed", "answered 500")

    asyncio.run(main())


def test_a_success_by_hand_ends_the_schedule(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses[ONE] = [500, 200]
        with_one(workspace)
        await workspace.settle()
        assert (await workspace.redeliver("1-1")).succeeded
        await workspace.advance(60.0)
        assert len(transport.requests) == 2

    asyncio.run(main())


def test_all_that_failed_since_a_time_is_tried_once_more(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.statuses[ONE] = [500, 500, 200, 200]
        with_one(workspace)
        await workspace.advance(60.0)
        workspace.create_assessment()
        await workspace.settle()
        asked = workspace.redeliver_failed(workspace.now())
        assert [(one.id, one.status) for one in asked] == [("2-1", "pending")]
        await workspace.settle()
        assert [delivery.status for delivery in workspace.deliveries()] == ["failed", "succeeded"]
        workspace.remove_webhook(workspace.deliveries()[0].webhook_id)
        assert workspace.redeliver_failed(EPOCH) == []

    asyncio.run(main())


def test_a_delivery_without_attempt_or_webhook_can_not_be_redelivered(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        id_ = with_one(workspace)
        with pytest.raises(ConflictError) as caught:
            await workspace.redeliver("1-1")
        assert (
            str(caught.value) == "delivery 1-1 is pending and was not attempted yet; settle first"
        )
        await workspace.settle()
        workspace.remove_webhook(id_)
        with pytest.raises(ConflictError) as caught:
            await workspace.redeliver("1-1")
        assert str(caught.value) == "the webhook of delivery 1-1 was removed"
        with pytest.raises(NotFoundError):
            await workspace.redeliver("9-9")

    asyncio.run(main())


@pytest.mark.parametrize("status", [200, 500])
def test_a_redelivery_asked_for_while_an_attempt_is_under_way_is_not_lost(
    status: int, make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=1, per_webhook=1)
        transport.statuses[ONE] = [status, 200]
        transport.gates[ONE] = asyncio.Event()
        with_one(workspace)
        await transport.arrived(1)
        again = asyncio.create_task(workspace.redeliver("1-1"))
        asyncio.get_running_loop().call_soon(transport.gates[ONE].set)
        async with asyncio.timeout(1.0):
            delivery = await again
        assert answers(delivery) == [(1, "scheduled", str(status)), (2, "manual", "200")]

    asyncio.run(main())


def test_a_reset_ends_the_wait_for_an_attempt(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.gates[ONE] = asyncio.Event()
        id_ = workspace.add_webhook(name="m", payload_url=ONE, events=["created"]).id
        waiting = asyncio.create_task(workspace.send_test(id_))
        await transport.arrived(1)
        workspace.reset()
        with pytest.raises(ConflictError):
            await waiting

    asyncio.run(main())


def test_an_attempt_is_made_once_however_often_it_is_offered(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.gates[ONE] = asyncio.Event()
        with_one(workspace)
        await transport.arrived(1)
        seen = workspace.last_entry
        assert outbox.begun(workspace.state, (1, 1, 1), EPOCH, 0.0) is None
        assert workspace.last_entry == seen
        transport.gates[ONE].set()
        await workspace.settle()
        assert outbox.begun(workspace.state, (1, 1, 1), EPOCH, 0.0) is None

    asyncio.run(main())


def test_a_dropped_delivery_can_be_redelivered_also_after_a_restart(
    make_workspace: MakeWorkspace, transport: Scripted, make_journal: MakeJournal
) -> None:
    async def main() -> None:
        journal = make_journal(is_durable=True)
        before = make_workspace(transport, journal=journal)
        with_one(before, fault=faults.Drop(times=1))
        await before.settle()
        (dropped,) = before.deliveries()
        assert (dropped.status, dropped.attempts) == ("dropped", ())
        waiting = asyncio.ensure_future(before.redeliver(dropped.id))
        transport.gates[ONE] = asyncio.Event()
        await transport.arrived(1)
        await before.engine.close(0.0, "shutdown")
        waiting.cancel()
        del transport.gates[ONE]
        after = make_workspace(transport, journal=journal)
        await after.engine.replay()
        await after.advance(0.0)
        (again,) = after.deliveries()
        assert again.succeeded
        assert [attempt.number for attempt in again.attempts] == [2, 3]

    asyncio.run(main())


def test_an_accepted_delivery_stays_so_when_a_further_attempt_is_dropped(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        with_one(workspace)
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        workspace.inject(faults.Drop())
        async with asyncio.timeout(10):  # real seconds
            again = await workspace.redeliver(delivery.id)
        assert (again.status, again.reason, len(again.attempts)) == ("succeeded", "", 1)

    asyncio.run(main())
