"""Which webhook gets which message, in which order, and the results."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from emulator.delivery.profiles import Profile
from emulator.delivery.records import Outcome
from emulator.domain.candidate import LIFECYCLE, SCHEDULED
from emulator.domain.events import EVENT_TYPES
from emulator.errors import ConflictError, InvalidInputError, NotFoundError, UnknownNameError
from emulator.workspace.journal_lines import line, shown

if TYPE_CHECKING:
    from emulator.contracts.validation import Contracts
    from emulator.delivery.records import Delivery
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeJournal, MakeWorkspace, Scripted

ONE, OTHER = "http://one.example.com/", "http://other.example.com/"
DEADLINE = 10.0  # real seconds
WAY = ["enroll", "start", "complete", "rescore", "reject"]


def add(workspace: Workspace, *events: str, url: str = ONE) -> str:
    return str(workspace.add_webhook(name="mine", payload_url=url, events=events).id)


def summary(deliveries: list[Delivery]) -> list[tuple[str, str]]:
    return [(delivery.event, delivery.status) for delivery in deliveries]


# --- messages and webhooks ------------------------------------------------------------------


def test_a_webhook_that_wants_two_matching_types_gets_two_messages(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, "status_changed", "candidate.invited")
        workspace.invite(workspace.create_assessment().id)
        await workspace.settle()
        first, second = workspace.deliveries()
        assert (first.event, second.event) == ("candidate.status_changed", "candidate.invited")
        assert first.message.id != second.message.id
        assert first.payload.pop("event") == "candidateStatusChanged"
        assert second.payload["event"] == "invited"
        assert first.payload["data"] == second.payload["data"]

    asyncio.run(main())


def test_a_message_has_the_same_body_for_all_subscribed_webhooks(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, "created")
        add(workspace, "updated", url=OTHER)
        add(workspace, "created", url=OTHER)
        workspace.create_assessment()
        await workspace.settle()
        first, second = workspace.deliveries()
        assert (first.id, second.id) == ("1-1", "1-3")
        assert first.message is second.message
        assert first.message.webhooks == (1, 3)
        one, other = transport.requests
        assert one.body is other.body is first.message.body

    asyncio.run(main())


def test_status_changed_is_sent_for_every_status_change_and_for_no_new_score(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, "candidateStatusChanged")
        assessment = workspace.create_assessment()
        ways = [WAY, ["enroll", "disqualify"], ["expire"]]
        for way in ways:
            id_ = workspace.invite(assessment.id).id
            for command in way:
                workspace.move_candidate(id_, command)
        await workspace.settle()
        statuses = Counter(
            delivery.payload["data"]["candidateStatus"] for delivery in workspace.deliveries()
        )
        assert statuses == {"INVITED": 3, "ENROLLED": 2, "IN_PROGRESS": 1, "COMPLETED": 1,
                        "REJECTED": 1, "DISQUALIFIED": 1, "INVITATION_EXPIRED": 1}  # fmt: skip
        assert set(statuses) == set(LIFECYCLE.states) - {SCHEDULED}
        words = {delivery.payload["event"] for delivery in workspace.deliveries()}
        assert words == {"candidateStatusChanged"}

    asyncio.run(main())


def test_without_a_webhook_nothing_is_built(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.invite(workspace.create_assessment().id)
        assert workspace.deliveries() == []
        assert workspace.state.message_count == 0

    asyncio.run(main())


def test_a_message_names_its_subject(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        add(workspace, "created", "invited")
        assessment = workspace.create_assessment()
        candidate = workspace.invite(assessment.id)
        await workspace.settle()
        created, invited = (delivery.message for delivery in workspace.deliveries())
        assert (created.subject, created.person) == (assessment.id, "")
        assert (invited.subject, invited.person) == (candidate.id, candidate.candidate_id)
        assert (created.number, invited.number) == (1, 2)
        assert not created.is_deliberate
        assert created.at == workspace.now()

    asyncio.run(main())


@pytest.mark.parametrize("in_flight", [1, 64])
def test_a_candidate_s_messages_stay_in_order_when_one_hangs(
    in_flight: int, make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=in_flight)
        transport.gates[ONE] = asyncio.Event()
        add(workspace, "status_changed")
        id_ = workspace.invite(workspace.create_assessment().id).id
        for command in WAY:
            workspace.move_candidate(id_, command)
        await transport.arrived(1)
        transport.gates[ONE].set()
        await workspace.settle()
        assert transport.most == 1
        statuses = [delivery.payload["data"]["status"] for delivery in workspace.deliveries()]
        assert statuses == ["INVITED", "ENROLLED", "IN_PROGRESS", "COMPLETED", "REJECTED"]
        assert [request.body for request in transport.requests] == [
            delivery.message.body for delivery in workspace.deliveries()
        ]

    asyncio.run(main())


def test_a_hanging_webhook_delays_no_other(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=4, per_webhook=2)
        transport.gates[ONE] = asyncio.Event()
        add(workspace, "created")
        other = add(workspace, "created", url=OTHER)
        for _ in range(20):
            workspace.create_assessment()
        assert await workspace.wait(status="succeeded", count=20, within=DEADLINE)
        assert {delivery.status for delivery in workspace.deliveries(webhook=other)} == {
            "succeeded"
        }
        assert transport.urls().count(ONE) == 2
        transport.gates[ONE].set()
        await workspace.settle()
        assert {delivery.status for delivery in workspace.deliveries()} == {"succeeded"}

    asyncio.run(main())


def test_in_lockstep_all_goes_out_in_the_order_of_its_keys(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=1, per_webhook=1)
        add(workspace, *EVENT_TYPES)
        add(workspace, *EVENT_TYPES, url=OTHER)
        assessment = workspace.create_assessment()
        for _ in range(3):
            workspace.enroll(workspace.invite(assessment.id).id)
        await workspace.settle()
        started: list[Any] = [entry.data for entry in workspace.entries()
                              if entry.kind == "attempt.started"]  # fmt: skip
        keys = [(one.message, one.webhook) for one in started]
        assert keys == sorted(keys)
        assert len(keys) == 2 * (1 + 3 * 4)
        assert transport.most == 1

    asyncio.run(main())


# --- webhooks that change -------------------------------------------------------------------


def test_an_edited_webhook_gets_later_attempts_at_its_new_address(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses[ONE] = [500]
        id_ = add(workspace, "created")
        workspace.create_assessment()
        await workspace.settle()
        workspace.edit_webhook(id_, payload_url=OTHER, headers={"X-Token": "new"})
        await workspace.advance(5.0)
        (delivery,) = workspace.deliveries()
        assert [attempt.url for attempt in delivery.attempts] == [ONE, OTHER]
        assert ("X-Token", "new") in transport.requests[1].headers
        assert ("X-Token", "new") not in transport.requests[0].headers
        assert delivery.succeeded

    asyncio.run(main())


def test_an_edited_webhook_gets_its_new_event_types(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        id_ = add(workspace, "created")
        workspace.edit_webhook(id_, events=["updated"])
        workspace.publish(workspace.create_assessment().id)
        await workspace.settle()
        assert summary(workspace.deliveries()) == [("assessment.updated", "succeeded")]

    asyncio.run(main())


def test_a_removed_webhook_s_pending_deliveries_are_dropped_with_a_reason(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses = {ONE: [500], OTHER: [500, 200]}
        id_ = add(workspace, "created")
        add(workspace, "created", url=OTHER)
        workspace.create_assessment()
        await workspace.settle()
        workspace.remove_webhook(id_)
        dropped, waiting = workspace.deliveries()
        assert (dropped.status, dropped.reason, dropped.next_due) == (
            "dropped",
            "webhook removed",
            None,
        )
        assert waiting.status == "pending"
        workspace.create_assessment()
        await workspace.advance(60.0)
        assert transport.urls().count(ONE) == 1
        assert [delivery.status for delivery in workspace.deliveries()] == ["dropped", "succeeded",
                                                                  "succeeded"]  # fmt: skip
        assert [delivery.webhook_id for delivery in workspace.deliveries(webhook=id_)] == [id_]

    asyncio.run(main())


def test_an_attempt_under_way_to_a_removed_webhook_still_ends_as_it_ends(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses[ONE] = [500]
        transport.gates[ONE] = asyncio.Event()
        id_ = add(workspace, "created")
        workspace.create_assessment()
        await transport.arrived(1)
        workspace.remove_webhook(id_)
        transport.gates[ONE].set()
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        assert (delivery.status, delivery.reason) == ("dropped", "webhook removed")
        assert [attempt.answer for attempt in delivery.attempts] == ["500"]
        assert delivery.next_due is None
        await workspace.advance(60.0)
        assert len(transport.requests) == 1

    asyncio.run(main())


def test_a_webhook_of_the_other_generation_receives_the_same_in_its_own_shape(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, "created")
        workspace.add_webhook(name="v2", payload_url=OTHER, events=["created"], generation="v2")
        assessment = workspace.create_assessment()
        assert await workspace.settle(timeout=1.0)
        first, second = workspace.deliveries()
        assert (first.message.generation, second.message.generation) == ("v1", "v2")
        assert first.succeeded
        assert second.succeeded
        assert (first.payload["data"]["name"], second.payload["data"]["assessment"]["name"]) == (
            assessment.title,
            assessment.title,
        )

    asyncio.run(main())


# --- reset and the end ----------------------------------------------------------------------


async def play(workspace: Workspace) -> tuple[object, ...]:
    """Do something of everything; return all that was made up, ids too."""
    webhook = workspace.add_webhook(name="mine", payload_url=ONE, events=list(EVENT_TYPES))
    assessment = workspace.create_assessment()
    candidate = workspace.invite(assessment.id)
    for command in WAY:
        candidate = workspace.move_candidate(candidate.id, command)
        await workspace.advance(60.0)
    test = await workspace.send_test(webhook.id, "candidate.completed")
    await workspace.settle()
    return (
        webhook,
        assessment,
        candidate,
        test,
        workspace.deliveries(),
        workspace.state.organisation,
    )


def test_a_workspace_that_was_reset_is_as_new(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        first = await play(workspace)
        workspace.invite(workspace.create_assessment().id)
        workspace.reset()
        fresh = vars(make_workspace().state)
        assert vars(workspace.state) == fresh
        assert workspace.next_due is None
        assert await play(workspace) == first

    asyncio.run(main())


def test_a_reset_drops_pending_deliveries_with_the_reason(
    make_workspace: MakeWorkspace, transport: Scripted, make_journal: MakeJournal
) -> None:
    async def main() -> None:
        journal = make_journal()
        profile = Profile(retries=(5.0,))
        workspace = make_workspace(transport, profile=profile, journal=journal)
        transport.gates[ONE] = asyncio.Event()
        transport.statuses[OTHER] = [500]
        add(workspace, "created")
        add(workspace, "created", url=OTHER)
        workspace.create_assessment()
        await transport.arrived(2)
        other = workspace.state.deliveries[1, 2]
        assert await journal.until(
            "acme", lambda: workspace.state.delivery(other.id).next_due is not None, DEADLINE
        )
        last = workspace.last_entry
        workspace.reset()
        dropped: list[Any] = list(workspace.entries(last))
        assert [one.kind for one in dropped] == ["delivery.dropped"] * 2 + ["workspace.reset"]
        assert {one.data.reason for one in dropped[:2]} == {"reset"}
        assert await workspace.settle(timeout=DEADLINE)
        transport.gates[ONE].set()
        await workspace.advance(60.0)
        assert len(transport.requests) == 2
        assert workspace.last_entry == last + 4  # and one for the clock

    asyncio.run(main())


def test_attempts_under_way_at_the_end_may_end_and_the_rest_is_dropped(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=1)
        transport.gates[ONE] = asyncio.Event()
        add(workspace, "created")
        workspace.create_assessment()
        workspace.create_assessment()
        await transport.arrived(1)
        closing = asyncio.create_task(workspace.engine.close(DEADLINE, "shutdown"))
        asyncio.get_running_loop().call_soon(transport.gates[ONE].set)
        await closing
        first, second = workspace.deliveries()
        assert first.succeeded
        assert (second.status, second.reason, second.attempts) == ("dropped", "shutdown", ())
        assert len(transport.requests) == 1

    asyncio.run(main())


def test_an_attempt_that_outlasts_the_grace_is_dropped_as_shutdown(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.gates[ONE] = asyncio.Event()
        add(workspace, "created")
        workspace.create_assessment()
        await transport.arrived(1)
        await workspace.engine.close(0.0, "shutdown")
        (delivery,) = workspace.deliveries()
        assert (delivery.status, delivery.reason) == ("dropped", "shutdown")
        assert [attempt.answer for attempt in delivery.attempts] == ["shutdown"]
        assert transport.under_way == []

    asyncio.run(main())


def test_a_bug_in_a_transport_is_raised_and_never_lost(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.statuses[ONE] = []  # nothing to answer: IndexError
        add(workspace, "created")
        workspace.create_assessment()
        with pytest.raises(IndexError):
            await workspace.settle()
        with pytest.raises(IndexError):
            await workspace.advance(1.0)
        with pytest.raises(IndexError):
            await workspace.engine.close(0.0, "shutdown")
        assert [delivery.status for delivery in workspace.deliveries()] == ["dropped"]

    asyncio.run(main())


# --- test events ----------------------------------------------------------------------------


def test_a_ping_is_an_empty_object_and_deliberate(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        id_ = add(workspace, "completed")
        add(workspace, "completed", url=OTHER)
        delivery = await workspace.send_test(id_)
        assert (delivery.event, delivery.message.body) == ("test", b"{}")
        assert delivery.succeeded
        assert delivery.message.is_deliberate
        assert transport.urls() == [ONE]
        assert workspace.deliveries(event="test") == [delivery]

    asyncio.run(main())


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_a_sample_is_sent_of_any_event_type_wanted_or_not(
    event: str, make_workspace: MakeWorkspace, contracts: Contracts
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        delivery = await workspace.send_test(add(workspace, "created"), event)
        assert delivery.succeeded
        assert delivery.event == event
        assert not delivery.message.is_deliberate
        assert (delivery.message.subject, delivery.message.person) == ("", "")
        assert contracts.violations("v1", event, delivery.payload) == []
        assert workspace.state.candidates == {}

    asyncio.run(main())


def test_two_samples_are_about_two_people(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        id_ = add(workspace, "created")
        one = await workspace.send_test(id_, "completed")
        other = await workspace.send_test(id_, "completed")
        assert one.message.id != other.message.id
        assert one.payload["data"]["email"] != other.payload["data"]["email"]

    asyncio.run(main())


def test_a_failed_test_event_is_returned(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.outcomes[ONE] = Outcome("refused")
        delivery = await workspace.send_test(add(workspace, "created"))
        assert (delivery.status, delivery.next_due is None) == ("pending", False)
        assert [attempt.answer for attempt in delivery.attempts] == ["refused"]

    asyncio.run(main())


def test_a_sample_of_an_unknown_event_is_refused(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        id_ = add(workspace, "created")
        with pytest.raises(UnknownNameError) as caught:
            await workspace.send_test(id_, "nothing")
        assert caught.value.path == "$.event"
        assert workspace.deliveries() == []

    asyncio.run(main())


# --- views ----------------------------------------------------------------------------------


def test_deliveries_are_filtered_by_all_that_is_given(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses[OTHER] = [500]
        one = add(workspace, "status_changed", "enrolled")
        other = add(workspace, "status_changed", url=OTHER)
        first, second = (workspace.create_assessment().id for _ in range(2))
        ada = workspace.invite(first, email="ada@example.com")
        ada_again = workspace.invite(second, email="ada@example.com")
        bob = workspace.invite(first, email="bob@example.com")
        workspace.enroll(bob.id)
        await workspace.settle()

        def ids(**filters: str) -> list[str]:
            return [delivery.id for delivery in workspace.deliveries(**filters)]

        assert ids() == ["1-1", "1-2", "2-1", "2-2", "3-1", "3-2", "4-1", "4-2", "5-1"]
        assert ids(event="candidate.enrolled") == ids(event="enrolled") == ["5-1"]
        assert ids(candidate=ada.id) == ["1-1", "1-2"]
        assert ids(candidate=ada_again.id) == ["2-1", "2-2"]
        assert ids(candidate=ada.candidate_id) == ["1-1", "1-2", "2-1", "2-2"]
        assert ids(webhook=other) == ids(status="pending") == ["1-2", "2-2", "3-2", "4-2"]
        assert ids(status="succeeded", webhook=one, candidate=bob.id) == ["3-1", "4-1", "5-1"]
        assert ids(status="failed") == ids(status="dropped") == []
        assert ids(candidate="0" * 24) == ids(webhook="0" * 24) == ids(event="rejected") == []
        assert ids(status="succeeded", webhook=other) == []

        with pytest.raises(UnknownNameError) as caught:
            ids(status="suceeded")
        assert str(caught.value) == (
            "no status 'suceeded'; near: 'succeeded'; known: dropped, failed, pending, succeeded"
        )
        with pytest.raises(InvalidInputError):
            ids(event="candidate")

    asyncio.run(main())


def test_candidates_are_filtered_by_assessment_and_by_person(
    make_workspace: MakeWorkspace,
) -> None:
    from emulator.workspace.queries import candidates

    async def main() -> None:
        workspace = make_workspace()
        one, other = (workspace.create_assessment().id for _ in range(2))
        ada = workspace.invite(one, email="ada@example.com")
        bob = workspace.invite(one, email="bob@example.com")
        ada_again = workspace.invite(other, email="ada@example.com")
        state = workspace.state
        assert candidates(state) == [ada, bob, ada_again]
        assert candidates(state, assessment=one) == [ada, bob]
        assert candidates(state, assessment="0" * 24) == []
        assert candidates(state, candidate=bob.id) == [bob]
        assert candidates(state, candidate=ada.candidate_id) == [ada, ada_again]
        assert candidates(state, assessment=other, candidate=ada.candidate_id) == [ada_again]
        assert candidates(state, candidate="0" * 24) == []

    asyncio.run(main())


def test_a_delivery_is_found_by_its_id(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        add(workspace, "created")
        workspace.create_assessment()
        await workspace.settle()
        state = workspace.state
        assert state.delivery("1-1") is workspace.deliveries()[0]
        for id_ in ("", "1", "1-2", "2-1", "1-1-1", "-", "x-1", "1-x", "\u00b2-1", "-1-1"):
            with pytest.raises(NotFoundError) as caught:
                state.delivery(id_)
            assert str(caught.value) == f"no delivery {id_!r}; there are 1"
        with pytest.raises(NotFoundError) as caught:
            state.delivery("9" * 100 + "-1")
        assert str(caught.value) == f"no delivery {'9' * 80!r}; there are 1"

    asyncio.run(main())


def test_the_journal_is_shown_as_plain_json_without_secrets(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(
            name="mine", payload_url=ONE, events=["created"],
            headers={"X-Token": "s3cret-header"}, secret="s3cret-key",
        )  # fmt: skip
        workspace.create_assessment()
        await workspace.settle()
        lines = b"".join(map(line, workspace.entries()))
        assert b"s3cret" not in lines
        assert lines.count(b"\n") == workspace.last_entry
        opened, added, _, message, *_, finished = map(shown, workspace.entries())
        assert opened["at"] == "2026-01-01T00:00:00.000Z"
        assert (opened["number"], opened["kind"]) == (1, "workspace.opened")
        assert added["data"]["secret"] == "[redacted]"
        assert added["data"]["headers"] == {"X-Token": "[redacted]"}
        assert message["data"]["body"] == workspace.deliveries()[0].message.body.decode()
        assert finished["data"]["attempt"]["response"]["status"] == 200

    asyncio.run(main())


def test_a_record_that_is_no_plain_data_can_t_be_shown(make_workspace: MakeWorkspace) -> None:
    import msgspec

    class Odd(msgspec.Struct):
        what: object

    workspace = make_workspace()
    (entry,) = workspace.entries()
    odd = msgspec.structs.replace(entry, data=Odd(object()))
    with pytest.raises(TypeError, match=r"^Encoding objects of type object is unsupported$"):
        shown(odd)


# --- determinism ----------------------------------------------------------------------------


@pytest.mark.parametrize("in_flight", [1, 64])
def test_the_same_seed_gives_the_same_journal(
    in_flight: int, make_workspace: MakeWorkspace
) -> None:
    async def run(seed: int) -> list[object]:
        workspace = make_workspace(seed=seed, in_flight=in_flight)
        await play(workspace)
        return list(workspace.entries())

    first, second, other = (asyncio.run(run(seed)) for seed in (5, 5, 6))
    assert first == second
    assert first != other


def test_another_seed_gives_other_ids_everywhere(make_workspace: MakeWorkspace) -> None:
    async def run(seed: int) -> set[str]:
        workspace = make_workspace(seed=seed)
        webhook = workspace.add_webhook(name="m", payload_url=ONE, events=list(EVENT_TYPES))
        assessment = workspace.create_assessment()
        candidate = workspace.invite(assessment.id)
        await workspace.settle()
        ids = {webhook.id, assessment.id, candidate.id, candidate.candidate_id}
        return ids | {delivery.message.id for delivery in workspace.deliveries()}

    one, other = asyncio.run(run(1)), asyncio.run(run(2))
    assert len(one) == len(other) == 7
    assert one & other == set()


def test_draws_of_a_record_do_not_depend_on_other_records(
    make_workspace: MakeWorkspace,
) -> None:
    """Chance is keyed: another webhook or message changes no other draw."""

    async def run(*, is_busy: bool) -> object:
        workspace = make_workspace()
        if is_busy:
            await workspace.send_test(add(workspace, "created"), "completed")
        assessment = workspace.create_assessment()
        if is_busy:
            workspace.publish(assessment.id)
        candidate = workspace.invite(assessment.id)
        for command in WAY:
            candidate = workspace.move_candidate(candidate.id, command)
        await workspace.settle()
        return assessment, candidate

    assert asyncio.run(run(is_busy=True)) == asyncio.run(run(is_busy=False))


def test_a_sample_that_does_not_fit_its_schema_is_not_sent(
    make_workspace: MakeWorkspace, transport: Scripted, tmp_path: Any
) -> None:
    from emulator.contracts.validation import Contracts

    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/candidate.completed.json").write_text('{"required": ["signature"]}')

    async def main() -> None:
        workspace = make_workspace(transport, contracts=Contracts(tmp_path))
        id_ = add(workspace, "created")
        with pytest.raises(ConflictError) as caught:
            await workspace.send_test(id_, "completed")
        assert str(caught.value) == (
            "the sample of candidate.completed does not fit its schema:"
            " $: lacks the key 'signature'"
        )
        assert transport.requests == []
        assert len(workspace.state.refused) == 1

    asyncio.run(main())
