"""v1 payloads against their examples, and the documented irregularities one by one."""

from __future__ import annotations

import base64
import json
import random
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from emulator import data
from emulator.domain.candidate import LIFECYCLE
from emulator.domain.commands import DisqualifyDetails, moving
from emulator.domain.events import EVENT_TYPES
from emulator.domain.payloads.links import invite_link
from emulator.domain.payloads.v1 import payload
from emulator.domain.sample import sample
from emulator.domain.transitions import moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.contracts.validation import Contracts
    from emulator.domain.candidate import Candidate
    from emulator.domain.commands import Details
    from emulator.domain.occurrence import Occurrence

AT = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
EXAMPLES: dict[str, Any] = {
    file.name.removesuffix(".json"): json.loads(file.read_bytes())
    for file in sorted((data.schemas() / "v1/examples").iterdir(), key=lambda one: one.name)
}
STATUS_EVENTS = sorted({
    event
    for row in LIFECYCLE.rows
    if "candidate.status_changed" in row.events
    for event in row.events[1:]
})  # fmt: skip


def made(event: str, seed: int = 1) -> Occurrence:
    return sample(event, AT, random.Random(seed))


def who(occurrence: Occurrence) -> Candidate:
    assert occurrence.candidate is not None
    return occurrence.candidate


def then(occurrence: Occurrence, command: str, details: Details | None = None) -> Occurrence:
    """Return the result of *command*, a minute later."""
    row = LIFECYCLE.transition(who(occurrence).state, command)
    at = occurrence.at + timedelta(minutes=1)
    candidate = moved(
        who(occurrence),
        command,
        row.next_state,
        content=occurrence.assessment.content,
        at=at,
        details=details or moving("candidate", command).details(),
        draw=lambda: random.Random(command),
    )
    return msgspec.structs.replace(
        occurrence, command=command, at=at, events=row.events, candidate=candidate
    )


def built(example: str, seed: int = 1) -> dict[str, Any]:
    """Return a payload of the kind that the example of that name shows."""
    event, _, case = (".".join(example.split(".")[:2]), "", ".".join(example.split(".")[2:]))
    if event == "candidate.status_changed":
        return payload(event, made(f"candidate.{case}", seed))
    if case == "rejected":
        return payload(event, then(made("candidate.rejected", seed), "rescore"))
    if case == "proctoring":
        return payload(event, then(made("candidate.in_progress", seed), "disqualify"))
    return payload(event, made(event, seed))


def body(event: str, seed: int = 1) -> dict[str, Any]:
    """Return the data of a payload."""
    found: dict[str, Any] = payload(event, made(event, seed))["data"]
    return found


