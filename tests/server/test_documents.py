"""The documents of both APIs: valid, and nothing of the tables is missing in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from emulator.contracts.validation import Contracts
from emulator.domain.commands import COMMANDS
from emulator.domain.events import EVENTS_OF, Generation
from emulator.server.control import routes as control
from emulator.server.documents import asyncapi, control_openapi, openapi
from emulator.server.operations import provenances
from emulator.server.provider.routes import OPERATIONS
from tests.server.provider.conftest import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.emulator import Emulator
    from emulator.server.operations import Operation
    from tests.server.conftest import Server, Tenant

ASYNCAPI = Path(__file__).parent / "schemas" / "asyncapi.json"
each_generation = pytest.mark.parametrize("generation", get_args(Generation))
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)


@pytest.fixture(scope="module")
def document() -> Any:
    return openapi(Contracts())


@pytest.fixture(scope="module")
def old_world(make_tenant: Callable[..., Tenant]) -> World:
    return World(make_tenant(seed=98))


@each_generation
def test_the_asyncapi_document_is_valid(generation: Generation) -> None:
    found = asyncapi(Contracts(), generation)
    Draft7Validator(json.loads(ASYNCAPI.read_text())).validate(found)
    messages = found["components"]["messages"].values()
    assert {message["name"] for message in messages} == set(EVENTS_OF[generation])
    groups = found["components"]["schemas"]["candidate.completed"]["properties"]["data"]
    assert groups["$ref"].endswith({"v1": "completedData", "v2": "candidateData"}[generation])


@pytest.mark.slow
@each_generation
def test_each_event_type_is_a_webhook_with_its_schema(generation: Generation) -> None:
    document = openapi(Contracts(), generation)
    _validate(document)
    assert set(document["webhooks"]) == set(EVENTS_OF[generation])
    for event, path in document["webhooks"].items():
        content = path["post"]["requestBody"]["content"]["application/json"]
        assert content["schema"] == {"$ref": f"#/components/schemas/{event}"}
        assert document["components"]["schemas"][event]["x-provenance"]


def _validate(document: Any) -> None:
    # Imported here: it takes half a second, which every worker would spend on collection.
    from openapi_spec_validator import OpenAPIV31SpecValidator

    OpenAPIV31SpecValidator(document).validate()


def test_records_and_schemas_of_payloads_have_different_names() -> None:
    contracts = Contracts()
    payloads = contracts.components("v1", contracts.events("v1"), "#/components/schemas/")
    kinds = [kind for one in OPERATIONS for kind in (one.answer, one.body) if kind]
    _, records = msgspec.json.schema_components(kinds)
    assert not records.keys() & payloads.keys()


@each_operation
def test_each_operation_is_in_the_document_with_its_records(
    document: Any, operation: Operation
) -> None:
    found = document["paths"][operation.path][operation.method.lower()]
    assert found["operationId"] == operation.id
    assert found["x-provenance"] == operation.provenance
    assert ("requestBody" in found) == (operation.body is not None)
    assert bool(found["security"]) is operation.has_workspace
    for place, kind in (("query", operation.query), ("header", operation.headers)):
        assert [
            parameter["name"] for parameter in found["parameters"] if parameter["in"] == place
        ] == [field.encode_name for field in msgspec.structs.fields(kind)]
    if operation.body is not None:
        fields = document["components"]["schemas"][operation.body.__name__]["properties"]
        known = {name: one["x-provenance"] for name, one in fields.items()}
        assert known == provenances(operation.body)


def test_the_stream_of_the_journal_has_the_header_of_a_browser_that_reconnects() -> None:
    stream = control_openapi()["paths"]["/_emulator/workspaces/{workspace}/journal/stream"]["get"]
    (header,) = [parameter for parameter in stream["parameters"] if parameter["in"] == "header"]
    assert header == {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    }


@each_operation
def test_an_answer_fits_the_document(old_world: World, document: Any, operation: Operation) -> None:
    answer = old_world.call(operation)
    responses = document["paths"][operation.path][operation.method.lower()]["responses"]
    found = responses.get(str(answer.status_code)) or responses["4XX"]
    if "content" not in found:
        assert answer.content == b""
        return
    schema = found["content"]["application/json"]["schema"]
    whole = {"components": document["components"], **schema}
    Draft202012Validator(whole).validate(answer.json())


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/openapi.json", lambda emulator: openapi(emulator.contracts)),
        ("/asyncapi.json", lambda emulator: asyncapi(emulator.contracts)),
        ("/_emulator/openapi.json", lambda _: control_openapi()),
    ],
)
def test_a_document_is_served_without_a_token(
    server: Server, path: str, document: Callable[[Emulator], Any]
) -> None:
    answer = server.client.get(path)
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(document(server.emulator)))


@pytest.mark.slow
def test_the_document_of_the_control_api_is_valid() -> None:
    _validate(json.loads(json.dumps(control_openapi())))


def test_each_control_route_is_an_operation_with_its_records() -> None:
    document = control_openapi()
    assert len({one.id for one in control.OPERATIONS}) == len(control.OPERATIONS)
    described = {
        (method.upper(), path) for path, calls in document["paths"].items() for method in calls
    }
    served = {
        (method, one.path)
        for one in control.ROUTES
        for method in (one.methods or set()) - {"HEAD"}
        if one not in control.UNKNOWN_COMMANDS
    }
    assert described == served
    for operation in control.OPERATIONS:
        assert (operation.answer is None) == (operation.status == 204), operation.id
        assert operation.body is None or operation.method in ("POST", "PUT")
        assert operation.query.__struct_config__.forbid_unknown_fields


def test_each_command_has_a_control_call_with_its_details() -> None:
    document = control_openapi()
    bodies = {
        call["operationId"]: call["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for path in document["paths"].values()
        for call in path.values()
        if "requestBody" in call
    }
    schemas = document["components"]["schemas"]
    for command in COMMANDS.values():
        first, *rest = command.name.split("_")
        body = schemas[bodies[first + "".join(map(str.title, rest))].rpartition("/")[2]]
        assert len(body["properties"]) == len(command.details.__struct_fields__)
        assert body["additionalProperties"] is False
