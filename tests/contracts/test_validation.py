"""Contracts: violations, their messages, and the values that messages leave out."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest

from emulator import data
from emulator.contracts.validation import Contracts
from emulator.contracts.violation import Violation, expected, json_path
from emulator.domain.events import EVENTS_OF
from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTRACTS = Contracts()
STATUSES = (
    '"INVITED", "ENROLLED", "IN_PROGRESS", "COMPLETED", "DISQUALIFIED", "INVITATION_EXPIRED", '
    '"REJECTED"'
)


def example(name: str) -> dict[str, Any]:
    file = data.schemas() / "v1" / "examples" / f"{name}.json"
    payload: dict[str, Any] = json.loads(file.read_bytes())
    return payload


def texts(found: list[Violation]) -> list[str]:
    return [str(one) for one in found]


def wrong() -> dict[str, Any]:
    """Return a completed candidate with one mistake of each kind."""
    payload = example("candidate.completed")
    candidate = payload["data"]
    del candidate["resultLink"]
    candidate["extra key"] = 1
    candidate["email"] = "nobody"
    candidate["firstName"] = ""
    candidate["candidateId"] = "65c3"
    candidate["totalScore"] = -1
    candidate["avgScorePercentage"] = "18"
    candidate["companyId"] = 7
    candidate["status"] = "DONE"
    candidate["testLibrary"][1]["elapsedTime"] = None
    candidate["testLibrary"][1]["completedAt"] = ""
    candidate["customQuestions"] = [candidate["customQuestions"][0]] * 1001
    payload["success"] = False
    return payload


def test_each_violation_names_path_and_problem() -> None:
    assert texts(CONTRACTS.violations("v1", "candidate.completed", wrong())) == [
        "$.data: has the unknown key 'extra key'",
        "$.data: lacks the key 'resultLink'",
        "$.data.avgScorePercentage: must be a number",
        "$.data.candidateId: must have at least 24 characters",
        "$.data.candidateId: must match ^[0-9a-f]{24}$",
        "$.data.companyId: must be null",
        "$.data.customQuestions: must have at most 1000 items",
        "$.data.email: must match ^[!-?A-~]{1,64}@[!-?A-~]{1,255}$",
        "$.data.firstName: must have at least 1 character",
        '$.data.status: must be "COMPLETED"',
        f"$.data.status: must be one of {STATUSES}",
        "$.data.testLibrary[1].completedAt: must have at least 1 character",
        "$.data.testLibrary[1].elapsedTime: must be a number",
        "$.data.totalScore: must be at least 0",
        "$.success: must be true",
    ]


def test_a_violation_names_its_keyword() -> None:
    payload = example("candidate.invited")
    payload["data"]["totalScore"] = None
    assert CONTRACTS.violations("v1", "candidate.invited", payload) == [
        Violation("$.data.totalScore", "must be an integer", "type")
    ]


def test_a_message_never_contains_a_value() -> None:
    """Every value of a payload is replaced by a secret, each in turn and all at once."""
    secret = "s3cret value"

    def spoiled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoiled(one) for key, one in value.items()}
        return [spoiled(one) for one in value] or [secret] if isinstance(value, list) else secret

    payload = spoiled(example("candidate.completed"))
    found = CONTRACTS.violations("v1", "candidate.completed", payload)
    assert len(found) > 40
    assert secret not in repr(found)


def test_the_validator_s_own_texts_have_no_values_either() -> None:
    """A log or a traceback may show them."""
    validator = CONTRACTS.validator("v1", "candidate.invited")
    payload = example("candidate.invited")
    payload["data"]["email"] = "private@"
    (error,) = validator.iter_errors(payload)
    assert error.message.startswith("the value does not match")
    assert "private@" not in str(error)


def test_a_long_unknown_key_is_cut() -> None:
    payload = {**example("candidate.invited"), "k" * 1000: 1}
    (found,) = CONTRACTS.violations("v1", "candidate.invited", payload)
    assert found.message == f"has the unknown key '{'k' * 60}...'"


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "spoil",
    [
        lambda payload: payload["data"].update(firstName="\ud800"),
        lambda payload: payload["data"].update(firstName=b"Adela"),
        lambda payload: payload["data"].update(firstName={"Adela"}),
        lambda payload: payload["data"].update(testLibrary=deep()),
        lambda payload: payload["data"].update(firstName=float("nan")),
        lambda payload: payload.update({1: 2}),
    ],
)
def test_invalid_json_is_a_violation_not_an_exception(
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    payload = example("candidate.completed")
    spoil(payload)
    assert CONTRACTS.violations("v1", "candidate.completed", payload)


def test_half_a_surrogate_pair_can_not_be_sent() -> None:
    payload = example("candidate.completed")
    payload["data"]["firstName"] = "\ud800"
    not_json = [Violation("$", "must be JSON that can be sent as UTF-8", "json")]
    assert CONTRACTS.violations("v1", "candidate.completed", payload) == not_json


def test_an_unknown_event_type_is_refused_with_similar_event_types() -> None:
    with pytest.raises(UnknownNameError) as error:
        CONTRACTS.violations("v1", "candidate.complete", {})
    assert str(error.value) == (
        "no event type 'candidate.complete'; near: 'candidate.completed', "
        "'candidate.score_updated', 'candidate.rejected'"
    )


def test_the_shared_definitions_are_no_event_type() -> None:
    with pytest.raises(UnknownNameError):
        CONTRACTS.document("v1", "definitions")


def test_an_unknown_generation_is_refused_with_the_known_generations() -> None:
    with pytest.raises(UnknownNameError) as error:
        CONTRACTS.events("2024")
    assert str(error.value) == "no generation '2024'; known: v1, v2"


def test_each_generation_has_schemas_of_its_own() -> None:
    assert CONTRACTS.events("v2") == sorted(EVENTS_OF["v2"])
    assert CONTRACTS.violations("v2", "candidate.completed", example("candidate.completed"))
    with pytest.raises(UnknownNameError):
        CONTRACTS.violations("v2", "candidate.enrolled", {})


def test_the_schema_library_is_imported_when_used() -> None:
    code = (
        "import sys; from emulator.contracts.validation import Contracts; c = Contracts(); "
        "c.events('v1'); print('jsonschema_rs' in sys.modules); "
        "c.violations('v1', 'candidate.invited', {}); "
        "print('jsonschema_rs' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "False\nTrue\n"


# A user's folder over the bundled one.


def put(folder: Path, name: str, schema: object) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(schema))


def bundled(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((data.schemas() / "v1" / f"{name}.json").read_bytes())
    return schema


def test_a_users_schema_replaces_one_event_type_only(tmp_path: Path) -> None:
    changed = bundled("candidate.completed")
    changed["properties"]["sequence"] = {"type": "integer"}
    put(tmp_path, "v1/candidate.completed.json", changed)
    ours = Contracts(tmp_path)

    payload = {**example("candidate.completed"), "sequence": 1}
    assert CONTRACTS.violations("v1", "candidate.completed", payload)
    assert ours.violations("v1", "candidate.completed", payload) == []
    assert "sequence" in ours.document("v1", "candidate.completed")["properties"]
    assert ours.events("v1") == CONTRACTS.events("v1")
    payload = {**example("candidate.enrolled"), "sequence": 1}
    assert ours.violations("v1", "candidate.enrolled", payload)


def test_a_user_s_definitions_apply_to_the_bundled_event_types(tmp_path: Path) -> None:
    definitions = bundled("definitions")
    definitions["$defs"]["firstName"]["maxLength"] = 3
    put(tmp_path, "v1/definitions.json", definitions)
    found = Contracts(tmp_path).violations(
        "v1", "candidate.enrolled", example("candidate.enrolled")
    )
    assert texts(found) == ["$.data.firstName: must have at most 3 characters"]


def test_a_user_s_v2_schema_does_not_change_v1(tmp_path: Path) -> None:
    put(tmp_path, "v2/candidate.completed.json", {"required": ["candidate"]})
    ours = Contracts(tmp_path)
    assert ours.violations("v1", "candidate.completed", example("candidate.completed")) == []
    assert texts(ours.violations("v2", "candidate.completed", {})) == [
        "$: lacks the key 'candidate'"
    ]


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """Without a retriever that refuses, the validator would ask the network."""
    put(tmp_path, "v1/candidate.completed.json", {"$ref": "https://example.com/a.json"})
    ours = Contracts(tmp_path)
    with pytest.raises(InvalidInputError) as error:
        ours.violations("v1", "candidate.completed", {})
    assert str(error.value) == (
        "the schemas can't be compiled: Resource 'https://example.com/a.json' is not present in a "
        "registry and retrieving it failed: LookupError: https://example.com/a.json"
    )
    with pytest.raises(InvalidInputError) as error:
        ours.document("v1", "candidate.completed")
    assert str(error.value) == (
        "schema https://testlify-emulator.example/schemas/v1/candidate.completed.json: "
        "'https://example.com/a.json' leads nowhere"
    )


def test_a_document_keeps_definitions_of_one_name_apart(tmp_path: Path) -> None:
    put(tmp_path, "v1/one.json", {"$defs": {"x": {"type": "string"}}})
    put(tmp_path, "v1/two.json", {"$defs": {"x": {"type": "integer"}}})
    tree = {
        "properties": {
            "a": {"$ref": "one.json#/$defs/x"},
            "b": {"$ref": "two.json#/$defs/x"},
            "c": {"$ref": "#"},
            "d": {"const": {"$ref": "not one"}},
            "e": {"$ref": "one.json#/$defs/x"},
            "f": {"$ref": "one.json"},
        }
    }
    put(tmp_path, "v1/candidate.completed.json", tree)
    document = Contracts(tmp_path).document("v1", "candidate.completed")
    assert document == {
        "properties": {
            "a": {"$ref": "#/$defs/x"},
            "b": {"$ref": "#/$defs/x2"},
            "c": {"$ref": "#"},
            "d": {"const": {"$ref": "not one"}},
            "e": {"$ref": "#/$defs/x"},
            "f": {"$ref": "#/$defs/one"},
        },
        "$defs": {
            "one": {"$defs": {"x": {"type": "string"}}},
            "x": {"type": "string"},
            "x2": {"type": "integer"},
        },
    }
    jsonschema.Draft202012Validator.check_schema(document)


@pytest.mark.parametrize(
    ("schema", "value", "wanted"),
    [
        ({"type": ["string", "null"]}, 1, "$.a: must be null or a string"),
        ({"exclusiveMinimum": 1.5}, 1, "$.a: must be above 1.5"),
        ({"exclusiveMaximum": 2}, 2, "$.a: must be below 2"),
        ({"minProperties": 1}, {}, "$.a: must have at least 1 key"),
        ({"enum": ["é", None]}, 1, '$.a: must be one of "é", null'),
        ({"not": {"pattern": "x"}}, "x", "$.a: must not match x"),
        ({"anyOf": [{"type": "string"}]}, 1, "$.a: breaks the rule anyOf"),
    ],
)
def test_rules_that_only_a_users_schema_has(
    tmp_path: Path, schema: object, value: object, wanted: str
) -> None:
    put(tmp_path, "v1/candidate.completed.json", {"properties": {"a": schema}})
    ours = Contracts(tmp_path)
    assert texts(ours.violations("v1", "candidate.completed", {"a": value})) == [wanted]


def test_a_place_that_allows_no_value(tmp_path: Path) -> None:
    put(tmp_path, "v1/candidate.completed.json", {"properties": {"a": False}})
    ours = Contracts(tmp_path)
    assert texts(ours.violations("v1", "candidate.completed", {"a": 1})) == [
        "$.a: must not be there"
    ]


def test_unknown_keys_are_those_that_no_pattern_takes(tmp_path: Path) -> None:
    schema = {"patternProperties": {"^x-": {}}, "additionalProperties": False}
    put(tmp_path, "v1/candidate.completed.json", schema)
    ours = Contracts(tmp_path)
    found = ours.violations("v1", "candidate.completed", {"x-a": 1, "b": 1, "a": 1})
    assert texts(found) == ["$: has the unknown key 'a'", "$: has the unknown key 'b'"]


def test_a_path_quotes_keys_that_are_no_plain_names() -> None:
    assert json_path(["data", 3, "a b", "x-y", "é", ""]) == "$.data[3]['a b'].x-y['é']['']"


def test_places_are_in_the_order_of_the_list() -> None:
    payload = copy.deepcopy(example("candidate.completed"))
    for question in payload["data"]["testLibrary"][0]["questions"]:
        question["question"] = 1
    found = CONTRACTS.violations("v1", "candidate.completed", payload)
    assert [one.path for one in found] == [
        f"$.data.testLibrary[0].questions[{index}].question" for index in range(10)
    ]


def test_a_limit_reads_as_it_was_written() -> None:
    assert expected("maximum", 100.0) == "must be at most 100"
    assert expected("maximum", 0.5) == "must be at most 0.5"