def objects(value: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object in a payload with its path, places in lists left out."""
    if isinstance(value, dict):
        yield path, value
        for key, one in value.items():
            yield from objects(one, f"{path}.{key}")
    elif isinstance(value, list):
        for one in value:
            yield from objects(one, f"{path}[]")


def shapes(value: Any) -> dict[str, set[tuple[str, ...]]]:
    """Return path -> the keys, in order, of the objects at that path."""
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for path, one in objects(value):
        found[path].add(tuple(one))
    return found


# --- against the examples -------------------------------------------------------------------


def test_the_examples_show_each_event_type() -> None:
    assert {".".join(name.split(".")[:2]) for name in EXAMPLES} == set(EVENT_TYPES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_keys_and_their_order_are_those_of_the_example_at_every_depth(name: str) -> None:
    example, ours = shapes(EXAMPLES[name]), shapes(built(name))
    assert set(example) <= set(ours)
    for path in example:
        assert ours[path] <= example[path], path
    # A coding question's cases are all that no example of the archive has.
    assert set(ours) - set(example) <= {"$.data.customQuestion[].testCases[]"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_object_but_invitation_expired_is_sorted_by_length_then_bytes(name: str) -> None:
    for path, one in objects(built(name)["data"]):
        is_sorted = list(one) == sorted(one, key=lambda key: (len(key), key.encode()))
        assert is_sorted is ("expired" not in name or path != "$"), path


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_envelope_is_that_of_the_example(name: str) -> None:
    example, ours = EXAMPLES[name], built(name)
    for key in ("type", "event", "success", "metadata"):
        assert ours.get(key, "absent") == example.get(key, "absent")


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_value_has_a_type_that_the_example_has_there(name: str) -> None:
    """Of a scalar in data; a list's own items are the business of the schema."""
    for key, value in EXAMPLES[name]["data"].items():
        ours = built(name)["data"][key]
        assert type(ours) is type(value), key


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_a_payload_fits_its_schema_for_every_seed(event: str, contracts: Contracts) -> None:
    for seed in range(100):
        assert contracts.violations("v1", event, payload(event, made(event, seed))) == []


@pytest.mark.parametrize("event", STATUS_EVENTS)
def test_a_status_change_fits_its_schema_for_every_seed(event: str, contracts: Contracts) -> None:
    for seed in range(100):
        found = payload("candidate.status_changed", made(event, seed))
        assert contracts.violations("v1", "candidate.status_changed", found) == []


def test_payloads_off_the_shortest_path_fit_their_schemas(contracts: Contracts) -> None:
    for seed in range(100):
        for name in ("candidate.score_updated.rejected", "candidate.disqualified.proctoring"):
            event = ".".join(name.split(".")[:2])
            assert contracts.violations("v1", event, built(name, seed)) == []


# --- irregularities, by the numbers of the reference ----------------------------------------


@pytest.mark.parametrize("event", [id_ for id_, one in EVENT_TYPES.items() if one.v1_word])
def test_event_is_the_word_of_the_event_type(event: str) -> None:
    assert payload(event, made(event))["event"] == EVENT_TYPES[event].v1_word


@pytest.mark.parametrize("event", STATUS_EVENTS)
def test_the_all_in_one_event_has_the_data_of_its_status(event: str) -> None:
    occurrence = made(event)
    assert payload("candidate.status_changed", occurrence) == {
        "data": payload(event, occurrence)["data"],
        "type": "candidate",
        "event": "candidateStatusChanged",
        "success": True,
        "metadata": False,
        "timestamp": 1772600767089,
    }


def test_a_disqualified_candidate_is_at_the_stage_rejected() -> None:
    found = body("candidate.disqualified")
    assert (found["status"], found["candidateStage"]) == ("DISQUALIFIED", "Rejected")
    assert found["avgScorePercentage"] is None
    assert found["completedAt"] == "2026-03-04T05:06:07.089Z"


def test_in_progress_keeps_the_stage_of_enrolled() -> None:
    assert body("candidate.in_progress")["candidateStage"] == "Enrolled For Assessment"


def test_metadata_is_false_for_candidates_and_an_object_for_assessments() -> None:
    found = {event: payload(event, made(event)).get("metadata", "absent") for event in EVENT_TYPES}
    assert found.pop("candidate.invitation_expired") == "absent"
    for event, metadata in found.items():
        assert metadata == ({} if event.startswith("assessment.") else False)
        assert metadata is not True


def test_the_timestamp_is_there_for_candidates_but_for_two() -> None:
    lacking = {event for event in EVENT_TYPES if "timestamp" not in payload(event, made(event))}
    assert lacking == {
        "candidate.disqualified",
        "candidate.invitation_expired",
        *(event for event in EVENT_TYPES if event.startswith("assessment.")),
    }


def test_the_timestamp_is_the_occurrence_in_whole_milliseconds() -> None:
    found = payload("candidate.completed", made("candidate.completed"))["timestamp"]
    assert type(found) is int
    assert found == 1772600767089


def test_no_millisecond_is_lost_in_a_timestamp() -> None:
    for milliseconds in range(1_000):
        at = AT.replace(microsecond=milliseconds * 1_000)
        found = payload("candidate.invited", sample("candidate.invited", at, random.Random(1)))
        assert found["timestamp"] % 1_000 == milliseconds
        assert found["data"]["invitedAt"] == f"2026-03-04T05:06:07.{milliseconds:03}Z"


def test_invitation_expired_differs_from_the_other_events() -> None:
    occurrence = made("candidate.invitation_expired")
    found = payload("candidate.invitation_expired", occurrence)
    assert list(found) == ["success", "data"]
    inner = found["data"]
    assert inner["expired"] is False
    assert inner["candidateStatus"] == "INVITATION_EXPIRED"
    assert inner["candidateStage"] == "Request Expired For Assessment"
    assert inner["title"] == inner["assessmentName"] == occurrence.assessment.title
    assert inner["orgId"] == occurrence.organisation.id
    assert not {"status", "candidateId", "inviteLink", "assessment", "companyId"} & set(inner)


def test_custom_questions_are_plural_for_candidates_and_singular_for_assessments() -> None:
    candidate, assessment = body("candidate.completed"), body("assessment.updated")
    assert {"customQuestions", "qualificationQuestions"} <= set(candidate)
    assert {"customQuestion", "qualificationQuestion"} <= set(assessment)
    assert not {"customQuestion", "qualificationQuestion"} & set(candidate)
    assert not {"customQuestions", "qualificationQuestions"} & set(assessment)


def test_the_result_link_has_four_forms_and_is_absent() -> None:
    path = "reports/pdf/assessment-candidate-report/ID.pdf"
    forms = {
        "candidate.status_changed": None,
        "candidate.invited": None,
        "candidate.enrolled": "null",
        "candidate.in_progress": "null",
        "candidate.completed": f"https://cdn-global.net/{path}",
        "candidate.disqualified": "absent",
        "candidate.invitation_expired": "absent",
        "candidate.rejected": path,
        "candidate.score_updated": path,
    }
    for event, form in forms.items():
        link = body(event).get("resultLink", "absent")
        assert (link and link.replace(who(made(event)).id, "ID")) == form


def test_the_monitor_is_absent_empty_or_an_object() -> None:
    forms = {
        "candidate.status_changed": None,
        "candidate.invited": None,
        "candidate.enrolled": "",
        "candidate.disqualified": None,
        "candidate.invitation_expired": "",
        "candidate.rejected": None,
        "candidate.score_updated": None,
    }
    assert {event: body(event).get("antiCheatingMonitor") for event in forms} == forms
    for event in ("candidate.in_progress", "candidate.completed"):
        form = body(event)["antiCheatingMonitor"]
        assert len(form) == 16
        assert form["startIPAddress"] == "xxx.xxx.xxx.xxx"
        assert isinstance(form["recentLatitude"], str)
        assert isinstance(form["recentLongitude"], str)
        assert form["timeSpentOutside"] % 1_000 == 0


def test_total_question_counts_only_the_questions_of_tests() -> None:
    found = body("candidate.completed")
    assert found["totalQuestion"] == sum(len(test["questions"]) for test in found["testLibrary"])
    assert len(found["customQuestions"]) == 3


def test_elapsed_times_are_float_seconds_in_tests_and_whole_minutes_in_all() -> None:
    for seed in range(50):
        found = body("candidate.completed", seed)
        elapsed = [test["elapsedTime"] for test in found["testLibrary"]]
        assert all(type(one) is float for one in elapsed)
        total = found["totalTestElapsedTime"]
        assert type(total) is int
        assert total % 60 == 0
        assert 0 <= sum(elapsed) - total < 60


def test_a_wrong_answer_took_float_seconds() -> None:
    (question,) = body("candidate.disqualified")["qualificationQuestions"]
    assert type(question["elapseDuration"]) is float
    assert [(option["isCorrect"], option["isAnswered"]) for option in question["options"]] == [
        (True, False),
        (False, True),
    ]
    assert question["isAnsweredCorrect"] is False


def test_the_time_of_an_assessment_is_that_of_tests_and_custom_questions() -> None:
    found = body("assessment.updated")
    tests = sum(test["timeLimit"] for test in found["testLibrary"])
    assert found["totalTime"] == tests + sum(
        question["duration"] for question in found["customQuestion"]
    )
    assert found["totalTestLibrary"] == len(found["testLibrary"])
    assert found["totalCustomQuestion"] == len(found["customQuestion"])


def test_the_time_in_a_candidate_s_payload_is_only_that_of_the_tests() -> None:
    occurrence = made("candidate.in_progress")
    found = payload("candidate.in_progress", occurrence)["data"]
    assert found["totalTestTimeLimit"] == occurrence.assessment.content.test_time
    assert found["totalTestTimeLimit"] < occurrence.assessment.content.total_time


def test_completed_at_of_an_open_test_is_an_empty_string_and_the_candidate_s_own_is_null() -> None:
    found = body("candidate.in_progress")
    assert found["completedAt"] is None
    for test in found["testLibrary"]:
        assert (test["completedAt"], test["completed"], test["elapsedTime"]) == ("", False, 0)


@pytest.mark.parametrize("event", ["candidate.score_updated", "candidate.rejected"])
def test_a_new_score_and_a_rejection_carry_no_score_a_test(event: str) -> None:
    for test in body(event)["testLibrary"]:
        assert list(test) == ["questions", "testLibraryId", "testLibraryTitle"]


def test_a_candidate_who_was_answering_is_disqualified_with_the_tests_open() -> None:
    found = built("candidate.disqualified.proctoring")["data"]
    assert found["qualificationQuestions"] == []
    assert len(found["testLibrary"]) == 2
    assert found["avgScorePercentage"] is None


def test_a_candidate_can_be_disqualified_for_proctoring_before_the_tests() -> None:
    occurrence = then(made("candidate.enrolled"), "disqualify", DisqualifyDetails("proctoring"))
    found = payload("candidate.disqualified", occurrence)["data"]
    assert (found["qualificationQuestions"], found["testLibrary"]) == ([], [])


def test_an_archived_assessment_has_shorter_tests_and_questions() -> None:
    updated, archived = body("assessment.updated"), body("assessment.archived")
    assert [len(test) for test in updated["testLibrary"]] == [17, 17]
    assert [len(test) for test in archived["testLibrary"]] == [12, 12]
    assert [len(question) for question in updated["customQuestion"]] == [20, 20, 20]
    assert [len(question) for question in archived["customQuestion"]] == [13, 13, 13]


def test_the_payload_of_an_archived_assessment_has_is_archived_false() -> None:
    found = body("assessment.archived")
    assert found["isArchived"] is False
    assert found["assessmentStatus"] == "SUBSCRIBED"


def test_an_archived_payload_lacks_ten_keys_of_an_updated_one() -> None:
    assert set(body("assessment.updated")) - set(body("assessment.archived")) == {
        "grading", "customFields", "reportSetting", "forceFullScreen", "numberOfAttempts",
        "customQuestionTime", "aiGenerationMetadata", "assessmentInstructions",
        "customQuestionTimerType", "enableNavigationToPreviousQuestions",
    }  # fmt: skip


def test_a_draft_shows_none_of_its_content() -> None:
    found = body("assessment.created")
    assert "qualificationQuestion" not in found
    assert (found["testLibrary"], found["customQuestion"]) == ([], [])
    assert (found["totalTime"], found["totalTestLibrary"], found["totalCustomQuestion"]) == (0,) * 3
    assert found["recipientForNotification"] == []
    assert found["redirectSettings"]["redirectUrl"] is None
    assert found["assessmentStatus"] == "DRAFT"


def test_a_custom_field_gets_its_id_with_the_first_update() -> None:
    assert all("id" not in field for field in body("assessment.created")["customFields"])
    ids = [field["id"] for field in body("assessment.updated")["customFields"]]
    assert all(re.fullmatch(r"[0-9a-f]{8}0{16}", id_) for id_ in ids)


def test_a_deleted_payload_equals_an_updated_one_but_for_two_values() -> None:
    occurrence = made("assessment.updated")
    updated = payload("assessment.updated", occurrence)
    deleted = payload("assessment.deleted", occurrence)
    assert updated.pop("event") == "updated"
    assert deleted.pop("event") == "deleted"
    assert updated["data"].pop("assessmentStatus") == "PUBLISHED"
    assert deleted["data"].pop("assessmentStatus") == "SUBSCRIBED"
    assert deleted == updated


def test_an_invite_link_contains_base64_of_compact_json() -> None:
    candidate = who(made("candidate.invited"))
    link = invite_link(candidate, "")
    match = re.fullmatch(
        r"https://candidate\.testlify\.com/candidate/assessment/invite"
        r"\?key=([A-Za-z0-9+/]+=*)&isPublic=false",
        link,
    )
    assert match is not None
    decoded = base64.b64decode(match[1], validate=True)
    assert (
        decoded
        == (
            f'{{"email":"{candidate.email}","inviteKey":"{candidate.invite_key}",'
            '"defaultLanguage":"en"}'
        ).encode()
    )
    assert candidate.invite_key.endswith("-ik")


def test_a_detail_link_leads_to_the_organisation_s_page_of_the_person() -> None:
    occurrence = made("candidate.enrolled")
    found = payload("candidate.enrolled", occurrence)["data"]
    assert found["candidateDetailLink"] == (
        f"https://{found['orgName']}.testlify.com/assessment/{found['assessmentId']}"
        f"/candidate/{found['candidateId']}"
    )


def test_ids_carry_the_seconds_of_the_clock() -> None:
    occurrence = made("candidate.invited")
    for id_ in (occurrence.assessment.id, who(occurrence).id, who(occurrence).candidate_id):
        assert int(id_[:8], 16) == int(AT.timestamp())
