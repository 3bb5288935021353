"""CTRF against its own schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from emulator.reports import ctrf
from emulator.reports.report import report

if TYPE_CHECKING:
    from emulator.reports.report import Report

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "ctrf.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


@pytest.fixture(scope="module")
def document(sample: Report) -> Any:
    return json.loads(ctrf.document(sample))


def test_it_fits_the_schema(document: Any, passing: Report) -> None:
    VALIDATOR.validate(document)
    VALIDATOR.validate(json.loads(ctrf.document(passing)))


def test_an_empty_run_fits_the_schema(sample: Report) -> None:
    empty = report("Scenarios", [], started=sample.started, duration_ms=0)
    VALIDATOR.validate(json.loads(ctrf.document(empty)))


def test_the_schema_would_see_a_mistake(document: Any) -> None:
    broken = document | {"results": document["results"] | {"more": 1}}
    assert not VALIDATOR.is_valid(broken)


def test_the_summary_counts_each_case_once(document: Any) -> None:
    assert document["results"]["summary"] == {
        "tests": 6, "passed": 1, "failed": 2, "skipped": 1, "pending": 0, "other": 2,
        "start": 1772600767089, "stop": 1772600787089, "duration": 20000,
        "extra": {"verdict": "failed", "interrupted": False},
    }  # fmt: skip
    assert document["results"]["tool"]["name"] == "testlify-emulator"


def test_a_case_has_place_and_reason(document: Any) -> None:
    tests = document["results"]["tests"]
    assert [(test["status"], test["rawStatus"]) for test in tests] == [
        ("failed", "failed"), ("passed", "passed"), ("other", "no evidence"),
        ("failed", "failed"), ("other", "interrupted"), ("skipped", "interrupted"),
    ]  # fmt: skip
    first = tests[0]
    assert (first["filePath"], first["line"]) == ("scenarios/it, fails: 100%.yaml", 9)
    assert first["message"] == "1 of 5 steps failed; first 'expect' at line 9"
    assert "expected 1; got 0" in first["trace"]
    assert (first["duration"], first["labels"], first["tags"]) == (
        1235, {"seed": "7"}, ["lifecycle"],
    )  # fmt: skip
    assert tests[1]["line"] == 1
    assert "trace" not in tests[1]


def test_steps_carry_their_deliveries_with_request_and_response(document: Any) -> None:
    steps = document["results"]["tests"][0]["steps"]
    assert [step["status"] for step in steps] == ["passed", "passed", "passed", "failed", "skipped"]
    first = steps[1]["extra"]["deliveries"][0]
    assert [attempt["response"]["status"] for attempt in first["attempts"]] == [503, 200]
    assert first["attempts"][0]["request"]["headers"]["X-Webhook-Token"] == "[redacted]"
    assert "pwned" in first["attempts"][0]["response"]["body"]


def test_a_check_is_known_by_its_id(document: Any) -> None:
    tests = document["results"]["tests"]
    assert [test.get("testId") for test in tests] == [None, None, None, "accepts.fast", None, None]
    assert tests[3]["name"] == "accepts.fast: Answers within 15 s"


def test_a_case_without_steps_keeps_its_deliveries(document: Any) -> None:
    [one] = document["results"]["tests"][3]["extra"]["deliveries"]
    assert (one["id"], one["status"]) == ("9-1", "failed")
