"""Tests of every row in the table of calls, new rows included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

import msgspec
import pytest

from emulator.domain.calls import CALLS
from emulator.server.provider.routes import OPERATIONS
from tests.server.provider.conftest import World, each_operation, names_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.server.operations import Operation
    from tests.server.conftest import Server, Tenant

REFERENCE = json.loads((Path(__file__).parent / "reference.json").read_text())["operations"]
BY_PLACE = {(one.method, one.path): one for one in OPERATIONS}
each_of_the_reference = pytest.mark.parametrize("reference", REFERENCE, ids=lambda one: one["page"])

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array<string>": (list,),
}


def test_each_operation_has_an_id_and_a_place_of_its_own() -> None:
    assert len({operation.id for operation in OPERATIONS}) == len(BY_PLACE) == len(OPERATIONS)


def test_faults_know_the_route_of_each_operation_with_a_token() -> None:
    routes = {
        operation.id: f"{operation.method} {operation.path}"
        for operation in OPERATIONS
        if operation.has_workspace
    }
    assert routes == CALLS


@each_of_the_reference
def test_each_field_of_the_reference_is_answered_with_its_type_or_null(
    make_world: Callable[[], World], old_world: World, reference: dict[str, Any]
) -> None:
    operation = BY_PLACE[reference["method"], reference["path"]]
    world = old_world if operation.method == "GET" else make_world()
    answer = world.call(operation)
    assert answer.status_code == operation.status, answer.text
    data = answer.json()["data"] if reference["fields"] else {}
    row = data[0] if isinstance(data, list) else data
    assert set(reference["fields"]) <= set(row)
    for name, type_ in reference["fields"].items():
        value = row[name]
        assert value is None or type(value) in TYPES[type_], name
        assert not isinstance(value, list) or all(isinstance(one, str) for one in value)


@each_of_the_reference
def test_each_input_of_the_reference_is_taken(reference: dict[str, Any]) -> None:
    operation = BY_PLACE[reference["method"], reference["path"]]
    assert operation.page == reference["page"]
    for place, name, _, is_required in reference["parameters"]:
        if place == "path":
            assert f"{{{name}}}" in operation.path
            continue
        kind = operation.query if place == "query" else operation.body
        *records, last = name.removesuffix("[]").replace("[]", "").split(".")
        for record in records:
            kind = _record(_field(kind, record).type)
        if kind is not dict:
            assert _field(kind, last).required == is_required, name


def _field(kind: Any, name: str) -> msgspec.structs.FieldInfo:
    return next(field for field in msgspec.structs.fields(kind) if field.encode_name == name)


def _record(kind: Any) -> Any:
    """Return the record in a type, or dict."""
    inner = [kind]
    for one in inner:
        if get_origin(one) is dict:
            return dict
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
        inner += getattr(one, "__args__", ())
    raise AssertionError(kind)


@each_operation
def test_an_answer_has_the_form_that_the_table_says(
    make_world: Callable[[], World], old_world: World, operation: Operation
) -> None:
    world = old_world if operation.method == "GET" else make_world()
    answer = world.call(operation)
    assert answer.status_code == operation.status, answer.text
    if operation.answer is None:
        assert answer.content == b""
        return
    body = answer.json()
    if operation.is_wrapped:
        assert list(body) == ["data"]
        body = body["data"]
    read = msgspec.convert(body, operation.answer)
    assert msgspec.to_builtins(read) == body, "the answer has more than the table says"


@pytest.fixture(scope="module")
def caller(make_tenant: Callable[..., Tenant]) -> World:
    """One world for calls that find nothing to change in it."""
    return World(make_tenant())


@each_operation
def test_ids_of_another_workspace_lead_nowhere(
    caller: World, old_world: World, operation: Operation
) -> None:
    """With an id of another workspace it is 404; without any, nothing of the other shows."""
    if not operation.has_workspace:  # it needs no token, so it belongs to no workspace
        return
    before = old_world.tenant.last_entry
    answer = caller.call(operation, ids=old_world.ids)
    if names_ids(operation):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    else:
        assert answer.status_code == operation.status
        assert [one for one in old_world.all_ids if one in answer.text] == []
    assert old_world.tenant.last_entry == before


@each_operation
@pytest.mark.parametrize("token", [None, "", "Bearer", "Basic dXNlcjpwYXNz"])
def test_without_a_token_a_call_is_refused(
    server: Server, old_world: World, operation: Operation, token: str | None
) -> None:
    if not operation.has_workspace:
        return
    before = (server.workspaces(), old_world.tenant.last_entry)
    headers = {} if token is None else {"Authorization": token}
    answer = old_world.call(operation, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["content-type"] == "application/json"
    assert (server.workspaces(), old_world.tenant.last_entry) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"\xff", b'{"a":' * 100_000])
@each_operation
def test_a_wrong_body_is_answered_as_the_api_does(
    old_world: World, operation: Operation, body: bytes
) -> None:
    if operation.body is None or (body == b"" and not _requires(operation.body)):
        return
    before = old_world.tenant.last_entry
    answer = old_world.call(operation, json=None, content=body)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]
    assert set(answer.json()["error"]) == {"message", "code"}
    assert old_world.tenant.last_entry == before


def _requires(kind: type[msgspec.Struct]) -> bool:
    return any(field.required for field in msgspec.structs.fields(kind))


@each_operation
def test_a_body_beyond_the_limit_is_refused(old_world: World, operation: Operation) -> None:
    if operation.body is None:
        return
    answer = old_world.call(operation, json=None, content=b" " * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@each_operation
def test_a_wrong_value_of_a_parameter_is_refused_by_name(
    old_world: World, operation: Operation
) -> None:
    """A number that is none, a flag that is neither, a word that is none of those known."""
    for field in msgspec.structs.fields(operation.query):
        if field.type in (str, str | None) or "str" in str(field.type):
            continue
        answer = old_world.call(operation, params={"q": "x", field.encode_name: "wrong"})
        assert answer.status_code == 400, field.encode_name
        message = answer.json()["error"]["message"]
        assert message.startswith(f"{field.encode_name} is 'wrong'; ")
        assert message.endswith(f" (at ?{field.encode_name})")


@pytest.mark.parametrize("value", ["null", "EXPIRED&status=EXPIRED"])
def test_a_parameter_is_given_once_and_null_is_no_value(old_world: World, value: str) -> None:
    path = f"/v1/workspace/accesstokens?status={value}"
    answer = old_world.tenant.provider("GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_input")
    assert answer.json()["error"]["message"].endswith(" (at ?status)")


@each_operation
def test_an_unknown_parameter_passes_and_is_logged(
    old_world: World, operation: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    if operation.method != "GET":
        return
    example = {"q": "data", "production": "x"}
    with caplog.at_level("INFO", "emulator.server"):
        answer = old_world.call(operation, params=example)
    assert answer.status_code == 200
    assert any(
        "unknown parameter" in message and "'production'" in message for message in caplog.messages
    )


@each_operation
def test_other_methods_are_refused_as_the_api_does(old_world: World, operation: Operation) -> None:
    path = operation.path.format_map(old_world.ids)
    known = {one.method for one in OPERATIONS if one.path == operation.path} | {"HEAD"}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
        answer = old_world.tenant.provider(method, path)
        if (method, answer.status_code) == ("GET", 404):
            continue  # a route with a variable part takes it: compose is no assessment's id
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
        assert method not in answer.headers["allow"].split(", ")
