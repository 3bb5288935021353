"""The bundled schemas and their examples, each file a case."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, get_args

import jsonschema
import pytest

from emulator import data
from emulator.contracts.validation import Contracts
from emulator.domain.candidate import STAGES
from emulator.domain.events import EVENT_TYPES, EVENTS_OF, Generation
from emulator.domain.payloads import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACTS = Contracts()
GENERATIONS = get_args(Generation)


def read(folder: str) -> dict[str, Any]:
    """Return the JSON files of a folder of schemas, by their names without the suffix."""
    return {
        file.name.removesuffix(".json"): json.loads(file.read_bytes())
        for file in sorted((data.schemas() / folder).iterdir(), key=lambda one: one.name)
        if file.name.endswith(".json")
    }


EXAMPLES = {
    f"{one}/{name}": file for one in GENERATIONS for name, file in read(f"{one}/examples").items()
}
DOCUMENTS = {f"{one}/{name}": file for one in GENERATIONS for name, file in read(one).items()}
V1 = [name for name in EXAMPLES if name.startswith("v1/")]
V2 = [name for name in EXAMPLES if name.startswith("v2/")]
OPTIONAL = {"skills"}
"""Keys that only a variant of payloads has, where it has them."""


def event_of(example: str) -> tuple[str, str]:
    """Return the generation and the event type of an example."""
    generation, _, name = example.partition("/")
    return generation, ".".join(name.split(".")[:2])


def schemas_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a document; our schemas hold no data that looks like one."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from schemas_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from schemas_in(one)


def rules_in(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema but those that only choose a type of those that another allows."""
    return (schema for schema in schemas_in(document) if set(schema) != {"type"})


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    return (schema for schema in schemas_in(value) if schema)


