"""v2 payloads: the documented example, the observed paths, and the assumed keys."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from emulator import data
from emulator.domain import assessment as assessments
from emulator.domain.assessment import AssessmentSettings
from emulator.domain.events import EVENT_TYPES, EVENTS_OF
from emulator.domain.payloads import fields, v1, v2
from emulator.domain.sample import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.contracts.validation import Contracts
    from emulator.domain.occurrence import Occurrence

AT = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
EXAMPLE: Any = json.loads((data.schemas() / "v2/examples/assessment.archived.json").read_bytes())
CANDIDATE_EVENTS = [one for one in EVENT_TYPES if EVENT_TYPES[one].subject == "candidate"]
STATUS_EVENTS = [
    one
    for one in CANDIDATE_EVENTS
    if one not in ("candidate.status_changed", "candidate.score_updated")
]


def made(event: str, seed: int = 1) -> Occurrence:
    return sample(event, AT, random.Random(seed))


def changed(event: str, seed: int = 1) -> Any:
    """Return the status change that comes with an event."""
    return v2.payload("candidate.status_changed", made(event, seed))


def shape(value: Any, path: str = "$") -> Iterator[tuple[str, object]]:
    """Yield each path, places in lists left out, with its type; of an object, its keys in order."""
    yield path, tuple(value) if isinstance(value, dict) else type(value)
    if isinstance(value, dict):
        for key, one in value.items():
            yield from shape(one, f"{path}.{key}")
    elif isinstance(value, list):
        for one in value:
            yield from shape(one, f"{path}[]")


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, dict | list):
            yield from objects(one)


def test_an_archived_assessment_has_the_keys_order_and_types_of_the_documented_example() -> None:
    found = v2.payload("assessment.archived", made("assessment.archived"))
    assert set(shape(found)) == set(shape(EXAMPLE))
    assert found["data"]["status"] == EXAMPLE["data"]["status"]
    assert found["event"] == EXAMPLE["event"] == "archived"


@pytest.mark.parametrize("event", ["created", "updated", "deleted"])
def test_other_assessment_events_have_the_same_groups(event: str) -> None:
    found = v2.payload(f"assessment.{event}", made(f"assessment.{event}"))
    assert {path: keys for path, keys in shape(found) if "[]" not in path} == {
        path: keys for path, keys in shape(EXAMPLE) if "[]" not in path
    }
    assert found["data"]["status"]["isArchived"] is False


def test_a_completion_has_the_three_paths_that_a_consumer_reads() -> None:
    occurrence = made("candidate.completed")
    inner = v2.payload("candidate.completed", occurrence)["data"]
    assert inner["assessmentId"] == occurrence.assessment.id
    assert inner["candidate"]["email"] == occurrence.who.email
    assert occurrence.who.score
    assert inner["scores"]["avgScorePercentage"] == occurrence.who.score.percentage


@pytest.mark.parametrize("event", EVENTS_OF["v2"])
def test_a_payload_fits_its_schema_for_every_seed(event: str, contracts: Contracts) -> None:
    for seed in range(100):
        assert contracts.violations("v2", event, v2.payload(event, made(event, seed))) == []


@pytest.mark.parametrize("event", STATUS_EVENTS)
def test_a_status_change_fits_its_schema_for_every_seed(event: str, contracts: Contracts) -> None:
    for seed in range(100):
        found = changed(event, seed)
        assert contracts.violations("v2", "candidate.status_changed", found) == []


@pytest.mark.parametrize("event", EVENTS_OF["v2"])
def test_event_is_the_short_word_and_keys_are_in_alphabetical_order(event: str) -> None:
    found = v2.payload(event, made(event))
    assert found["event"] == event.partition(".")[2]
    assert list(found) == ["data", "event", "success"]
    assert found["success"] is True
    for one in objects(found):
        assert list(one) == sorted(one)


@pytest.mark.parametrize("event", STATUS_EVENTS)
def test_a_field_of_v1_has_the_same_value_in_v2(event: str) -> None:
    occurrence = made(event)
    before = v1.payload("candidate.status_changed", occurrence)
    after = v2.payload("candidate.status_changed", occurrence)
    other = {"resultLink", "antiCheatingMonitor", "testLibrary"}
    for name in set(before["data"]) & set(fields.FIELDS) - other:
        assert fields.find(after, name) == fields.find(before, name), name


def test_every_candidate_event_has_the_same_keys() -> None:
    found = {tuple(changed(event)["data"]) for event in STATUS_EVENTS}
    assert len(found) == 1


def test_values_that_do_not_exist_yet_are_null() -> None:
    for event in ("candidate.invited", "candidate.enrolled", "candidate.invitation_expired"):
        inner = changed(event)["data"]
        assert inner["links"]["resultLink"] is None
        assert inner["antiCheatingMonitor"] is None
        assert inner["timeline"]["completedAt"] is None
    open_tests = changed("candidate.in_progress")["data"]["testLibraries"]
    assert [one["completedAt"] for one in open_tests] == [None, None]


def test_a_rejection_keeps_the_results_of_the_tests() -> None:
    completed, rejected = changed("candidate.completed"), changed("candidate.rejected")
    keys = [tuple(test) for test in completed["data"]["testLibraries"]]
    assert [tuple(test) for test in rejected["data"]["testLibraries"]] == keys
    assert all(test["completed"] for test in rejected["data"]["testLibraries"])


def test_variants_reach_v2() -> None:
    occurrence = made("candidate.completed")
    found = v2.payload("candidate.completed", occurrence, ["skills", "result_link_path"])
    assert all(test["skills"] for test in found["data"]["testLibraries"])
    assert found["data"]["links"]["resultLink"].startswith("reports/pdf/")


def test_the_languages_are_auto_and_english_or_the_tag_of_another_language() -> None:
    occurrence = made("assessment.updated")
    job = msgspec.structs.replace(
        occurrence.assessment, settings=AssessmentSettings(default_language="fr")
    )
    for one, expected in ((occurrence.assessment, ("auto", "English")), (job, ("fr", "fr"))):
        found = v2.payload(
            "assessment.updated", msgspec.structs.replace(occurrence, assessment=one)
        )["data"]["assessment"]
        assert (found["defaultLanguage"], found["language"]) == expected


def test_a_draft_shows_none_of_its_content() -> None:
    occurrence = made("assessment.created")
    assert occurrence.assessment.state == assessments.DRAFT
    inner = v2.payload("assessment.created", occurrence)["data"]
    assert inner["testLibraries"] == []
    assert inner["limits"]["totalTime"] == inner["limits"]["totalCustomQuestion"] == 0
