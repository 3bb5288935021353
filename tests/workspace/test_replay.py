"""Replay: the fold of the journal is the state, after every command."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from emulator import data, faults
from emulator.clock import EPOCH
from emulator.contracts.validation import Contracts
from emulator.delivery.profiles import Profile
from emulator.delivery.records import Outcome
from emulator.delivery.signing import SigningScheme
from emulator.domain.assessment import LIFECYCLE as ASSESSMENTS
from emulator.domain.candidate import LIFECYCLE as CANDIDATES
from emulator.domain.events import EVENT_TYPES
from emulator.errors import JournalError
from emulator.faults import Match
from emulator.workspace import fold
from emulator.workspace.entry_data import AssessmentChanged, CandidateChanged, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.journal.entry import Entry
    from emulator.workspace.state import State
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeWorkspace, Scripted

DAY = 86_400.0
GOOD, BAD, DEAD = "http://good.example.com/", "http://bad.example.com/", "http://dead.example.com/"


def replayed(entries: list[Entry]) -> State:
    state = fold.opened(entries[0])
    for entry in entries[1:]:
        fold.apply(state, entry)
    return state


def assert_replays(workspace: Workspace) -> None:
    entries = list(workspace.entries())
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    found, expected = vars(replayed(entries)), vars(workspace.state)
    assert list(found) == list(expected)
    for name in expected:
        assert found[name] == expected[name], name


@pytest.fixture
def strict(tmp_path: Path) -> Contracts:
    """Schemas to which no rejection fits."""
    return Contracts(stricter(tmp_path, "candidate.rejected"))


def stricter(folder: Path, event: str) -> Path:
    schema = json.loads((data.schemas() / f"v1/{event}.json").read_bytes())
    schema["required"] = [*schema["required"], "signature"]
    (folder / "v1").mkdir()
    (folder / f"v1/{event}.json").write_text(json.dumps(schema))
    return folder


async def do_everything(workspace: Workspace, transport: Scripted) -> None:
    """Take every row of both tables, and every other command, some of them twice."""
    transport.statuses = {GOOD: [200], BAD: [500, 200, 500]}
    transport.outcomes = {DEAD: Outcome("refused")}
    everything = list(EVENT_TYPES)
    good = workspace.add_webhook(name="good", payload_url=GOOD, events=everything)
    bad = workspace.add_webhook(name="bad", payload_url=BAD, events=["completed", "created"])
    dead = workspace.add_webhook(name="dead", payload_url=DEAD, events=everything,
                                 headers={"X-Token": "s3cret"}, secret="whsec_x")  # fmt: skip
    for way in (
        ["update", "update", "invite", "update", "invite", "archive", "unarchive", "delete"],
        ["publish", "archive", "delete"],
        ["invite", "delete"],
        ["archive", "unarchive", "invite"],
        ["delete"],
    ):
        id_ = workspace.create_assessment().id
        for command in way:
            if command == "invite":
                workspace.invite(id_)
            elif command == "update":
                workspace.update_assessment(id_, title="New title", validity_days=7)
            else:
                workspace.move_assessment(id_, command)
    assessment = workspace.create_assessment(title="Harbour Planner")
    await workspace.advance(5.0)
    for way in (
        ["enroll", "start", "answer", "leave", "complete", "rescore", "reject", "rescore"],
        ["enroll", "start", "disqualify"],
        ["enroll", "disqualify"],
        ["enroll", "expire"],
        ["expire"],
        [],
    ):
        candidate = workspace.invite(assessment.id, email=f"ada{len(way)}{way[-1:]}@example.com")
        for command in way:
            workspace.move_candidate(candidate.id, command)
        await workspace.settle()
    workspace.invite(assessment.id, scheduled_date=workspace.now() + timedelta(days=1))
    await workspace.send_test(good.id)
    await workspace.send_test(bad.id, "candidate.completed")
    await workspace.redeliver("1-1")
    workspace.redeliver_failed(EPOCH)
    workspace.edit_webhook(bad.id, name="better", events=["completed"])
    await workspace.advance(60.0)
    hexed = SigningScheme("hmac-sha256-hex")
    workspace.configure(Settings(7, profile=Profile(retries=(1.0,), signature=hexed)))
    workspace.rotate_secret(bad.id)
    # The last attempt at the dead one in five days finds it past its time.
    workspace.configure_webhook(dead.id, Profile(retries=(6 * DAY,), disable_after=5 * DAY))
    workspace.create_assessment()
    await workspace.advance(6 * DAY)
    workspace.configure_webhook(dead.id, None)
    for fault in (
        faults.Duplicate(on=Match(nth=2)), faults.Delay(by=DAY, times=1), faults.Drop(times=1),
        faults.Corrupt(how="flip"),
    ):  # fmt: skip
        workspace.inject(fault)
    workspace.clear_fault("f4")
    for _ in range(4):
        workspace.create_assessment()
    await workspace.settle()
    workspace.inject(faults.ApiReset())
    assert workspace.reply_to("GET /v1/candidate", "/v1/candidate") is not None
    workspace.clear_faults()
    workspace.remove_webhook(dead.id)
    workspace.set_clock("virtual", workspace.now() + timedelta(seconds=1))
    await workspace.advance(40 * DAY)
    workspace.invite(assessment.id)


def let_people_in(workspace: Workspace) -> None:
    access, email = workspace.access, "ada@example.com"
    access.invite_members([{"email": email, "role": "ADMIN", "role_id": "x"}])
    key = access.verify_code(email, access.send_code(email).code)
    access.log_in(email, key)


def test_a_workspace_that_has_done_everything_is_the_fold_of_its_journal(
    make_workspace: MakeWorkspace, transport: Scripted, strict: Contracts
) -> None:
    async def main() -> None:
        workspace = make_workspace(
            transport, contracts=strict, profile=Profile(retries=(5.0, 30 * DAY))
        )
        await do_everything(workspace, transport)
        let_people_in(workspace)
        # With a message that waits, and an attempt that is under way.
        transport.gates[GOOD] = asyncio.Event()
        before = len(transport.requests)
        workspace.create_assessment()
        workspace.create_assessment()
        await transport.arrived(before + 1)
        assert_replays(workspace)
        done = list(workspace.entries())

        kinds = {entry.kind for entry in done}
        assert kinds == set(fold.KINDS) - {"workspace.reset"}
        moved = [entry.data for entry in done]
        for lifecycle, kind in ((CANDIDATES, CandidateChanged), (ASSESSMENTS, AssessmentChanged)):
            commands = {record.command for record in moved if isinstance(record, kind)}
            assert {row.command for row in lifecycle.rows} <= commands
        assert set(workspace.state.by_status) == {"pending", "succeeded", "failed", "dropped"}

        workspace.reset()
        assert_replays(workspace)
        assert workspace.last_entry > len(done)
        workspace.add_webhook(name="good", payload_url=GOOD, events=["created"])
        workspace.create_assessment()
        await workspace.engine.close(0.0, "shutdown")
        assert_replays(workspace)

    asyncio.run(main())


def test_a_journal_that_begins_with_something_else_is_refused(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.create_assessment()
        _, second = workspace.entries()
        with pytest.raises(JournalError, match="begins with 'assessment"):
            fold.opened(second)

    asyncio.run(main())


def test_an_opened_entry_in_the_middle_of_a_journal_sets_the_state(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    (first,) = workspace.entries()
    state = fold.opened(first)
    fold.apply(state, first)
    assert vars(state) == vars(workspace.state)


def test_a_workspace_that_had_nothing_to_do_replays_after_its_end(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        await workspace.engine.close(0.0, "shutdown")
        assert_replays(workspace)

    asyncio.run(main())


def test_an_invalid_payload_is_not_sent_and_is_in_the_journal(
    make_workspace: MakeWorkspace, transport: Scripted, strict: Contracts
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, contracts=strict)
        workspace.add_webhook(name="mine", payload_url=GOOD, events=["rejected"])
        workspace.add_webhook(name="all", payload_url=BAD, events=["status_changed"])
        candidate = workspace.invite(workspace.create_assessment().id)
        for command in ("enroll", "start", "complete", "reject"):
            candidate = workspace.move_candidate(candidate.id, command)
        await workspace.settle()
        assert candidate.state == "REJECTED"
        assert workspace.deliveries(event="candidate.rejected") == []
        assert GOOD not in transport.urls()
        assert len(workspace.deliveries(event="status_changed")) == 5  # the others fit

        (refused,) = workspace.state.refused
        (entry,) = [one for one in workspace.entries() if one.kind == "message.refused"]
        assert entry.data is refused
        assert refused.violations == ("$: lacks the key 'signature'",)
        assert (refused.event, refused.generation) == ("candidate.rejected", "v1")
        assert (refused.subject, refused.person) == (candidate.id, candidate.candidate_id)
        assert json.loads(refused.body)["event"] == "rejected"

    asyncio.run(main())


def test_at_most_twenty_violations_are_kept(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    schema = {"type": "object", "additionalProperties": False,
              "required": [f"key{number:02}" for number in range(30)]}  # fmt: skip
    (tmp_path / "v1/assessment.created.json").write_text(json.dumps(schema))

    async def main() -> None:
        workspace = make_workspace(contracts=Contracts(tmp_path))
        workspace.add_webhook(name="mine", payload_url=GOOD, events=["created"])
        workspace.create_assessment()
        (refused,) = workspace.state.refused
        assert len(refused.violations) == 20

    asyncio.run(main())
