"""Reads files that describe a consumer: ``testlify-consumer.yaml`` and files of people."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NewType

import msgspec

from emulator.conformance.claims import CLAIMS, claimed
from emulator.conformance.session import STATUS_EVENTS
from emulator.conformance.state import StateMap, StatusName
from emulator.conformance.target import KnownPerson, SetupMethod
from emulator.decoding import decode
from emulator.domain.events import EVENT_TYPES
from emulator.domain.webhook import checked_headers
from emulator.errors import InvalidInputError, ScenarioError, UnknownNameError, reason_of
from emulator.scenario.files import body_of
from emulator.scenario.problems import Problems
from emulator.scenario.record_reader import WRONG, Shaper
from emulator.scenario.value_types import READERS, EventName, GenerationName
from emulator.scenario.variables import Scope, filled
from emulator.scenario.yaml_source import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator.scenario.tree import Node

NAME = "testlify-consumer.yaml"
"""The usual name of the file."""

ID = "https://testlify-emulator.example/schemas/consumer.json"

_ATTRIBUTE = re.compile(r"^ {8}(?P<name>\w+): (?P<text>.*(?:\n {12}.*)*)", re.MULTILINE)
"""An attribute in the docstring of a record."""

ClaimName = NewType("ClaimName", str)
"""A name of ``CLAIMS``."""


class Probe(StateMap, frozen=True):
    """The probe of the consumer's state.

    Attributes:
        url: URL of the state; by default that of ``--probe``, or the output of ``probe_command``.
    """

    url: str | None = None


class Setup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call that makes a candidate known to the consumer.

    Attributes:
        url: URL to call.
        method: GET or POST.
        json: JSON body; placeholders in its strings are filled in.
    """

    url: str
    method: SetupMethod = "GET"
    json: Any = None

    def __post_init__(self) -> None:
        """Reject a body with GET."""
        if self.json is not None and self.method == "GET":
            message = "'json' needs 'method: POST'"
            raise InvalidInputError(message, path="$.json")


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of the file. Each key is an option of ``test``, which overrides it.

    Attributes:
        url: URL of deliveries; with `app`, the path in the application.
        app: ``package.module:name`` of an ASGI application.
        webhooks: generation, v1 or v2.
        headers: sent with each delivery.
        secret: signs deliveries.
        events: event types that the consumer subscribes to; by default all.
        claims: claims that the consumer makes.
        probe: URL that shows a candidate's state, or a mapping with the URL and the paths in its
            answer.
        probe_command: program and arguments that print the state.
        setup: URL to call before the first message about a candidate, or a mapping with URL,
            method and body.
        setup_command: program and arguments to run instead of a call.
        restart_command: program and arguments that restart the consumer.
        data: file of people whom the consumer knows, relative to this file.
    """

    url: str | None = None
    app: str | None = None
    webhooks: GenerationName | None = None
    headers: dict[str, str] = {}
    secret: str | None = None
    events: list[EventName] = []
    claims: list[ClaimName] = []
    probe: Probe | None = None
    probe_command: list[str] = []
    setup: Setup | None = None
    setup_command: list[str] = []
    restart_command: list[str] = []
    data: str | None = None

    def __post_init__(self) -> None:
        """Reject headers that can't be sent."""
        checked_headers(self.headers.items())

    def __repr__(self) -> str:
        """Leave out secrets."""
        return f"Config({self.url!r}, {self.claims!r})"


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People and an assessment that a consumer already knows.

    Attributes:
        people: used in turn; made up by default.
        title: title of assessments; made up by default.
    """

    people: tuple[KnownPerson, ...] = ()
    title: str | None = None


def read(file: Path, variables: Mapping[str, str]) -> Config:
    """Return the contents of a consumer file.

    Args:
        file: a YAML file, in which ``${NAME}`` is filled in.
        variables: name -> value.

    Raises:
        ScenarioError: the file can't be read, or is invalid; has all problems with their places.
    """
    problems = Problems(str(file))
    readers = {kind: partial(_plain, reader) for kind, reader in READERS.items()}
    readers[ClaimName] = partial(_plain, _claim)
    readers[StatusName] = partial(_plain, _status)
    shaper = Shaper(readers, problems)
    readers[Probe] = partial(_url_or, shaper, Probe)
    readers[Setup] = partial(_url_or, shaper, Setup)
    ready = filled(parse(body_of(file), problems), Scope({**variables}), problems)
    found = shaper.record(ready, Config)
    if problems or not isinstance(found, Config):
        raise ScenarioError(str(problems))
    return found


def data(file: Path) -> Data:
    """Return the people and the title in a JSON file, which may also be a list of people.

    Raises:
        InvalidInputError: the file can't be read, is invalid, or has neither people nor a title.
    """
    try:
        body = file.read_bytes()
    except OSError as error:
        message = f"{file}: can't be read: {reason_of(error)}"
        raise InvalidInputError(message) from None
    try:
        if body.lstrip().startswith(b"["):
            found = Data(people=decode(body, tuple[KnownPerson, ...]))
        else:
            found = decode(body, Data)
    except InvalidInputError as error:
        message = f"{file}: {error.message}"
        raise InvalidInputError(message, path=error.path) from None
    if not found.people and not found.title:
        message = f"{file}: neither 'people' nor 'title'; expected one of them"
        raise InvalidInputError(message)
    return found


def schema() -> str:
    """Return the JSON Schema of a consumer file, for editors."""
    made = msgspec.json.schema(Config, schema_hook=lambda _: {"type": "string"})  # of paths
    record, probe, setup = (_described(made, kind) for kind in (Config, Probe, Setup))
    properties = record["properties"]
    properties["events"]["items"] = {"anyOf": [{"enum": list(EVENT_TYPES)}, {"type": "string"}]}
    properties["claims"]["items"] = {"enum": list(CLAIMS)}
    properties["webhooks"] = {"enum": ["v1", "v2"]} | _description(properties["webhooks"])
    probe["properties"]["statuses"]["propertyNames"] = {"enum": list(STATUS_EVENTS)}
    for name, one in (("probe", probe), ("setup", setup)):
        either = {"anyOf": [{"type": "string"}, one]}
        properties[name] = either | _description(properties[name])
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A consumer of Testlify's webhooks",
        **record,
    }
    return json.dumps(document, indent=2) + "\n"


def _described(made: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema of a record, with the descriptions in its docstrings."""
    docs = "".join(one.__doc__ or "" for one in kind.__mro__)
    texts = {found["name"]: " ".join(found["text"].split()) for found in _ATTRIBUTE.finditer(docs)}
    record: dict[str, Any] = made["$defs"][kind.__name__]
    for name, one in record["properties"].items():
        one.pop("default", None)
        one["description"] = texts[name]
    del record["title"], record["description"]
    return record


def _description(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": schema["description"]}


def _plain(reader: Any, node: Any) -> Any:
    return reader(node.plain())


def _url_or(shaper: Shaper, kind: type[Probe | Setup], node: Node) -> Any:
    """Return a mapping as a *kind*, and a string as a *kind* with this URL."""
    if isinstance(node.value, dict):
        return shaper.record(node, kind)
    url = shaper.read(node, str)
    return url if url is WRONG else kind(url=url)


def _status(value: Any) -> str:
    if value not in STATUS_EVENTS:
        raise UnknownNameError("status", str(value), STATUS_EVENTS)
    return str(value)


def _claim(value: Any) -> str:
    (name,) = claimed([str(value)])
    return name
