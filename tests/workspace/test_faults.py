"""Faults in a workspace: their effects on attempts, order and journal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from emulator import faults
from emulator.clock import EPOCH
from emulator.delivery.profiles import PROFILES, Profile
from emulator.errors import ConflictError, NotFoundError
from emulator.faults import Match
from emulator.server.json_views import delivery_view
from emulator.workspace.canonical import canonical

if TYPE_CHECKING:
    from emulator.delivery.records import Delivery
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeJournal, MakeWorkspace, Scripted

ONE, TWO = "http://example.com/one", "http://example.com/two"
DAY = 86_400.0
COMPLETED = Match(event="candidate.completed")


def add(workspace: Workspace, url: str = ONE, *events: str) -> str:
    wanted = events or ("created",)
    return workspace.add_webhook(name="ats", payload_url=url, events=wanted).id


def create(workspace: Workspace, count: int = 1) -> None:
    for number in range(count):
        workspace.create_assessment(title=f"Number {number + 1}")


def titles(transport: Scripted) -> list[str]:
    return [
        msgspec.json.decode(request.body)["data"]["assessmentTitle"]
        for request in transport.requests
    ]


def triggers(delivery: Delivery) -> list[tuple[int, str, str]]:
    return [(attempt.number, attempt.trigger, attempt.answer) for attempt in delivery.attempts]


def offsets(delivery: Delivery) -> list[float]:
    return [(attempt.at - EPOCH).total_seconds() for attempt in delivery.attempts]


# --- the plan -----------------------------------------------------------------------------------


def test_a_dropped_delivery_is_not_sent_and_has_a_reason(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace)
        workspace.inject(faults.Drop(times=1))
        create(workspace, 2)
        await workspace.settle()
        first, second = workspace.deliveries()
        assert (first.status, first.reason, first.attempts) == ("dropped", "fault f1", ())
        assert second.succeeded
        assert titles(transport) == ["Number 2"]

    asyncio.run(main())


def test_a_duplicate_is_an_attempt_of_its_own_with_the_same_body_and_id(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=PROFILES["v2"])
        add(workspace)
        workspace.inject(faults.Duplicate(times=1, copies=2))
        create(workspace, 2)
        await workspace.settle()
        first, second = workspace.deliveries()
        assert triggers(first) == [
            (1, "scheduled", "200"), (2, "duplicate", "200"), (3, "duplicate", "200"),
        ]  # fmt: skip
        assert len(second.attempts) == 1
        assert first.succeeded
        ids = {dict(request.headers)["svix-id"] for request in transport.requests[:3]}
        assert (len({request.body for request in transport.requests[:3]}), len(ids)) == (1, 1)

    asyncio.run(main())


def test_duplicates_do_not_use_up_the_schedule(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses[ONE] = [500, 500, 500, 200]
        workspace = make_workspace(transport, profile=Profile(retries=(5.0, 7.0)), in_flight=1)
        add(workspace)
        workspace.inject(faults.Duplicate(on=Match(attempt=1)))
        create(workspace)
        await workspace.advance(60)
        (delivery,) = workspace.deliveries()
        assert triggers(delivery) == [
            (1, "scheduled", "500"), (2, "duplicate", "500"),
            (3, "scheduled", "500"), (4, "scheduled", "200"),
        ]  # fmt: skip
        assert offsets(delivery) == [0, 0, 5, 12]
        assert delivery.succeeded

    asyncio.run(main())


def test_a_duplicate_that_fails_does_not_undo_a_success(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses[ONE] = [200, 409]
        workspace = make_workspace(transport, in_flight=1)
        add(workspace)
        workspace.inject(faults.Duplicate())
        create(workspace)
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        assert triggers(delivery) == [(1, "scheduled", "200"), (2, "duplicate", "409")]
        assert (delivery.status, delivery.reason) == ("succeeded", "")

    asyncio.run(main())


def test_a_delayed_attempt_is_late_and_delays_no_other(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    """The completion arrives before the start: the candidate's order is broken on purpose."""

    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, ONE, "in_progress", "completed")
        ada = workspace.invite(workspace.create_assessment().id)
        workspace.inject(faults.Delay(by=3_600.0, on=Match(event="candidate.in_progress")))
        workspace.enroll(ada.id)
        workspace.start(ada.id)
        workspace.complete(ada.id)
        await workspace.settle()
        assert [delivery.status for delivery in workspace.deliveries()] == ["pending", "succeeded"]
        await workspace.advance(3_600)
        late, _ = workspace.deliveries()
        assert (late.status, offsets(late)) == ("succeeded", [3_600.0])
        events = [msgspec.json.decode(request.body)["event"] for request in transport.requests]
        assert events == ["completed", "in_progress"]

    asyncio.run(main())


