"""Validates payloads and returns their violations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.contracts import violation
from emulator.contracts.schema_documents import SchemaLibrary, bundled
from emulator.contracts.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    import jsonschema_rs
    from referencing._core import Resolver

    from emulator.contracts.bundle import Bundle
    from emulator.contracts.learned import Learned

    _Found = tuple[Sequence[str | int], str, str]

_NOT_JSON = Violation("$", "must be JSON that can be sent as UTF-8", "json")


class Contracts:
    """The schemas of payloads, and validation against them.

    Formats are not validated: the schemas use patterns instead, so that all validators agree.
    Patterns are matched in linear time. A validator is compiled on first use.

    Args:
        folder: a user's schemas, ``v1/<event type>.json``, which override the bundled schemas; None
            for bundled schemas only. Check it first with `user_schemas.check_folder`, whose errors
            name the file and the place.

    Raises:
        InvalidInputError: a file of *folder* is not a JSON object.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._library = bundled() if folder is None else SchemaLibrary(folder)
        self._learned: dict[tuple[str, str], Learned | None] = {}

    def events(self, generation: str) -> list[str]:
        """Return the event types that have a schema, sorted.

        Raises:
            UnknownNameError: no such generation.
        """
        return self._library.events(generation)

    def fits(self, generation: str, event: str, payload: object) -> bool:
        """Return whether *payload* fits the schema of the event type.

        Args:
            generation, event, payload: as for `violations`.

        Raises:
            UnknownNameError, InvalidInputError: as `violations` does.
            ValueError, TypeError, OverflowError, RecursionError: not JSON.
        """
        return self._library.validator(generation, event).is_valid(payload)

    def violations(self, generation: str, event: str, payload: object) -> list[Violation]:
        """Return the violations of the event type's schema in *payload*; empty if it is valid.

        Args:
            generation: ``v1`` or ``v2``.
            event: event type, ``candidate.completed``.
            payload: decoded JSON.

        Raises:
            UnknownNameError: no such generation or event type.
            InvalidInputError: a user's schema can't be compiled.
        """
        validator = self.validator(generation, event)
        try:
            if validator.is_valid(payload):
                # A lone surrogate is valid in the schema, but can't be sent.
                msgspec.json.encode(payload)
                return []
            return violation.in_order(
                one for error in validator.iter_errors(payload) for one in described(error)
            )
        except (ValueError, TypeError, OverflowError, RecursionError):
            return [_NOT_JSON]

    def document(self, generation: str, event: str) -> dict[str, Any]:
        """Return the event type's schema as one self-contained document.

        Raises:
            UnknownNameError: no such generation or event type.
            InvalidInputError: a reference in a user's schema does not exist.
        """
        schema_id = self._library.schema_id(generation, event)
        document, bundle = self._library.documents[schema_id], self._bundle("#/$defs/")
        about: dict[str, Any] = {
            key: document[key] for key in ("$schema", "$id") if key in document
        }
        copied = bundle.copy(schema_id)
        return {**about, **copied, "$defs": dict(sorted(bundle.definitions.items()))}

    def components(
        self, generation: str, events: Iterable[str], place: str
    ) -> dict[str, dict[str, Any]]:
        """Return the schemas of event types and of all their references by name.

        Args:
            generation: ``v1`` or ``v2``.
            events: event types.
            place: the prefix of a name in references, ``#/components/schemas/``.

        Raises:
            UnknownNameError, InvalidInputError: as `document` does.
        """
        bundle = self._bundle(place)
        for event in events:
            schema_id = self._library.schema_id(generation, event)
            bundle.definitions[event] = bundle.copy(schema_id, f"{place}{event}")
        return dict(sorted(bundle.definitions.items()))

    def _bundle(self, place: str) -> Bundle:
        from emulator.contracts.bundle import Bundle

        return Bundle(self._library, place)

    def schema_id(self, generation: str, event: str) -> str:
        """Return the ``$id`` of the event type's schema.

        Raises:
            UnknownNameError: no such generation or event type.
        """
        return self._library.schema_id(generation, event)

    def bundled(self, generation: str, event: str) -> dict[str, Any]:
        """Return the emulator's own schema document of the event type, even if the folder has one.

        Raises:
            UnknownNameError: no such generation or event type.
        """
        return bundled().documents[bundled().schema_id(generation, event)]

    def learned(self, generation: str, event: str) -> Learned | None:
        """Return the knowledge of the user's folder about the event type; None if it has none.

        Raises:
            UnknownNameError: no such generation or event type.
            InvalidInputError: the knowledge has another structure.
        """
        if self._folder is None:
            return None
        key = (generation, event)
        if key not in self._learned:
            from emulator.contracts.learned import read

            self._learned[key] = read(self._library.documents[self.schema_id(*key)])
        return self._learned[key]

    def shaped(
        self, generation: str, event: str, payload: dict[str, Any], at: datetime
    ) -> dict[str, Any]:
        """Return a payload in the shape of the captures, if the user's folder has any of it.

        Args:
            generation, event: of the payload.
            payload: as the emulator built it.
            at: the time of the event.
        """
        learned = None if self._folder is None else self.learned(generation, event)
        return payload if learned is None else learned.shaped(payload, event, at)

    @property
    def resolver(self) -> Resolver[Any]:
        """Resolves references to the schemas."""
        return self._library.registry.resolver()

    def validator(self, generation: str, event: str) -> jsonschema_rs.Draft202012Validator:
        """Return the event type's validator, compiled once; its messages contain no values.

        Raises:
            UnknownNameError, InvalidInputError: as `violations` does.
        """
        return self._library.validator(generation, event)


def described(error: jsonschema_rs.ValidationError) -> Iterator[_Found]:
    """Yield path, message and keyword of each violation in an error of the library."""
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
