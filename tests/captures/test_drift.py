"""Drift: each kind of difference, with its path, numbers, example and provenance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from emulator.captures.capture import Capture
from emulator.captures.drift import Comparison, Drift, compare, shown
from emulator.captures.drift_formats import FORMATS
from emulator.captures.sample_payloads import sent
from emulator.contracts.validation import Contracts
from emulator.domain.events import EVENTS_OF

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[2] / "schemas" / "v1" / "examples"
CONTRACTS = Contracts()


def completed() -> Any:
    return json.loads(msgspec.json.encode(sent("v1", "candidate.completed")[0]))


def drifts(*payloads: Any, contracts: Contracts = CONTRACTS) -> tuple[Drift, ...]:
    return compare(
        [Capture(json.dumps(payload).encode()) for payload in payloads], contracts, sent
    ).drifts


def changed(edit: Callable[[Any], object]) -> Any:
    payload = completed()
    edit(payload["data"])
    return payload


def moved(data: Any) -> None:
    data["email"] = data.pop("email")


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_the_documented_examples_do_not_drift(file: Path) -> None:
    assert drifts(json.loads(file.read_bytes())) == ()


@pytest.mark.parametrize("event", EVENTS_OF["v2"])
def test_the_payloads_of_the_emulator_do_not_drift(event: str) -> None:
    captures = [Capture(msgspec.json.encode(one)) for one in sent("v2", event)]
    found = compare(captures, CONTRACTS, sent)
    assert (found.drifts, found.compared) == ((), len(captures))


@pytest.mark.parametrize(
    ("edit", "kind", "path", "example"),
    [
        (lambda data: data.update(stage="Ada"), "added", "$.data.stage", "<word>"),
        (lambda data: data.pop("lastName"), "removed", "$.data.lastName", ""),
        (lambda data: data.update(totalScore="32"), "retyped", "$.data.totalScore", "<numeric>"),
        (lambda data: data.update(orgName=None), "nullable", "$.data.orgName", "null"),
        (lambda data: data.update(status="HIRED"), "new value", "$.data.status", "HIRED"),
        (lambda data: data.update(candidateId="7-x"), "new form", "$.data.candidateId", "<text>"),
        (moved, "new order", "$.data", "status in the place of email"),
        (
            lambda data: data["testLibrary"][0].update(level={"a": "Ada", "b c": [1, 2]}),
            "added",
            "$.data.testLibrary[0].level",
            "{a: <word>, <text>: [1, ...]}",
        ),
    ],
)
def test_each_kind_is_found_alone_with_its_path_and_a_redacted_example(
    edit: Callable[[Any], object], kind: str, path: str, example: str
) -> None:
    [found] = drifts(completed(), changed(edit), changed(edit))
    assert (found.kind, found.path, found.example) == (kind, path, example)
    assert (found.count, found.of, found.provenance) == (2, 3, "documented")
    assert (found.event, found.generation, found.meaning) == ("candidate.completed", "v1", "change")


def test_all_items_of_a_list_count_once() -> None:
    payload = completed()
    for test in payload["data"]["testLibrary"]:
        test["level"] = 1
    [found] = drifts(payload)
    assert (found.path, found.count, found.of) == ("$.data.testLibrary[0].level", 1, 1)


def test_a_new_event_type_is_reported() -> None:
    payload = completed() | {"event": "shortlisted"}
    [found] = drifts(payload, completed())
    assert (found.event, found.kind, found.path) == (
        "candidate.shortlisted", "new event type", "$",
    )  # fmt: skip
    assert (found.count, found.of, found.meaning) == (1, 1, "change")


def test_a_contradicted_assumption_is_a_discovery(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    schema = {
        "x-provenance": "documented",
        "required": ["a"],
        "properties": {
            "a": {"x-provenance": "assumed"},
            "data": {"$ref": "#/$defs/data"},
            "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "$defs": {"data": {"type": "object", "x-provenance": "assumed", "minProperties": 1}},
    }
    (tmp_path / "v1" / "candidate.completed.json").write_text(json.dumps(schema))
    payload = {"type": "candidate", "event": "completed", "data": {}, "b": "1"}
    found = drifts(payload, contracts=Contracts(tmp_path))
    assert {(one.path, one.kind, one.meaning) for one in found if one.kind != "new order"} == {
        ("$.a", "removed", "discovery"),
        ("$.data", "new form", "discovery"),
        ("$.b", "retyped", "change"),
    }


def test_test_events_and_other_bodies_are_skipped_and_counted() -> None:
    captures = [Capture(b"{}"), Capture(b"\xff"), Capture(b"[]"), Capture(b"{}")]
    found = compare(captures, CONTRACTS, sent)
    assert found == Comparison((), 0, {"test": 2, "unreadable": 2})


FOUND = Comparison(
    (
        Drift("candidate.completed", "v1", "added", "$.data.a|b", 2, 3, "<word>", "documented"),
        Drift("candidate.completed", "v1", "removed", "$.data.c", 3, 3, "", "assumed"),
    ),
    3,
    {"test": 1},
)
SUMMARY = "3 captures compared; 1 test skipped: changes: 1, discoveries: 1"
WRITTEN = {
    "text": f"""\
candidate.completed (v1)
  $.data.a|b: added in 2 of 3, such as <word> (documented: a change)
  $.data.c: removed in 3 of 3 (assumed: a discovery)
{SUMMARY}""",
    "markdown": rf"""| Event type | Where | Drift | Captures | Example | Contradicts |
|---|---|---|---|---|---|
| candidate.completed | $.data.a\|b | added | 2 of 3 | \<word\> | documented: a change |
| candidate.completed | $.data.c | removed | 3 of 3 |  | assumed: a discovery |

{SUMMARY}""",
    "github": f"""\
::error title=candidate.completed $.data.a|b::added in 2 of 3, such as <word> (documented: a change)
::notice title=candidate.completed $.data.c::removed in 3 of 3 (assumed: a discovery)
{SUMMARY}""",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_comparison_is_written_for_people_and_for_github(name: str) -> None:
    assert FORMATS[name](FOUND) == WRITTEN[name]


def test_a_comparison_is_written_as_json() -> None:
    found = json.loads(FORMATS["json"](FOUND))
    assert (found["compared"], found["skipped"]) == (3, {"test": 1})
    assert found["drifts"][1] == {
        "event": "candidate.completed",
        "generation": "v1",
        "kind": "removed",
        "path": "$.data.c",
        "count": 3,
        "of": 3,
        "example": "",
        "provenance": "assumed",
        "meaning": "discovery",
    }


def test_no_text_of_a_capture_is_in_an_example() -> None:
    value = {"a": ["Ada Lovelace", "x"], "b": "ada@example.com", "ada@example.com": {}}
    assert shown(value) == "{a: [<text>, ...], b: <email>, <email>: {}}"
