"""A workspace that is brought back from its journal goes on where it stood."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from emulator.clock import EPOCH
from emulator.delivery.profiles import Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.delivery.records import Delivery
    from emulator.journal.journal import Journal
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeJournal, MakeWorkspace, Scripted

ONE = "http://one.example.com/"
DAY = 86_400.0


def answers(delivery: Delivery) -> list[tuple[int, str]]:
    return [(attempt.number, attempt.answer) for attempt in delivery.attempts]


async def again(make_workspace: MakeWorkspace, journal: Journal, transport: Scripted) -> Workspace:
    """Open the workspace once more from its journal, as after a kill."""
    workspace = make_workspace(transport, journal=journal)
    await workspace.engine.replay()
    return workspace


def test_all_that_the_apis_answer_is_as_it_was(
    make_workspace: MakeWorkspace,
    make_transport: Callable[[], Scripted],
    make_journal: MakeJournal,
) -> None:
    async def main() -> None:
        journal = make_journal()
        before = make_workspace(journal=journal)
        before.add_webhook(name="m", payload_url=ONE, events=["status_changed", "created"])
        id_ = before.create_assessment().id
        for _ in range(300):  # more entries than are replayed in one go
            before.invite(id_)
        await before.advance(60.5)
        last = before.last_entry
        assert last > 1_000
        after = await again(make_workspace, journal, make_transport())
        assert after.last_entry == last
        assert vars(after.state) == vars(before.state)
        assert after.now() == before.now() == EPOCH + timedelta(seconds=60.5)

    asyncio.run(main())


def test_open_invitations_expire_when_they_would_have(
    make_workspace: MakeWorkspace,
    make_transport: Callable[[], Scripted],
    make_journal: MakeJournal,
) -> None:
    async def main() -> None:
        journal = make_journal()
        before = make_workspace(journal=journal)
        id_ = before.create_assessment(validity_days=2).id
        waiting, enrolled = before.invite(id_), before.invite(id_)
        before.enroll(enrolled.id)
        await before.advance(DAY)
        after = await again(make_workspace, journal, make_transport())
        await after.advance(DAY - 0.001)
        assert after.state.candidate(waiting.id).state == "INVITED"
        await after.advance(0.001)
        assert after.state.candidate(waiting.id).state == "INVITATION_EXPIRED"
        assert after.state.candidate(enrolled.id).state == "ENROLLED"

    asyncio.run(main())


def test_a_retry_keeps_its_time(
    make_workspace: MakeWorkspace,
    make_transport: Callable[[], Scripted],
    transport: Scripted,
    make_journal: MakeJournal,
) -> None:
    async def main() -> None:
        journal = make_journal()
        before = make_workspace(transport, profile=Profile(retries=(5.0, 10.0)), journal=journal)
        transport.statuses[ONE] = [500]
        before.add_webhook(name="m", payload_url=ONE, events=["created"])
        before.create_assessment()
        await before.advance(1.0)
        after = await again(make_workspace, journal, make_transport())
        await after.advance(3.999)
        assert answers(after.deliveries()[0]) == [(1, "500")]
        await after.advance(0.001)
        assert answers(after.deliveries()[0]) == [(1, "500"), (2, "200")]

    asyncio.run(main())


def test_pending_deliveries_are_attempted_in_order(
    make_workspace: MakeWorkspace,
    make_transport: Callable[[], Scripted],
    transport: Scripted,
    make_journal: MakeJournal,
) -> None:
    async def main() -> None:
        journal = make_journal()
        before = make_workspace(transport, journal=journal)
        transport.gates[ONE] = asyncio.Event()
        before.add_webhook(name="m", payload_url=ONE, events=["status_changed"])
        id_ = before.invite(before.create_assessment().id).id
        before.enroll(id_)
        before.start(id_)
        await transport.arrived(1)
        # Killed: the first is on its way for good, the others wait behind it.
        fresh = make_transport()
        after = await again(make_workspace, journal, fresh)
        await after.settle()
        await after.advance(0.0)
        first, *others = after.deliveries()
        assert answers(first) == [(1, "interrupted"), (2, "200")]
        assert [answers(one) for one in others] == [[(1, "200")]] * 2
        assert {delivery.status for delivery in after.deliveries()} == {"succeeded"}
        bodies = [request.body for request in fresh.requests]
        assert bodies.index(others[0].message.body) < bodies.index(others[1].message.body)

    asyncio.run(main())


def test_a_shutdown_leaves_pending_deliveries_to_the_next_start(
    make_workspace: MakeWorkspace,
    make_transport: Callable[[], Scripted],
    transport: Scripted,
    make_journal: MakeJournal,
) -> None:
    async def main() -> None:
        journal = make_journal(is_durable=True)
        before = make_workspace(transport, journal=journal, in_flight=1)
        transport.gates[ONE] = asyncio.Event()
        before.add_webhook(name="m", payload_url=ONE, events=["created"])
        before.create_assessment()
        before.create_assessment()
        await transport.arrived(1)
        await before.engine.close(0.0, "shutdown")
        assert [delivery.status for delivery in before.deliveries()] == ["pending", "pending"]
        after = await again(make_workspace, journal, make_transport())
        await after.advance(0.0)  # also what is due at this very instant
        first, second = after.deliveries()
        assert answers(first) == [(1, "shutdown"), (2, "200")]
        assert answers(second) == [(1, "200")]

    asyncio.run(main())


def test_a_removed_workspace_drops_pending_deliveries_also_on_disk(
    make_workspace: MakeWorkspace,
    transport: Scripted,
    make_journal: MakeJournal,
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, journal=make_journal(is_durable=True))
        transport.gates[ONE] = asyncio.Event()
        workspace.add_webhook(name="m", payload_url=ONE, events=["created"])
        workspace.create_assessment()
        await transport.arrived(1)
        await workspace.engine.close(0.0, "workspace removed")
        (delivery,) = workspace.deliveries()
        assert (delivery.status, delivery.reason) == ("dropped", "workspace removed")

    asyncio.run(main())


def test_a_retry_schedule_goes_on_after_a_shutdown(
    make_workspace: MakeWorkspace,
    make_transport: Callable[[], Scripted],
    transport: Scripted,
    make_journal: MakeJournal,
) -> None:
    async def main() -> None:
        profile = Profile(retries=(5.0, 5.0, 5.0))
        journal = make_journal(is_durable=True)
        before = make_workspace(transport, journal=journal, profile=profile)
        transport.gates[ONE] = asyncio.Event()
        before.add_webhook(name="m", payload_url=ONE, events=["created"])
        before.create_assessment()
        await transport.arrived(1)
        await before.engine.close(0.0, "shutdown")
        fresh = make_transport()
        fresh.statuses[ONE] = [500, 200]
        after = await again(make_workspace, journal, fresh)
        await after.settle()
        await after.advance(60.0)
        (delivery,) = after.deliveries()
        assert answers(delivery) == [(1, "shutdown"), (2, "500"), (3, "200")]
        assert {attempt.trigger for attempt in delivery.attempts} == {"scheduled"}

    asyncio.run(main())
