"""Ids, names, scores, links, times and totals agree within a payload and along a lifecycle."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from emulator.clock import EPOCH
from emulator.domain.assessment import LIFECYCLE
from emulator.domain.events import EVENT_TYPES
from emulator.domain.lifecycle import NEW

if TYPE_CHECKING:
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeWorkspace

WAY = ["enroll", "start", "complete", "rescore", "reject", "rescore"]
STEP = 61.25  # seconds between commands, with a fraction


async def sent_payloads(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the payloads so far, in the order of their messages."""
    await workspace.settle()
    return [delivery.payload for delivery in workspace.deliveries()]


@pytest.fixture(scope="module", params=[1, 2, 3])
def lifecycle(
    request: pytest.FixtureRequest, make_workspace: MakeWorkspace
) -> dict[str, list[dict[str, Any]]]:
    """Return event type -> its payloads, of one candidate from the invitation to the end."""

    async def main() -> dict[str, list[dict[str, Any]]]:
        workspace = make_workspace(seed=request.param)
        workspace.add_webhook(name="m", payload_url="http://example.com/", events=list(EVENT_TYPES))
        assessment = workspace.create_assessment()
        workspace.publish(assessment.id)
        id_ = workspace.invite(assessment.id).id
        for command in WAY:
            await workspace.advance(STEP)
            workspace.move_candidate(id_, command)
        workspace.archive_assessment(assessment.id)
        workspace.delete_assessment(assessment.id)
        await workspace.settle()
        assert workspace.state.refused == []
        return {
            event: [delivery.payload for delivery in workspace.deliveries(event=event)]
            for event in EVENT_TYPES
        }

    return asyncio.run(main())


Lifecycle = dict[str, list[dict[str, Any]]]


def only(lifecycle: Lifecycle, event: str) -> dict[str, Any]:
    (payload,) = lifecycle[event]
    data: dict[str, Any] = payload["data"]
    return data


def test_the_person_stays_the_same(lifecycle: Lifecycle) -> None:
    bodies = [
        one["data"]
        for event, payloads in lifecycle.items()
        for one in payloads
        if event.startswith("candidate.")
    ]
    assert len(bodies) == 12
    for key in ("candidateId", "inviteLink", "invitedAt", "email", "firstName", "lastName",
                "orgName", "assessmentId", "assessment", "candidateDetailLink"):  # fmt: skip
        assert len({body[key] for body in bodies}) == 1, key


def test_ids_and_titles_are_those_of_the_assessment(lifecycle: Lifecycle) -> None:
    updated, completed = (only(lifecycle, "assessment.updated"),
                          only(lifecycle, "candidate.completed"))  # fmt: skip
    assert completed["assessmentId"] == updated["assessmentId"]
    assert completed["assessment"] == updated["assessmentTitle"]
    tests = [test["testLibraryId"] for test in updated["testLibrary"]]
    assert [test["testLibraryId"] for test in completed["testLibrary"]] == tests
    questions = [question["assessmentCQId"] for question in updated["customQuestion"]]
    assert [question["assessmentCQId"] for question in completed["customQuestions"]] == questions


def test_the_questions_of_in_progress_are_those_of_completed(lifecycle: Lifecycle) -> None:
    opened, done = (only(lifecycle, "candidate.in_progress"),
                    only(lifecycle, "candidate.completed"))  # fmt: skip
    later = lifecycle["candidate.score_updated"][0]["data"]
    for body in (done, later, only(lifecycle, "candidate.rejected")):
        assert body["customQuestions"] == opened["customQuestions"]
        assert [test["questions"] for test in body["testLibrary"]] == [
            test["questions"] for test in opened["testLibrary"]
        ]
        for key in ("totalQuestion", "totalTestTimeLimit"):
            assert body[key] == opened[key]