def test_a_retry_can_be_delayed_too(make_workspace: MakeWorkspace, transport: Scripted) -> None:
    async def main() -> None:
        transport.statuses[ONE] = [500, 200]
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        add(workspace)
        workspace.inject(faults.Delay(by=60.0, on=Match(attempt=2)))
        create(workspace)
        await workspace.advance(100)
        (delivery,) = workspace.deliveries()
        assert offsets(delivery) == [0, 65]
        assert delivery.succeeded

    asyncio.run(main())


@pytest.mark.parametrize("in_flight", [1, 64])
def test_a_held_message_is_overtaken_by_the_next_messages(
    make_workspace: MakeWorkspace, transport: Scripted, in_flight: int
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=in_flight, per_webhook=1)
        add(workspace)
        workspace.inject(faults.Reorder(after=2, times=1))
        create(workspace, 4)
        await workspace.settle()
        assert titles(transport) == ["Number 2", "Number 3", "Number 1", "Number 4"]

    asyncio.run(main())


def test_a_message_that_nothing_overtakes_is_sent_when_the_workspace_settles(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=1)
        add(workspace)
        workspace.inject(faults.Reorder(after=5))
        create(workspace, 2)
        await workspace.settle()
        assert titles(transport) == ["Number 1", "Number 2"]
        workspace.inject(faults.Reorder(window=50))
        create(workspace, 1)
        await workspace.advance(1)
        assert all(delivery.succeeded for delivery in workspace.deliveries())

    asyncio.run(main())


