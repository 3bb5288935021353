"""Both APIs keep to their documents: Schemathesis with all its checks, in process."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from emulator import durations
from emulator.contracts.validation import Contracts
from emulator.emulator import Emulator
from emulator.server.app import application
from emulator.server.control.routes import OPERATIONS as CONTROL
from emulator.server.documents import control_openapi, openapi
from emulator.server.provider.routes import OPERATIONS as PROVIDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemathesis import Case, Response
    from schemathesis.specs.openapi.schemas import OpenApiSchema
    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.server.operations import Operation

pytestmark = pytest.mark.slow

EXAMPLES, FLOWS = 3, 6
CONSUMER = "http://127.0.0.1:9/hook"
HOST = "testserver"

UNCALLED = {
    "streamJournal": "the answer has no end",
}
"""Operation -> why it is not called."""

_RANGE = "a virtual clock is in the years 2002 to 2099, and never goes back"

BEYOND_SCHEMAS = {
    "putWorkspace": _RANGE,
    "setClock": _RANGE,
    "advanceClock": _RANGE,
    "generateAccessToken": _RANGE,
    "inviteCandidates": _RANGE,
    "invite": _RANGE,
    "createAssessment": "tests and a template exclude each other; settings have Testlify's names",
    "wait": "a wait that is not met is 408",
    "complete": "a score is at most its total",
    "rescore": "a score is at most its total",
    "setFault": "some settings of a fault exclude each other",
    "runScenario": "a scenario has a grammar of its own",
}
"""Operation -> why a body that fits its schema may be refused all the same."""


class Served:
    """The emulator as an ASGI application that opens it on the loop of its first caller."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            assert self._app is not None
            await self._app(scope, receive, send)
            return
        async with Emulator(seed=7, clock="virtual", is_strict=True) as emulator:
            emulator.workspace("default")
            self._app = application(emulator, hostnames=[HOST])
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def loaded(document: dict[str, Any]) -> OpenApiSchema:
    """Return a document as Schemathesis takes it."""
    import schemathesis
    from hypothesis import strategies

    # Traffic of tests goes to loopback only.
    schemathesis.openapi.format("uri", strategies.just(CONSUMER))
    lengths = strategies.sampled_from(["0s", "150ms", "1.5h", "30d"])
    schemathesis.openapi.format("duration-with-unit", lengths)
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document)))
    schema.app = Served()
    schema.config.update(headers={"Authorization": "Bearer default"})
    schema.config.generation.codec = None  # its table of characters takes seconds to make
    return schema


@pytest.fixture(scope="module")
def provider() -> OpenApiSchema:
    return loaded(openapi(Contracts()))


@pytest.fixture(scope="module")
def control() -> OpenApiSchema:
    return loaded(control_openapi())


def prepared(case: Case[Any]) -> Case[Any]:
    """Return *case* for the one workspace that is open, and without long waits in real time."""
    called = name_of(case)
    if "workspace" in case.path_parameters:
        case.path_parameters["workspace"] = "default" if called != "deleteWorkspace" else "another"
    if isinstance(case.body, dict):
        if called in ("wait", "settle"):
            limit = {"wait": "within", "settle": "timeout"}[called]
            if re.fullmatch(durations.PATTERN, str(case.body.get(limit, "1s"))):
                case.body[limit] = "1ms"
        case.body = with_whole_numbers(case.body)
    return case


def name_of(case: Case[Any]) -> str:
    found: str = case.operation.definition.raw["operationId"]
    return found


def with_whole_numbers(value: Any) -> Any:
    """Return JSON without numbers such as 200.0, which are integers to JSON Schema alone."""
    if isinstance(value, dict):
        return {key: with_whole_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [with_whole_numbers(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def unchecked(operation: str) -> list[Any]:
    """Return the checks that do not apply to an operation."""
    from schemathesis.checks import CHECKS

    return CHECKS.get_by_names(["positive_data_acceptance"] if operation in BEYOND_SCHEMAS else [])


def run(case: Case[Any]) -> None:
    """Make a call, and check its answer."""
    from schemathesis.core.failures import FailureGroup

    try:
        prepared(case).call_and_validate(excluded_checks=unchecked(name_of(case)))
    except FailureGroup as group:  # Hypothesis takes a group for Ctrl-C
        raise AssertionError("\n\n".join(str(one) for one in group.exceptions)) from None


def bounded(examples: int, **more: Any) -> Any:
    """Return the settings of Hypothesis: the same examples each time, and not too many."""
    from hypothesis import HealthCheck, Phase, settings

    return settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck), **more,
    )  # fmt: skip


def check(schema: OpenApiSchema, operation: Operation) -> None:
    """Call an operation as its document allows, and otherwise."""
    from hypothesis import given
    from schemathesis import GenerationMode

    if operation.id in UNCALLED:
        return
    takes_something = operation.body is not None or operation.query.__struct_fields__
    for mode in GenerationMode if takes_something else [GenerationMode.POSITIVE]:
        cases = schema[operation.path][operation.method].as_strategy(generation_mode=mode)
        bounded(EXAMPLES)(given(case=cases)(run))()


@pytest.mark.parametrize("operation", PROVIDER, ids=lambda one: one.id)
def test_the_provider_api_keeps_to_its_document(
    provider: OpenApiSchema, operation: Operation
) -> None:
    check(provider, operation)


@pytest.mark.parametrize("operation", CONTROL, ids=lambda one: one.id)
def test_the_control_api_keeps_to_its_document(
    control: OpenApiSchema, operation: Operation
) -> None:
    check(control, operation)


@pytest.mark.parametrize(("api", "operations"), [("provider", PROVIDER), ("control", CONTROL)])
def test_records_that_are_created_can_be_used_along_the_links(
    request: pytest.FixtureRequest, api: str, operations: Sequence[Operation]
) -> None:
    """Every operation that creates a record, and all that take its id."""
    from hypothesis.stateful import run_state_machine_as_test
    from schemathesis import GenerationMode

    schema: OpenApiSchema = request.getfixturevalue(api)
    records = tuple(operation.creates for operation in operations if operation.creates)
    linked = [
        operation.id
        for operation in operations
        if operation.creates or operation.path.startswith(records)
    ]
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    fine: set[str] = set()

    class Flow(schema.include(operation_id=linked).as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Case[Any]) -> None:
            if name_of(case) == "createAssessment" and isinstance(case.body, dict):
                for name in ("tests", "template", "settings"):  # never hit upon by chance
                    case.body.pop(name, None)
            prepared(case)

        def after_call(self, response: Response, case: Case[Any]) -> None:
            if response.status_code < 300:
                fine.add(name_of(case))

        def validate_response(self, response: Response, case: Case[Any], **_: Any) -> None:
            case.validate_response(response, excluded_checks=unchecked(name_of(case)))

    run_state_machine_as_test(Flow, settings=bounded(FLOWS, stateful_step_count=6))
    creating = {operation.id for operation in operations if operation.creates}
    assert fine & creating
    assert fine - creating, "no link was followed"