def test_completed_at_is_set_once(lifecycle: Lifecycle) -> None:
    times = [
        payload["data"]["completedAt"]
        for event in ("candidate.completed", "candidate.score_updated", "candidate.rejected")
        for payload in lifecycle[event]
    ]
    at = EPOCH + timedelta(seconds=3 * STEP)
    assert times == [f"{at:%Y-%m-%dT%H:%M:%S}.750Z"] * 4
    for event in ("candidate.invited", "candidate.enrolled", "candidate.in_progress"):
        assert only(lifecycle, event)["completedAt"] is None


def test_the_timestamp_is_the_occurrence_in_milliseconds(lifecycle: Lifecycle) -> None:
    payloads = lifecycle["candidate.status_changed"]
    start = int(EPOCH.timestamp() * 1_000)
    assert [payload["timestamp"] - start for payload in payloads] == [
        0,
        61_250,
        122_500,
        183_750,
        306_250,
    ]
    assert all(type(payload["timestamp"]) is int for payload in payloads)


def test_the_total_time_is_test_limits_and_custom_durations(lifecycle: Lifecycle) -> None:
    for event in ("assessment.updated", "assessment.archived", "assessment.deleted"):
        body = only(lifecycle, event)
        assert body["totalTime"] == sum(test["timeLimit"] for test in body["testLibrary"]) + sum(
            question["duration"] for question in body["customQuestion"]
        )
    limits = sum(one["timeLimit"] for one in only(lifecycle, "assessment.updated")["testLibrary"])
    assert only(lifecycle, "candidate.in_progress")["totalTestTimeLimit"] == limits


def test_the_score_is_the_newest(lifecycle: Lifecycle) -> None:
    opened, completed = (only(lifecycle, "candidate.in_progress"),
                         only(lifecycle, "candidate.completed"))  # fmt: skip
    first, second = (one["data"] for one in lifecycle["candidate.score_updated"])
    assert (opened["totalScoreAchieved"], opened["avgScorePercentage"]) == (0, 0)
    # 37, 32, 37 in the examples: the written answer is not marked yet at completion.
    maxima = [body["totalScore"] for body in (opened, completed, first, second)]
    assert maxima == [maxima[0], maxima[0] - 5, maxima[0], maxima[0]]
    for body in (first, second):
        assert body["avgScorePercentage"] == round(
            100 * body["totalScoreAchieved"] / body["totalScore"]
        )
    rejected = only(lifecycle, "candidate.rejected")
    assert rejected["totalScoreAchieved"] == first["totalScoreAchieved"]
    assert (first["status"], rejected["status"], second["status"]) == (
        "COMPLETED",
        "REJECTED",
        "REJECTED",
    )


def test_the_monitor_is_the_same_from_start_to_end(lifecycle: Lifecycle) -> None:
    start, end = (only(lifecycle, event)["antiCheatingMonitor"]
                  for event in ("candidate.in_progress", "candidate.completed"))  # fmt: skip
    for key in ("_id", "location", "city", "recentLatitude", "recentLongitude", "device"):
        assert start[key] == end[key]
    assert start["screenLeftByCandidateCount"] == 0


def test_the_invite_link_names_the_candidate(lifecycle: Lifecycle) -> None:
    body = only(lifecycle, "candidate.invited")
    key = body["inviteLink"].partition("?key=")[2].removesuffix("&isPublic=false")
    text = base64.b64decode(key, validate=True).decode()
    invitation = json.loads(text)
    assert list(invitation) == ["email", "inviteKey", "defaultLanguage"]
    assert json.dumps(invitation, separators=(",", ":")) == text
    assert invitation["email"] == body["email"]
    assert invitation["inviteKey"].endswith("-ik")


def test_the_result_links_end_in_the_same_file(lifecycle: Lifecycle) -> None:
    link = only(lifecycle, "candidate.completed")["resultLink"]
    paths = {one["data"]["resultLink"] for one in lifecycle["candidate.score_updated"]}
    assert paths == {link.removeprefix("https://cdn-global.net/")}


