"""Payload in, violations out; never what is then done about them."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import msgspec

from emulator.contracts import violation
from emulator.contracts.schema_documents import Library
from emulator.contracts.violation import Violation
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import jsonschema
    import jsonschema_rs

    _Found = tuple[Sequence[str | int], str, str]

_MASK = "the value"
_NOT_JSON = Violation("$", "must be JSON that can be sent as UTF-8", "json")


class Contracts:
    """The schemas of the payloads, and the judgement by them.

    Formats are not judged: each rule that matters is a pattern, so that every validator
    says the same. Patterns are matched in linear time. A validator is compiled when its event
    type is first asked for.

    Args:
        folder: a user's schemas, ``v1/<event type>.json``, laid over the bundled ones (see
            :class:`~emulator.contracts.schema_documents.Library`); None for the bundled ones alone.
            Run :func:`~emulator.contracts.user_schemas.check_folder` over it first: its errors
            name the file and the place.

    Raises:
        InvalidInputError: a file of *folder* is not a JSON object.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._library = Library(folder)
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._second: dict[str, jsonschema.Draft202012Validator] = {}

    def events(self, generation: str) -> list[str]:
        """Return the event types that have a schema, sorted.

        Raises:
            UnknownNameError: no such generation.
        """
        return self._library.events(generation)

    def fits(self, generation: str, event: str, payload: object) -> bool:
        """Whether *payload* fits the event type's schema; `violations` says where it does not.

        Args:
            generation, event, payload: as `violations` takes them.

        Raises:
            UnknownNameError, InvalidInputError: as `violations` does.
            ValueError, TypeError, OverflowError, RecursionError: not JSON.
        """
        return self.validator(generation, event).is_valid(payload)

    def violations(self, generation: str, event: str, payload: object) -> list[Violation]:
        """Return where *payload* does not fit the event type's schema; empty when it fits.

        Args:
            generation: ``v1`` or ``v2``; v2 bodies are v1 bodies (assumed).
            event: event type, ``candidate.completed``.
            payload: decoded JSON.

        Raises:
            UnknownNameError: no such generation or event type.
            InvalidInputError: a user's schema can't be compiled.
        """
        validator = self.validator(generation, event)
        try:
            if validator.is_valid(payload):
                # Half a surrogate pair passes as a string, but can't be sent.
                msgspec.json.encode(payload)
                return []
            return violation.in_order(
                one for error in validator.iter_errors(payload) for one in _described(error)
            )
        except (ValueError, TypeError, OverflowError, RecursionError):
            return [_NOT_JSON]

    def second_opinion(self, generation: str, event: str, payload: object) -> list[Violation]:
        """Return what :meth:`violations` returns, judged by the library ``jsonschema``.

        Most Python consumers validate with it; it is about 150 times slower.

        Raises:
            UnknownNameError: no such generation or event type.
        """
        validator = self._second_validator(self._library.schema_id(generation, event))
        try:
            # What arrives after the wire: tuples as lists, and no NaN.
            text = json.dumps(payload, ensure_ascii=False, allow_nan=False)
            received = json.loads(text.encode())
            errors = list(validator.iter_errors(received))
        except (ValueError, TypeError, OverflowError, RecursionError):
            return [_NOT_JSON]
        return violation.in_order(one for error in errors for one in _described_second(error))

    def document(self, generation: str, event: str) -> dict[str, Any]:
        """Return the event type's schema as one document that refers to nothing outside.

        Raises:
            UnknownNameError: no such generation or event type.
            InvalidInputError: a user's schema refers to what does not exist.
        """
        from emulator.contracts.bundle import bundled

        schema_id = self._library.schema_id(generation, event)
        return bundled(self._library.documents, schema_id)

    def validator(self, generation: str, event: str) -> jsonschema_rs.Draft202012Validator:
        """Return the event type's validator, compiled once; its messages hold no value.

        Raises:
            UnknownNameError, InvalidInputError: as `violations` does.
        """
        schema_id = self._library.schema_id(generation, event)
        if schema_id not in self._validators:
            import jsonschema_rs

            try:
                self._validators[schema_id] = jsonschema_rs.Draft202012Validator(
                    {"$ref": schema_id},
                    registry=self._registry,
                    validate_formats=False,
                    mask=_MASK,
                    pattern_options=jsonschema_rs.RegexOptions(),  # in linear time
                )
            except (ValueError, jsonschema_rs.ReferencingError) as problem:
                # Only a user's folder that nobody checked gets here.
                message = f"the schemas can't be compiled: {_first_line(problem)}"
                raise InvalidInputError(message) from problem
        return self._validators[schema_id]

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        import jsonschema_rs

        return jsonschema_rs.Registry(list(self._library.documents.items()), retriever=_refuse)

    def _second_validator(self, schema_id: str) -> jsonschema.Draft202012Validator:
        if schema_id not in self._second:
            import jsonschema
            from referencing import Registry
            from referencing.jsonschema import DRAFT202012

            resources = (
                (one, DRAFT202012.create_resource(document))
                for one, document in self._library.documents.items()
            )
            self._second[schema_id] = jsonschema.Draft202012Validator(
                {"$ref": schema_id}, registry=Registry().with_resources(resources)
            )
        return self._second[schema_id]


def _refuse(uri: str) -> Any:
    """Fetch nothing: without this, the validator asks the network for an unknown ``$id``."""
    raise LookupError(uri)


def _first_line(problem: Exception) -> str:
    return str(problem).partition("\n")[0]


def _described(error: jsonschema_rs.ValidationError) -> Iterator[_Found]:
    kind, facts = error.kind.name, error.kind.as_dict()
    if kind == "required":
        yield error.instance_path, violation.lacks(facts["property"]), kind
    elif kind == "additionalProperties":
        for key in facts["unexpected"]:
            yield error.instance_path, violation.has_unknown(key), kind
    elif kind == "falseSchema":
        yield error.instance_path, violation.expected("false", None), "false"
    else:
        demanded = next(iter(facts.values()), None)
        yield error.instance_path, violation.expected(kind, demanded), kind


def _described_second(error: jsonschema.ValidationError) -> Iterator[_Found]:
    path: list[str | int] = list(error.absolute_path)
    instance, demanded = cast("Any", error.instance), cast("Any", error.validator_value)
    keyword = str(error.validator or "false")
    if keyword == "required":
        # The library has an error for each missing key, and names it in words only: each
        # error yields all missing keys here, and the repeats fall away later.
        for key in demanded:
            if key not in instance:
                yield path, violation.lacks(key), keyword
    elif keyword == "additionalProperties":
        for key in _unknown(error):
            yield path, violation.has_unknown(key), keyword
    else:
        yield path, violation.expected(keyword, demanded), keyword


def _unknown(error: jsonschema.ValidationError) -> list[str]:
    schema: Any = error.schema
    instance: Any = error.instance
    patterns: dict[str, Any] = schema.get("patternProperties", {})
    return [
        key
        for key in instance
        if key not in schema.get("properties", {})
        and not any(re.search(pattern, key) for pattern in patterns)
    ]
