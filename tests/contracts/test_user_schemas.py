"""A user's folder of schemas: problems and their messages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from emulator import data
from emulator.contracts.user_schemas import check_folder
from emulator.contracts.validation import Contracts
from emulator.domain.events import EVENTS_OF
from emulator.errors import InvalidInputError

NEAR = "'candidate.enrolled', 'candidate.completed', 'candidate.invited'"
KNOWN_IN_V2 = ", ".join(sorted(EVENTS_OF["v2"]))
PATTERN = "must be a regular expression without lookaround and backreferences"
BASE = "https://testlify-emulator.example/schemas/v1/"


def put(folder: Path, name: str, schema: object) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(schema if isinstance(schema, str) else json.dumps(schema))


def complaint(folder: Path) -> list[str]:
    with pytest.raises(InvalidInputError) as error:
        check_folder(folder)
    return str(error.value).splitlines()


def test_the_bundled_schemas_pass() -> None:
    check_folder(data.schemas())


def test_a_copy_of_the_bundled_schemas_passes(tmp_path: Path) -> None:
    shutil.copytree(Path(str(data.schemas())), tmp_path / "mine")
    check_folder(tmp_path / "mine")


def test_a_schema_in_a_folder_may_refer_to_bundled_definitions(
    tmp_path: Path,
) -> None:
    schema = {"properties": {"a": {"$ref": "definitions.json#/$defs/email"}}}
    put(tmp_path, "v1/candidate.completed.json", schema)
    check_folder(tmp_path)


def test_a_folder_without_schemas_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "candidate.completed.json", {})
    assert complaint(tmp_path) == [
        f"no schemas in {str(tmp_path)!r}: expected v1/<event type>.json"
    ]


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert complaint(missing) == [f"no schemas in {str(missing)!r}: expected v1/<event type>.json"]


def test_a_misspelt_event_type_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "v1/candidate.enroled.json", {})
    put(tmp_path, "v2/x.y.json", {})
    assert complaint(tmp_path) == [
        f"v1/candidate.enroled.json: no event type 'candidate.enroled'; near: {NEAR}",
        f"v2/x.y.json: no event type 'x.y'; known: {KNOWN_IN_V2}",
    ]


def test_invalid_json_is_refused_with_its_line(tmp_path: Path) -> None:
    put(tmp_path, "v1/a.json", '{\n  "type": object\n}')
    put(tmp_path, "v1/b.json", "[]")
    put(tmp_path, "v1/c.json", "[" * 100_000)
    (tmp_path / "v1" / "d.json").write_bytes(b'{"title": "\xff"}')
    assert complaint(tmp_path) == [
        "v1/a.json:2:11: not JSON: expecting value",
        "v1/b.json: $: a schema document must be an object",
        "v1/c.json: not JSON: not UTF-8, or nested too deep",
        "v1/d.json: not JSON: not UTF-8, or nested too deep",
    ]


def test_a_schema_that_breaks_the_meta_schema_is_refused_with_its_place(tmp_path: Path) -> None:
    put(tmp_path, "v1/candidate.completed.json", {
        "properties": {
            "a": {"type": "strin"},
            "b": {"maxLength": -1},
            "c": {"pattern": "("},
            "d": {"required": "email"},
            "e": {"additionalProperties": 1},
        },
    })  # fmt: skip
    put(tmp_path, "v1/old.json", {"$schema": "http://json-schema.org/draft-07/schema#"})
    file = "v1/candidate.completed.json"
    types = "null, boolean, object, array, number, string, integer, or a list of them"
    assert complaint(tmp_path) == [
        f"{file}: $.properties.a.type: must be {types}",
        f"{file}: $.properties.b.maxLength: must be at least 0",
        f"{file}: $.properties.c.pattern: {PATTERN}",
        f"{file}: $.properties.d.required: must be a list",
        f"{file}: $.properties.e.additionalProperties: must be true or false or an object",
        "v1/old.json: $['$schema']: must be 'https://json-schema.org/draft/2020-12/schema'",
    ]


def test_an_id_that_two_files_have_is_refused(tmp_path: Path) -> None:
    first, second = "v1/candidate.completed.json", "v1/candidate.enrolled.json"
    put(tmp_path, first, {"$id": f"{BASE}candidate.enrolled.json"})
    put(tmp_path, second, {})
    assert complaint(tmp_path) == [
        f"{second}: $['$id']: '{BASE}candidate.enrolled.json' is also that of {first}"
    ]


def test_a_reference_that_leads_nowhere_is_refused_at_every_depth(tmp_path: Path) -> None:
    put(tmp_path, "v1/candidate.completed.json", {
        "$defs": {"kept": {}},
        "properties": {
            "a": {"$ref": "definitions.json#/$defs/emial"},
            "b": {"allOf": [{"$ref": "#/$defs/kept"}, {"$ref": "#/$defs/gone"}]},
            "c": {"items": {"not": {"$ref": "https://example.com/else.json"}}},
            "$ref": {"const": {"$ref": "no reference"}},
        },
    })  # fmt: skip
    file = "v1/candidate.completed.json"
    assert complaint(tmp_path) == [
        f"{file}: $ref 'definitions.json#/$defs/emial' leads nowhere",
        f"{file}: $ref '#/$defs/gone' leads nowhere",
        f"{file}: $ref 'https://example.com/else.json' leads nowhere",
    ]


@pytest.mark.parametrize("pattern", [r"(a)\1", "^(?=a)", "(" * 3_000 + ")" * 3_000])
def test_a_pattern_that_can_not_be_matched_in_linear_time_is_refused(
    tmp_path: Path, pattern: str
) -> None:
    put(tmp_path, "v1/candidate.completed.json", {"properties": {"a": {"pattern": pattern}}})
    put(tmp_path, "v1/candidate.invited.json", {"patternProperties": {pattern: {}}})
    assert complaint(tmp_path) == [
        f"v1/candidate.completed.json: $.properties.a.pattern: {PATTERN}",
        f"v1/candidate.invited.json: $.patternProperties: {PATTERN}",
    ]


def test_a_pattern_that_backtracks_elsewhere_is_matched_in_linear_time(tmp_path: Path) -> None:
    put(tmp_path, "v1/candidate.completed.json", {"properties": {"a": {"pattern": "^(a+)+$"}}})
    check_folder(tmp_path)
    contracts = Contracts(tmp_path)
    assert not contracts.fits("v1", "candidate.completed", {"a": "a" * 10_000 + "!"})
    put(tmp_path, "v1/candidate.completed.json", {"properties": {"a": {"pattern": "^(?=(a+)+$)"}}})
    with pytest.raises(InvalidInputError, match="can't be compiled"):
        Contracts(tmp_path).fits("v1", "candidate.completed", {})