def test_deleted_after_an_invitation_equals_the_update_before_it_but_for_two_values(
    lifecycle: Lifecycle,
) -> None:
    (updated,), (deleted,) = lifecycle["assessment.updated"], lifecycle["assessment.deleted"]
    assert (updated["event"], updated["data"]["assessmentStatus"]) == ("updated", "PUBLISHED")
    assert (deleted["event"], deleted["data"]["assessmentStatus"]) == ("deleted", "SUBSCRIBED")
    differing = {key for key in updated if key != "data" and updated[key] != deleted[key]}
    assert differing == {"event"}
    differing = {key for key in updated["data"] if updated["data"][key] != deleted["data"][key]}
    assert differing == {"assessmentStatus"}
    assert list(updated["data"]) == list(deleted["data"])


def test_the_update_shows_the_values_that_the_draft_had(lifecycle: Lifecycle) -> None:
    created, updated = (only(lifecycle, "assessment.created"),
                        only(lifecycle, "assessment.updated"))  # fmt: skip
    for key in ("assessmentId", "name", "jobRoleId", "grading", "reportSetting"):
        assert created[key] == updated[key]


def test_an_update_after_an_invitation_has_the_status_subscribed(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(name="m", payload_url="http://example.com/", events=["updated"])
        id_ = workspace.create_assessment().id
        workspace.invite(id_)
        workspace.update_assessment(id_, title="New title")
        (payload,) = await sent_payloads(workspace)
        assert payload["data"]["assessmentStatus"] == "SUBSCRIBED"
        assert payload["data"]["name"] == payload["data"]["jobRoleName"] == "New title"

    asyncio.run(main())


def test_an_assessment_sends_the_events_of_its_lifecycle(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(name="m", payload_url="http://example.com/", events=list(EVENT_TYPES))
        id_ = workspace.create_assessment().id
        row = LIFECYCLE.transition(NEW, "create")
        expected = [*row.events]
        for command in ("publish", "archive", "unarchive", "delete"):
            workspace.move_assessment(id_, command)
            row = LIFECYCLE.transition(row.next_state, command)
            expected += row.events
        await workspace.settle()
        assert [delivery.event for delivery in workspace.deliveries()] == expected

    asyncio.run(main())


def test_ids_carry_the_seconds_of_the_workspace_s_clock(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        await workspace.advance(3_600.5)
        at = f"{int(EPOCH.timestamp()) + 3_600:08x}"
        assessment = workspace.create_assessment()
        candidate = workspace.invite(assessment.id)
        webhook = workspace.add_webhook(
            name="m", payload_url="http://example.com/", events=["created"]
        )
        for id_ in (assessment.id, candidate.id, candidate.candidate_id, webhook.id):
            assert id_.startswith(at)
        # A person keeps the id of their first invitation.
        await workspace.advance(60.0)
        other = workspace.create_assessment()
        again = workspace.invite(other.id, email=candidate.email)
        assert again.candidate_id == candidate.candidate_id
        assert not again.id.startswith(at)

    asyncio.run(main())


@pytest.mark.parametrize("seed", range(40))
def test_each_lifecycle_fits_its_schemas_for_every_seed(
    seed: int, make_workspace: MakeWorkspace
) -> None:
    async def main() -> None:
        workspace = make_workspace(seed=seed)
        workspace.add_webhook(name="m", payload_url="http://example.com/", events=list(EVENT_TYPES))
        for way in (WAY, ["enroll", "start", "disqualify"], ["enroll", "disqualify"], ["expire"]):
            id_ = workspace.invite(workspace.create_assessment().id).id
            for command in way:
                workspace.move_candidate(id_, command)
        await workspace.settle()
        assert workspace.state.refused == []
        at = datetime.fromtimestamp(
            workspace.deliveries()[1].payload["timestamp"] / 1_000, EPOCH.tzinfo
        )
        assert at == EPOCH

    asyncio.run(main())