def properties_of(document: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for schema in schemas_in(DOCUMENTS[document]):
        # An object lists its keys; a rule on top of it names keys of that list.
        if schema.get("additionalProperties") is False:
            yield from schema.get("properties", {}).items()


def resolved(generation: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a property with the schema to which it refers."""
    place, _, name = str(schema.get("$ref")).rpartition("/$defs/")
    generation = "v1" if "../v1/" in place else generation
    return {**DOCUMENTS[f"{generation}/definitions"]["$defs"].get(name, {}), **schema}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_event_type_has_a_schema_and_an_example(generation: Generation) -> None:
    events = sorted(EVENTS_OF[generation])
    assert CONTRACTS.events(generation) == events
    shown = {event for where, event in map(event_of, EXAMPLES) if where == generation}
    assert sorted(shown) == events


def test_status_changed_has_an_example_of_each_status() -> None:
    names = {f"v1/candidate.status_changed.{status.lower()}" for status in STAGES}
    assert names == {name for name in V1 if "status_changed" in name}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_fits_its_own_schema(name: str) -> None:
    assert CONTRACTS.violations(*event_of(name), EXAMPLES[name]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_fits_no_other_event_type(name: str) -> None:
    """No two event types share a shape, since each has its own word, or none, in ``event``."""
    fitting = [
        (generation, event)
        for generation in GENERATIONS
        for event in CONTRACTS.events(generation)
        if not CONTRACTS.violations(generation, event, EXAMPLES[name])
    ]
    assert fitting == [event_of(name)]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_published_document_validates_without_other_documents(name: str) -> None:
    document = CONTRACTS.document(*event_of(name))
    jsonschema.Draft202012Validator.check_schema(document)
    validator = jsonschema.Draft202012Validator(document)
    assert validator.is_valid(EXAMPLES[name])
    assert not validator.is_valid({**EXAMPLES[name], "extra": 1})
    assert not validator.is_valid({**EXAMPLES[name], "data": {}})


def test_the_published_document_has_only_definitions_that_it_uses() -> None:
    document = CONTRACTS.document("v1", "candidate.invitation_expired")
    refs = {schema["$ref"] for schema in schemas_in(document) if "$ref" in schema}
    assert refs == {f"#/$defs/{name}" for name in document["$defs"]}
    assert "grading" not in document["$defs"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_fits_the_meta_schema_and_knows_its_place(name: str) -> None:
    document = DOCUMENTS[name]
    jsonschema.Draft202012Validator.check_schema(
        document, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"https://testlify-emulator.example/schemas/{name}.json"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_key_has_a_description_and_a_source(name: str) -> None:
    described = [("the file", DOCUMENTS[name])] if "$defs" not in DOCUMENTS[name] else []
    described += DOCUMENTS[name].get("$defs", {}).items()
    generation = name.partition("/")[0]
    described += ((key, resolved(generation, schema)) for key, schema in properties_of(name))
    assert described
    for key, schema in described:
        text = schema.get("description", "")
        assert re.fullmatch(r"[A-Z].{8,}[.]", text), (key, text)
        assert schema.get("x-provenance") in {"documented", "observed", "assumed"}, key


@pytest.mark.parametrize("name", DOCUMENTS)
def test_objects_are_closed_and_lack_no_key(name: str) -> None:
    for schema in rules_in(DOCUMENTS[name]):
        # The one open object: status_changed, whose data a status then closes.
        if schema.get("type") == "object" and "allOf" not in schema:
            assert schema["additionalProperties"] is False
            keys = [key for key in schema.get("properties", {}) if key not in OPTIONAL]
            assert [key for key in schema.get("required", []) if key not in OPTIONAL] == keys


@pytest.mark.parametrize("name", DOCUMENTS)
def test_rules_stay_where_validators_agree(name: str) -> None:
    """Python and ECMA read some patterns apart; formats are not judged everywhere."""
    for schema in rules_in(DOCUMENTS[name]):
        assert not {"multipleOf", "oneOf", "anyOf", "uniqueItems"} & set(schema)
        if isinstance(schema.get("format"), str):
            assert isinstance(schema["pattern"], str)
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and pattern.startswith("^"):
            assert not re.search(r"\\[dDwWsSbB]", pattern)
            # Python's $ matches before a line break: only one length, or no line break at all.
            one_length = schema["minLength"] == schema["maxLength"]
            assert one_length or schema["not"] == {"pattern": "[\\n\\r]"}
        kind = schema.get("type")
        if kind == "string":
            assert "maxLength" in schema or "$ref" in schema.get("then", {})
        if kind == "integer" or kind == "number":
            assert {"minimum", "maximum"} <= set(schema)
        if kind == "array":
            assert "maxItems" in schema


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("v1/assessment.archived", 32),
        ("v1/assessment.created", 41),
        ("v1/assessment.deleted", 42),
        ("v1/assessment.updated", 42),
        ("v1/candidate.completed", 29),
        ("v1/candidate.disqualified", 26),
        ("v1/candidate.enrolled", 29),
        ("v1/candidate.in_progress", 29),
        ("v1/candidate.invitation_expired", 31),
        ("v1/candidate.status_changed.invited", 28),
        ("v1/candidate.status_changed.rejected", 28),
    ],
)
def test_an_example_has_as_many_keys_as_the_published_example(name: str, count: int) -> None:
    assert len(EXAMPLES[name]["data"]) == count


@pytest.mark.parametrize("name", [name for name in V1 if "expired" not in name])
def test_keys_are_in_the_published_order(name: str) -> None:
    """Shortest first, then by bytes, in every object but those of an expired invitation."""
    for schema in objects_in(EXAMPLES[name]["data"]):
        assert list(schema) == sorted(schema, key=lambda key: (len(key), key))


@pytest.mark.parametrize("name", V2)
def test_keys_of_v2_are_in_alphabetical_order(name: str) -> None:
    for schema in objects_in(EXAMPLES[name]):
        assert list(schema) == sorted(schema)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_the_word_of_its_event_type(name: str) -> None:
    generation, event = event_of(name)
    words = {"v1": EVENT_TYPES[event].v1_word, "v2": EVENT_TYPES[event].v2_word}
    assert EXAMPLES[name].get("event") == words[generation]


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "/candidate" in name])
def test_an_invite_link_names_its_own_candidate(name: str) -> None:
    link = fields.text(EXAMPLES[name], "inviteLink")
    if not link:
        return
    key = link.partition("?key=")[2].partition("&")[0]
    invitation = json.loads(base64.b64decode(key, validate=True))
    assert list(invitation) == ["email", "inviteKey", "defaultLanguage"]
    assert invitation["email"] == fields.text(EXAMPLES[name], "email")


def test_examples_contain_no_real_person() -> None:
    text = json.dumps(EXAMPLES)
    addresses = set(re.findall(r"[\w.+-]+@[\w.-]+", text))
    assert addresses
    assert {address.rpartition("@")[2] for address in addresses} == {"example.com"}
    hosts = set(re.findall(r"https?://([^/\"]+)", text))
    assert {host for host in hosts if not host.endswith((".testlify.com", ".example.com"))} == set()