def test_a_window_goes_out_in_a_drawn_order_that_the_seed_repeats(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def lived(transport: Scripted) -> list[str]:
        workspace = make_workspace(transport, in_flight=1)
        add(workspace)
        workspace.inject(faults.Reorder(window=6))
        create(workspace, 6)
        await workspace.settle()
        return titles(transport)

    async def main() -> None:
        first = await lived(transport)
        transport.requests.clear()
        assert await lived(transport) == first
        assert sorted(first) == [f"Number {number}" for number in range(1, 7)]
        assert first != sorted(first)

    asyncio.run(main())


def test_a_flood_is_sent_at_once_even_in_lockstep(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.gates[ONE] = asyncio.Event()
        workspace = make_workspace(transport, in_flight=1, per_webhook=1)
        add(workspace)
        workspace.inject(faults.Flood(count=50, times=1))
        create(workspace, 2)
        await transport.arrived(50)
        assert transport.most == 50
        transport.gates[ONE].set()
        await workspace.settle()
        first, second = workspace.deliveries()
        assert (len(first.attempts), len(second.attempts)) == (50, 1)

    asyncio.run(main())


# --- the request --------------------------------------------------------------------------------


def test_a_deliberately_changed_body_is_marked_in_the_journal(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace)
        workspace.inject(faults.Mutate(set={"data.assessmentTitle": 7}, times=1))
        create(workspace, 2)
        await workspace.settle()
        first, second = workspace.deliveries()
        assert titles(transport) == [7, "Number 2"]
        (attempt,) = first.attempts
        assert (attempt.is_deliberate, attempt.faults) == (True, ("f1",))
        assert not second.attempts[0].is_deliberate
        assert first.payload["data"]["assessmentTitle"] == "Number 1"  # the message is what it was
        shown = delivery_view(workspace.state, first)["attempts"][0]
        assert (shown["deliberate"], shown["faults"]) == (True, ["f1"])
        assert msgspec.json.decode(shown["request"]["body"])["data"]["assessmentTitle"] == 7

    asyncio.run(main())


def test_a_changed_body_is_known_after_the_fault_is_cleared(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace)
        standing = workspace.inject(faults.Corrupt(how="flip", flips=9))
        create(workspace)
        await workspace.settle()
        workspace.clear_fault(standing.id)
        shown = delivery_view(workspace.state, workspace.deliveries()[0])["attempts"][0]
        sent = transport.requests[0].body.decode("utf-8", "backslashreplace")
        assert shown["request"]["body"] == sent

    asyncio.run(main())


def test_a_signature_fault_changes_only_its_own_attempt(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=PROFILES["v2"])
        add(workspace)
        workspace.inject(faults.Signature(how="missing", times=1))
        create(workspace, 2)
        await workspace.settle()
        signed = ["svix-signature" in dict(request.headers) for request in transport.requests]
        assert signed == [False, True]

    asyncio.run(main())


# --- match, bound, set and cleared --------------------------------------------------------------


def test_a_fault_counts_matches_and_uses(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace)
        workspace.inject(faults.Drop(on=Match(nth=2)))
        workspace.inject(faults.Drop(times=2, on=Match(event="assessment.created")))
        workspace.inject(faults.Drop(on=Match(event="assessment.deleted")))
        create(workspace, 5)
        await workspace.settle()
        counts = [(fault.id, fault.matched, fault.used) for fault in workspace.faults()]
        assert counts == [("f1", 5, 1), ("f2", 5, 2), ("f3", 0, 0)]

    asyncio.run(main())


def test_a_fault_can_be_tied_to_a_candidate_a_person_and_a_webhook(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, ONE, "invited", "enrolled")
        second = add(workspace, TWO, "invited", "enrolled")
        job = workspace.create_assessment()
        ada, bob = (workspace.invite(job.id, email=f"{name}@example.com") for name in "ab")
        workspace.inject(faults.Drop(on=Match(candidate=ada.id, webhook=second)))
        workspace.inject(faults.Drop(on=Match(candidate=bob.candidate_id, event="enrolled")))
        workspace.enroll(ada.id)
        workspace.enroll(bob.id)
        await workspace.settle()
        dropped = workspace.deliveries(status="dropped")
        found = [(one.message.subject, one.webhook_number, one.reason) for one in dropped]
        assert found == [(ada.id, 2, "fault f1"), (bob.id, 1, "fault f2"), (bob.id, 2, "fault f2")]

    asyncio.run(main())


def test_a_cleared_fault_shapes_nothing_more(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace)
        for _ in range(3):
            workspace.inject(faults.Drop())
        workspace.clear_fault("f2")
        assert [fault.id for fault in workspace.faults()] == ["f1", "f3"]
        workspace.clear_faults()
        workspace.clear_faults()
        create(workspace)
        await workspace.settle()
        assert workspace.deliveries()[0].succeeded
        with pytest.raises(NotFoundError) as caught:
            workspace.clear_fault("f2")
        assert str(caught.value) == "no fault 'f2'; none exists yet"
        # Numbers are not used again: the journal knows each fault by its own.
        assert workspace.inject(faults.Drop()).id == "f4"

    asyncio.run(main())


def test_a_fault_of_an_unknown_webhook_is_refused(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        with pytest.raises(NotFoundError, match="no webhook 'nope'"):
            workspace.inject(faults.Drop(on=Match(webhook="nope")))
        assert workspace.faults() == []

    asyncio.run(main())


# --- a fault of the wire needs a wire -----------------------------------------------------------


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(scope, receive, send)


def test_a_wire_fault_on_a_webhook_in_this_process_is_refused_when_it_is_set(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        wired = add(workspace)
        inside = workspace.add_webhook(name="app", payload_url=nobody, events=["created"])
        for on in (Match(), Match(webhook=inside.id)):
            with pytest.raises(ConflictError) as caught:
                workspace.inject(faults.Reset(on=on))
            assert str(caught.value) == (
                f"the fault 'reset' needs a socket, and webhook {inside.id} is in this process; "
                "'on' can name another webhook"
            )
        workspace.inject(faults.Reset(on=Match(webhook=wired)))
        workspace.inject(faults.Corrupt())

    asyncio.run(main())


def test_a_webhook_in_this_process_is_refused_while_a_wire_fault_would_meet_it(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        id_ = add(workspace)
        workspace.inject(faults.Chunked())
        with pytest.raises(ConflictError, match="'chunked' needs a socket"):
            workspace.add_webhook(name="app", payload_url=nobody, events=["created"])
        url = workspace.mount(nobody, "app")
        with pytest.raises(ConflictError, match="'chunked' needs a socket"):
            workspace.edit_webhook(id_, payload_url=url)
        assert len(workspace.state.webhooks) == 1

    asyncio.run(main())


# --- the same again -----------------------------------------------------------------------------


def test_faults_with_one_seed_give_one_canonical_journal(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def lived() -> bytes:
        transport.statuses[ONE] = [500, 200]
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)), in_flight=1)
        add(workspace)
        for fault in (
            faults.Duplicate(on=Match(probability=0.4)),
            faults.Delay(by=30.0, on=Match(probability=0.4)),
            faults.Reorder(after=1, on=Match(probability=0.4)),
            faults.Corrupt(how="flip", on=Match(probability=0.4)),
            faults.Drop(on=Match(probability=0.1)),
        ):
            workspace.inject(fault)
        for _ in range(10):
            create(workspace, 2)
            await workspace.advance(10)
        await workspace.advance(100)
        assert workspace.deliveries(status="pending") == []
        return canonical(workspace.entries())

    assert asyncio.run(lived()) == asyncio.run(lived())


def test_delayed_and_held_attempts_are_sent_after_a_restart(
    make_workspace: MakeWorkspace, transport: Scripted, make_journal: MakeJournal
) -> None:
    async def main() -> None:
        journal = make_journal(is_durable=True)
        before = make_workspace(transport, profile=Profile(retries=(5.0,)), journal=journal)
        add(before)
        before.inject(faults.Delay(by=60.0, times=1))
        before.inject(faults.Reorder(after=5, on=Match(nth=2)))
        before.inject(faults.Duplicate(on=Match(nth=3)))
        create(before, 3)
        await before.engine.close(0.0, "shutdown")  # before any of it started
        assert transport.requests == []
        after = make_workspace(transport, journal=journal)
        await after.engine.replay()
        await after.settle()
        assert titles(transport) == ["Number 2", "Number 3", "Number 3"]
        await after.advance(60)
        assert titles(transport)[3:] == ["Number 1"]
        assert all(delivery.succeeded for delivery in after.deliveries())

    asyncio.run(main())


def test_faults_that_ask_for_too_many_copies_together_drop_the_delivery(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace)
        for _ in range(25):
            workspace.inject(faults.Duplicate(copies=1_000, times=1))
        create(workspace, 1)
        await workspace.settle()
        (dropped,) = workspace.deliveries()
        assert (dropped.status, dropped.reason) == (
            "dropped",
            "faults ask for 25000 copies of an attempt; the most is 1000",
        )
        assert transport.requests == []
        create(workspace, 1)
        await workspace.settle()
        assert workspace.deliveries()[1].succeeded

    asyncio.run(main())


def test_large_bodies_under_way_are_bounded_and_shared(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=()))
        add(workspace)
        transport.gates[ONE] = asyncio.Event()
        workspace.inject(faults.Corrupt(how="oversize", size=64 * 1024 * 1024))
        workspace.inject(faults.Flood(count=30))
        create(workspace, 1)
        await transport.arrived(4)
        transport.gates[ONE].set()
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        answers = [attempt.answer for attempt in delivery.attempts]
        assert sorted(answers) == ["200"] * 4 + ["own_limit"] * 26
        assert len({id(request.body) for request in transport.requests}) == 1
        limited = next(
            attempt.outcome for attempt in delivery.attempts if attempt.answer == "own_limit"
        )
        assert limited is not None
        assert limited.detail == "more than 256 MiB of bodies under way at once"

    asyncio.run(main())
