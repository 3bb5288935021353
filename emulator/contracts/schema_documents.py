"""Loads and compiles schema documents; a user's documents override the bundled documents."""

from __future__ import annotations

import json
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from emulator import data
from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import jsonschema_rs
    from referencing import Registry

BASE = "https://testlify-emulator.example/schemas/"
"""The base of ``$id``; nothing is ever fetched from there."""

GENERATIONS = ("v1", "v2")
"""The generations of webhooks; each has a folder of schemas."""


_MASK = "the value"  # in messages, in place of each value


class SchemaLibrary:
    """All schema documents by their ``$id``.

    A document in a user's folder replaces the bundled document with the same ``$id``, also in
    references of bundled documents.

    Args:
        folder: has ``v1/<event type>.json`` and shared definitions; None for bundled schemas only.

    Attributes:
        documents: ``$id`` to document.

    Raises:
        InvalidInputError: a file of *folder* is not a JSON object.
    """

    def __init__(self, folder: Path | None) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self._ids: list[dict[tuple[str, str], str]] = []
        self._validators: dict[tuple[str, str], jsonschema_rs.Draft202012Validator] = {}
        for layer in (data.schemas(), folder):
            if layer is None:
                continue
            ids: dict[tuple[str, str], str] = {}
            for generation, name, file in files(layer):
                document = read(generation, file)
                ids[generation, name] = id_of(generation, name, document)
                self.documents[ids[generation, name]] = document
            self._ids.insert(0, ids)

    @cached_property
    def registry(self) -> Registry[Any]:
        """Resolves references to and in the documents."""
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        resources = ((uri, DRAFT202012.create_resource(one)) for uri, one in self.documents.items())
        registry: Registry[Any] = Registry().with_resources(resources)
        return registry

    def validator(self, generation: str, event: str) -> jsonschema_rs.Draft202012Validator:
        """Return the event type's validator, compiled once; its messages contain no values.

        Raises:
            UnknownNameError: no such generation or event type.
            InvalidInputError: a user's schema can't be compiled.
        """
        key = (generation, event)
        if key not in self._validators:
            schema_id = self.schema_id(generation, event)
            import jsonschema_rs

            try:
                self._validators[key] = jsonschema_rs.Draft202012Validator(
                    {"$ref": schema_id},
                    registry=self._registry,
                    validate_formats=False,
                    mask=_MASK,
                    pattern_options=jsonschema_rs.RegexOptions(),  # in linear time
                )
            except (ValueError, jsonschema_rs.ReferencingError) as problem:
                # Only possible with a user's folder that was not checked.
                reason = str(problem).partition("\n")[0]
                message = f"the schemas can't be compiled: {reason}"
                raise InvalidInputError(message) from problem
        return self._validators[key]

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        import jsonschema_rs

        return jsonschema_rs.Registry(list(self.documents.items()), retriever=_refuse)

    def events(self, generation: str) -> list[str]:
        """Return the event types that have a schema, sorted.

        Raises:
            UnknownNameError: no such generation.
        """
        if generation not in GENERATIONS:
            raise UnknownNameError("generation", generation, GENERATIONS)
        return sorted(
            {
                name
                for ids in self._ids
                for where, name in ids
                if where == generation and is_event(name)
            }
        )

    def schema_id(self, generation: str, event: str) -> str:
        """Return the ``$id`` of an event type's schema.

        Raises:
            UnknownNameError: no such generation, or no such event type in it.
        """
        for ids in self._ids:
            if (generation, event) in ids and is_event(event):
                return ids[generation, event]
        raise UnknownNameError("event type", event, self.events(generation))


@cache
def bundled() -> SchemaLibrary:
    """Return the bundled documents; a process reads and compiles them once."""
    return SchemaLibrary(None)


def _refuse(uri: str) -> Any:
    """Reject an unknown ``$id``, which the validator would otherwise fetch from the network."""
    raise LookupError(uri)


def is_event(name: str) -> bool:
    """Return whether a file of that name is an event type's; other files have definitions."""
    return "." in name


def id_of(generation: str, name: str, document: dict[str, Any]) -> str:
    """Return the ``$id`` of a document, or an ``$id`` that is made from its file name."""
    return urljoin(f"{BASE}{generation}/{name}.json", str(document.get("$id", "")))


def files(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield generation, name without ``.json``, and file of each schema in *folder*."""
    for generation in GENERATIONS:
        place = folder / generation
        if not place.is_dir():
            continue
        for file in sorted(place.iterdir(), key=lambda one: one.name):
            if file.name.endswith(".json") and file.is_file():
                yield generation, file.name.removesuffix(".json"), file


def read(generation: str, file: Path) -> dict[str, Any]:
    """Return the schema document in *file*.

    Raises:
        InvalidInputError: it is not JSON, or not an object.
    """
    name = f"{generation}/{file.name}"
    try:
        document = json.loads(file.read_bytes())
    except json.JSONDecodeError as problem:
        message = f"{name}:{problem.lineno}:{problem.colno}: not JSON: {problem.msg.lower()}"
        raise InvalidInputError(message) from None
    except (ValueError, RecursionError):
        message = f"{name}: not JSON: not UTF-8, or nested too deep"
        raise InvalidInputError(message) from None
    if not isinstance(document, dict):
        message = f"{name}: $: a schema document must be an object"
        raise InvalidInputError(message)
    return document
