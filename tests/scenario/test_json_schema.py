"""schemas/scenario.json: current, a valid schema, and one that every good file fits."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from emulator import data
from emulator.contracts.schema_documents import SchemaLibrary
from emulator.scenario.discovery import bundled
from emulator.scenario.json_schema import ID, schema, text
from emulator.scenario.steps.table import STEPS

if TYPE_CHECKING:
    from datetime import datetime

HEAD = "scenario: x\nconsumer:\n  - {payload_url: 'http://127.0.0.1:9', events: [invited]}\n"


def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def _plain(body: str) -> Any:
    # A variable without quotes in braces is no YAML for other parsers than ours.
    quoted = re.sub(r"(?<![\"'\w/])(\$\{[^}]*\})(?![\"'/])", r'"\1"', body)
    # Times are text to the schema, as they are to YAML 1.2's core schema.
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(quoted), default=_as_text))


def _as_text(time: datetime) -> str:
    return f"{time.isoformat()}Z"


def _problems(body: str) -> list[str]:
    return [error.json_path for error in _validator().iter_errors(_plain(body))]


def test_the_schema_file_is_generated_from_the_steps() -> None:
    assert (data.schemas() / "scenario.json").read_text() == text(), "run scripts/docs"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(text())["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_it_is_not_mistaken_for_the_schema_of_a_payload() -> None:
    assert ID not in SchemaLibrary(None).documents


@pytest.mark.parametrize("name", [one.name for one in bundled()])
def test_every_bundled_scenario_fits(name: str) -> None:
    assert _problems((data.scenarios() / f"{name}.yaml").read_text()) == []


@pytest.mark.parametrize("name", STEPS)
def test_every_example_fits(name: str) -> None:
    assert _problems(f"{HEAD}steps:\n  - {STEPS[name].example}\n") == []


def test_every_scenario_on_the_page_fits() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert blocks
    assert [_problems(block) for block in blocks] == [[]] * len(blocks)


@pytest.mark.parametrize(
    "step",
    [
        "enrol: ada",
        "enroll: {candidate: ada, extra: 1}",
        "enroll:",
        "invite: {as: ada}",
        "wait: 5",
        "wait: soon",
        "complete: {candidate: ada, score: -1}",
        "expect: {event: candidate.completed, count: many}",
        "expect: {event: candidate.completed, answered: ok}",
        "expect: {event: candidate.completed, where: {a: {at_leest: 3}}}",
        "expect: {event: candidate.completed, where: {a: {any: true, absent: true}}}",
        "probe: {get: 'http://a'}",
        "probe: {get: 'ftp://a', expect: {status: 200}}",
        "repeat: {times: 1000000000, steps: [{wait: 1s}]}",
        "repeat: {times: 2, steps: []}",
        "parallel: [{enrol: ada}]",
        "set_clock: tomorrow",
        "{wait: 1s, enroll: ada}",
    ],
)
def test_a_wrong_step_does_not_fit_the_schema(step: str) -> None:
    assert _problems(f"{HEAD}steps:\n  - {step}\n")


def test_a_scenario_needs_its_keys_and_no_others() -> None:
    assert _problems("scenario: x\n")
    assert _problems(f"{HEAD}steps: []\n")
    assert _problems(f"{HEAD}stepz: []\nsteps: [wait: 1s]\n")
