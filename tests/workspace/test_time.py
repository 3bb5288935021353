"""Virtual time: expiry, retries, advance, settle; and the same on a real clock."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.clock import EPOCH
from emulator.delivery.profiles import Profile
from emulator.delivery.records import Outcome
from emulator.domain.events import EVENT_TYPES
from emulator.errors import ConflictError, InvalidInputError
from emulator.workspace import engine
from emulator.workspace.canonical import canonical
from emulator.workspace.entry_data import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.delivery.records import Delivery
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeJournal, MakeWorkspace, Scripted

URL, OTHER = "http://example.com/hook", "http://example.com/other"
DAY = 86_400.0
DEADLINE = 10.0  # real seconds


def state_of(workspace: Workspace, id_: str) -> str:
    return workspace.state.candidate(id_).state


def offsets(delivery: Delivery) -> list[float]:
    """Return when each attempt started, in seconds after the epoch of virtual clocks."""
    return [(attempt.at - EPOCH).total_seconds() for attempt in delivery.attempts]


# --- expiry ---------------------------------------------------------------------------------


def test_a_scheduled_invitation_goes_out_on_its_date_and_runs_out_from_then(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(name="mine", payload_url=URL, events=["candidateStatusChanged"])
        assessment = workspace.create_assessment(validity_days=2)
        date = EPOCH + timedelta(days=10)
        ada = workspace.invite(assessment.id, email="ada@example.com", scheduled_date=date)
        await workspace.advance(10 * DAY - 0.001)
        assert (ada.state, state_of(workspace, ada.id)) == ("SCHEDULED", "SCHEDULED")
        assert workspace.deliveries() == []
        await workspace.advance(0.001)
        assert state_of(workspace, ada.id) == "INVITED"
        (delivery,) = workspace.deliveries()
        assert delivery.payload["data"]["invitedAt"] == "2026-01-11T00:00:00.000Z"
        await workspace.advance(2 * DAY)
        assert state_of(workspace, ada.id) == "INVITATION_EXPIRED"

    asyncio.run(main())


def test_a_scheduled_invitation_can_be_sent_early_and_then_goes_out_once(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(name="mine", payload_url=URL, events=["candidateStatusChanged"])
        assessment = workspace.create_assessment(validity_days=2)
        date = EPOCH + timedelta(days=10)
        ada = workspace.invite(assessment.id, email="ada@example.com", scheduled_date=date)
        await workspace.advance(DAY)
        sent = workspace.move_candidate(ada.id, "invite")
        assert sent.valid_until == EPOCH + timedelta(days=3)
        workspace.enroll(ada.id)
        await workspace.advance(20 * DAY)
        statuses = [
            delivery.payload["data"]["candidateStatus"] for delivery in workspace.deliveries()
        ]
        assert statuses == ["INVITED", "ENROLLED"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("date", "message"),
    [
        (EPOCH, "scheduled for 2026-01-01T00:00:00.000Z; expected a time after"),
        (EPOCH + timedelta(days=4_000), "scheduled for 2036-12-14T00:00:00.000Z; expected a time"),
        (datetime(2026, 2, 1), "expected 'datetime' with a timezone component"),  # noqa: DTZ001
    ],
)
def test_a_date_that_has_passed_or_is_too_far_off_is_refused(
    make_workspace: MakeWorkspace, date: datetime, message: str
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        assessment = workspace.create_assessment()
        last = workspace.last_entry
        with pytest.raises(InvalidInputError, match=message):
            workspace.invite(assessment.id, scheduled_date=date)
        assert workspace.last_entry == last

    asyncio.run(main())


def test_an_invitation_expires_at_the_very_instant_and_not_before(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(name="mine", payload_url=URL, events=["invitation_expired"])
        candidate = workspace.invite(workspace.create_assessment(validity_days=2).id)
        await workspace.advance(2 * DAY - 0.001)
        assert state_of(workspace, candidate.id) == "INVITED"
        await workspace.advance(0.001)
        assert state_of(workspace, candidate.id) == "INVITATION_EXPIRED"
        (delivery,) = workspace.deliveries()
        assert delivery.message.at == candidate.valid_until == workspace.now()
        assert delivery.succeeded

    asyncio.run(main())


def test_invitations_expire_each_at_its_own_instant_within_one_advance(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        late = workspace.invite(workspace.create_assessment(validity_days=9).id)
        soon = workspace.invite(workspace.create_assessment(validity_days=1).id)
        entries = await workspace.advance(30 * DAY)
        moved = [entry for entry in entries if entry.kind == "candidate.moved"]
        assert [entry.at for entry in moved] == [soon.valid_until, late.valid_until]
        assert workspace.now() == EPOCH + timedelta(days=30)

    asyncio.run(main())


def test_invitations_of_one_instant_expire_in_the_order_of_their_numbers(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        assessment = workspace.create_assessment()
        ids = [workspace.invite(assessment.id).id for _ in range(5)]
        entries = await workspace.advance(30 * DAY)
        moved: list[Any] = [entry.data for entry in entries if entry.kind == "candidate.moved"]
        assert [one.candidate.id for one in moved] == ids

    asyncio.run(main())


def test_when_many_expire_at_one_instant_their_messages_do_not_pile_up(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_RUN_AT_ONCE", 2)

    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(name="mine", payload_url=URL, events=["candidate.invitation_expired"])
        assessment = workspace.create_assessment()
        for _ in range(5):
            workspace.invite(assessment.id)
        entries = await workspace.advance(30 * DAY)
        kinds = [one.kind for one in entries if one.kind in ("candidate.moved", "attempt.finished")]
        moved, sent = "candidate.moved", "attempt.finished"
        assert kinds == [moved, moved, sent, sent, moved, moved, sent, sent, moved, sent]

    asyncio.run(main())


@pytest.mark.parametrize("way", [["enroll", "start"], ["enroll", "disqualify"], ["expire"]])
def test_an_enrolled_candidate_does_not_expire(
    way: list[str], make_workspace: MakeWorkspace
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        id_ = workspace.invite(workspace.create_assessment().id).id
        for command in way:
            workspace.move_candidate(id_, command)
        before = state_of(workspace, id_)
        entries = await workspace.advance(60 * DAY)
        assert state_of(workspace, id_) == before
        assert [entry.kind for entry in entries] == ["clock.moved"]

    asyncio.run(main())


# --- retries --------------------------------------------------------------------------------


def test_each_retry_comes_at_its_own_instant_counted_from_the_failure_before(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        profile = Profile(retries=(5.0, 300.0, 7_200.0))
        workspace = make_workspace(transport, profile=profile)
        transport.statuses[URL] = [500, 503, 404, 200]
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        assert (delivery.status, delivery.next_due) == ("pending", EPOCH + timedelta(seconds=5))
        await workspace.advance(4.999)
        assert len(transport.requests) == 1
        await workspace.advance(DAY)
        (delivery,) = workspace.deliveries()
        assert offsets(delivery) == [0.0, 5.0, 305.0, 7_505.0]
        assert [attempt.answer for attempt in delivery.attempts] == ["500", "503", "404", "200"]
        assert [attempt.is_success for attempt in delivery.attempts] == [False, False, False, True]
        assert (delivery.status, delivery.reason, delivery.next_due) == ("succeeded", "", None)
        bodies = {request.body for request in transport.requests}
        assert bodies == {delivery.message.body}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(Outcome("answered", 500), "answered 500"), (Outcome("refused"), "refused")],
)
def test_a_delivery_fails_once_the_schedule_is_used_up(
    outcome: Outcome, reason: str, make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0, 5.0)))
        transport.outcomes[URL] = outcome
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        await workspace.advance(DAY)
        (delivery,) = workspace.deliveries()
        assert (delivery.status, delivery.reason, delivery.next_due) == ("failed", reason, None)
        assert offsets(delivery) == [0.0, 5.0, 10.0]

    asyncio.run(main())


def test_without_a_schedule_a_failure_is_final(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.statuses[URL] = [500]
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        await workspace.settle()
        assert [delivery.status for delivery in workspace.deliveries()] == ["failed"]
        await workspace.advance(DAY)
        assert len(transport.requests) == 1

    asyncio.run(main())


def test_a_candidate_expires_before_a_delivery_of_that_instant_is_tried_again(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(DAY,)), in_flight=1)
        transport.statuses[URL] = [500, 200]
        workspace.add_webhook(name="mine", payload_url=URL, events=["status_changed"])
        workspace.invite(workspace.create_assessment(validity_days=1).id)
        entries = await workspace.advance(DAY)
        kinds = [entry.kind for entry in entries if entry.at == EPOCH + timedelta(days=1)]
        assert kinds[:3] == ["candidate.moved", "message.created", "attempt.started"]
        started: Any = next(entry.data for entry in reversed(entries)
                            if entry.kind == "attempt.started")  # fmt: skip
        assert started.message == 2
        assert all(delivery.succeeded for delivery in workspace.deliveries())

    asyncio.run(main())


# --- advance and settle ---------------------------------------------------------------------


def test_advance_returns_the_new_entries_and_ends_at_its_target(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        last = workspace.last_entry
        (entry,) = await workspace.advance(90.0)
        assert (entry.kind, entry.number) == ("clock.moved", last + 1)
        assert workspace.now() == workspace.state.now == EPOCH + timedelta(seconds=90)

    asyncio.run(main())


def test_time_never_moves_while_an_attempt_is_in_flight(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.gates[URL] = asyncio.Event()
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        moving = asyncio.create_task(workspace.advance(DAY))
        await transport.arrived(1)
        assert workspace.now() == EPOCH
        transport.gates[URL].set()
        await moving
        ended = next(entry for entry in workspace.entries() if entry.kind == "attempt.finished")
        assert ended.at == EPOCH

    asyncio.run(main())


def test_a_reset_ends_an_advance_at_the_time_of_the_new_clock(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.gates[URL] = asyncio.Event()
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        moving = asyncio.create_task(workspace.advance(DAY))
        await transport.arrived(1)
        workspace.reset()
        entries = await moving
        assert entries[-1].kind == "workspace.reset"
        assert workspace.now() == EPOCH

    asyncio.run(main())


def test_two_concurrent_advances_run_one_after_the_other(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        await asyncio.gather(workspace.advance(DAY), workspace.advance(DAY))
        assert workspace.now() == EPOCH + timedelta(days=2)

    asyncio.run(main())


def test_advance_to_next_stops_at_the_next_timer_up_to_a_limit(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        limit = EPOCH + timedelta(days=5)
        assert not await workspace.advance_to_next(limit)
        workspace.invite(workspace.create_assessment(validity_days=5).id)
        workspace.invite(workspace.create_assessment(validity_days=6).id)
        assert not await workspace.advance_to_next(limit - timedelta(milliseconds=1))
        assert await workspace.advance_to_next(limit)
        assert workspace.now() == limit
        assert not await workspace.advance_to_next(limit)
        assert workspace.now() == limit

    asyncio.run(main())


def test_a_clock_set_forward_keeps_its_timers(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        candidate = workspace.invite(workspace.create_assessment(validity_days=2).id)
        workspace.set_clock("virtual", EPOCH + timedelta(days=1))
        await workspace.advance(DAY - 0.001)
        assert state_of(workspace, candidate.id) == "INVITED"
        await workspace.advance(0.001)
        assert state_of(workspace, candidate.id) == "INVITATION_EXPIRED"

    asyncio.run(main())


def test_a_real_clock_can_t_be_advanced(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace(clock="real")
        for call in (workspace.advance(1.0), workspace.advance_to_next(datetime.now(UTC))):
            with pytest.raises(ConflictError) as caught:
                await call
            assert str(caught.value) == (
                "the clock is real; set it to virtual before you advance it"
            )
        assert workspace.last_entry == 1

    asyncio.run(main())


def test_time_does_not_go_back_by_advance(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        with pytest.raises(InvalidInputError):
            await workspace.advance(-1.0)
        assert workspace.now() == EPOCH

    asyncio.run(main())


def test_a_clock_has_whole_milliseconds_after_every_advance(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        await workspace.advance(1 / 3)
        assert workspace.now().microsecond % 1_000 == 0

    asyncio.run(main())


def test_settle_waits_for_due_attempts_and_leaves_later_attempts(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses[URL] = [500]
        workspace.add_webhook(name="mine", payload_url=URL, events=["created", "updated"])
        id_ = workspace.create_assessment().id
        workspace.publish(id_)
        assert await workspace.settle()
        assert len(transport.requests) == 2
        assert [delivery.status for delivery in workspace.deliveries()] == ["pending", "pending"]
        assert workspace.now() == EPOCH

    asyncio.run(main())


def test_settle_gives_up_in_time(make_workspace: MakeWorkspace, transport: Scripted) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.gates[URL] = asyncio.Event()
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        assert not await workspace.settle(timeout=0.01)
        transport.gates[URL].set()
        assert await workspace.settle(timeout=DEADLINE)

    asyncio.run(main())


def test_flush_returns_once_all_is_safe(make_workspace: MakeWorkspace) -> None:
    asyncio.run(make_workspace().flush())


# --- a month in parts -----------------------------------------------------------------------


_MOMENT = st.integers(0, 40 * 86_400_000) | st.sampled_from([86_400_000, 2 * 86_400_000])
"""Milliseconds from the start; some coincide, so that timers fall due together."""


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    invitations=st.lists(st.tuples(st.integers(1, 30), st.none() | _MOMENT), max_size=8),
    retries=st.lists(st.sampled_from([0.0, 5.0, 3_600.0, DAY, 2 * DAY, 9 * DAY]), max_size=4),
    statuses=st.lists(st.sampled_from([200, 500]), min_size=1, max_size=8),
    cuts=st.lists(_MOMENT, max_size=6),
)
def test_an_advance_in_parts_gives_the_same_canonical_journal_as_one(
    make_workspace: MakeWorkspace,
    make_transport: Callable[[], Scripted],
    invitations: list[tuple[int, int | None]],
    retries: list[float],
    statuses: list[int],
    cuts: list[int],
) -> None:
    """For random timers (validity, scheduled dates, retries) and random parts, in lockstep."""

    async def lived(cuts: list[int]) -> bytes:
        transport = make_transport()
        transport.statuses[URL] = [*statuses]
        workspace = make_workspace(transport, profile=Profile(tuple(retries)), in_flight=1)
        for url in (URL, OTHER):
            workspace.add_webhook(name=url[-4:], payload_url=url, events=list(EVENT_TYPES))
        for number, (days, moment) in enumerate(invitations):
            date = EPOCH + timedelta(milliseconds=moment) if moment else None
            assessment = workspace.create_assessment(validity_days=days)
            email = f"ada{number}@example.com"
            workspace.invite(assessment.id, email=email, scheduled_date=date)
        ends = [*sorted(cuts), 41 * 86_400_000]
        for start, end in zip([0, *ends], ends, strict=False):
            await workspace.advance((end - start) / 1_000)
        return canonical(workspace.entries())

    assert asyncio.run(lived(cuts)) == asyncio.run(lived([]))


# --- a real clock ---------------------------------------------------------------------------


def test_a_real_clock_rings_when_a_retry_is_due(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, clock="real", profile=Profile(retries=(0.02, 0.01)))
        transport.statuses[URL] = [500, 500, 200]
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        await transport.arrived(3)
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        assert delivery.succeeded
        first, second, third = (attempt.at for attempt in delivery.attempts)
        assert second - first >= timedelta(milliseconds=20)
        assert third - second >= timedelta(milliseconds=10)
        await workspace.engine.close(0.0, "shutdown")

    asyncio.run(main())


def test_a_clock_set_to_real_runs_overdue_timers(
    make_workspace: MakeWorkspace, make_journal: MakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_RUN_AT_ONCE", 2)

    async def main() -> None:
        journal = make_journal()
        workspace = make_workspace(journal=journal)
        workspace.set_clock("virtual", datetime(2020, 1, 1, tzinfo=UTC))
        assessment = workspace.create_assessment(validity_days=1)
        ids = [workspace.invite(assessment.id).id for _ in range(5)]
        workspace.set_clock("real")
        assert workspace.state.settings.clock == "real"
        have_expired = lambda: all(state_of(workspace, id_) != "INVITED" for id_ in ids)  # noqa: E731
        assert await journal.until("acme", have_expired, DEADLINE)
        assert {state_of(workspace, id_) for id_ in ids} == {"INVITATION_EXPIRED"}
        await workspace.engine.close(0.0, "shutdown")

    asyncio.run(main())


def test_a_real_clock_that_goes_on_meanwhile_becomes_virtual(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        workspace = make_workspace(clock="real")
        workspace.invite(workspace.create_assessment().id)
        milliseconds = itertools.count()
        start = workspace.now()
        with monkeypatch.context() as patch:
            patch.setattr(
                workspace.engine.timeline,
                "now",
                lambda: start + timedelta(milliseconds=next(milliseconds)),
            )
            workspace.set_clock("virtual")
        assert workspace.now() == start

    asyncio.run(main())


def test_a_far_timer_of_a_real_clock_is_looked_at_again_within_the_hour(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        alarms: list[asyncio.TimerHandle] = []

        def call_later(delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
            assert delay <= 3_600.0
            alarms.append(loop.call_at(loop.time() + delay, callback))
            wake.append(callback)
            return alarms[-1]

        wake: list[Callable[[], object]] = []
        monkeypatch.setattr(loop, "call_later", call_later)
        workspace = make_workspace(clock="real")
        workspace.invite(workspace.create_assessment().id)
        assert len(alarms) == 1
        wake[0]()  # too early: nothing is due, and it is armed again
        assert len(alarms) == 2
        workspace.set_clock("virtual")
        assert alarms[1].cancelled()
        assert workspace.now() == workspace.state.now
        await workspace.engine.close(0.0, "shutdown")

    asyncio.run(main())


def test_configure_sets_all_but_the_clock(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    profile = Profile(retries=(1.0,))
    workspace.configure(Settings(9, clock="real", profile=profile))
    assert workspace.state.settings == Settings(9, clock="virtual", profile=profile)
    assert workspace.now() == EPOCH
