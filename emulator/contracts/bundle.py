"""Bundles several schema documents into one for publishing; not used for validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from referencing._core import Resolver

_ABOUT_FILES = frozenset({"$schema", "$id", "$defs"})
_NOT_SCHEMAS = frozenset({"const", "enum", "default", "examples"})


class Bundle:
    """Copies of schemas that refer to nothing but each other.

    A definition is copied when something refers to it, under its own name; a second definition of
    the same name gets a number.

    Args:
        documents: ``$id`` to schema document.
        place: what comes before a name in references, ``#/$defs/``.

    Attributes:
        definitions: name to copy.
    """

    def __init__(self, documents: Mapping[str, dict[str, Any]], place: str) -> None:
        self._documents = documents
        resources = ((uri, DRAFT202012.create_resource(one)) for uri, one in documents.items())
        self._registry: Registry[Any] = Registry().with_resources(resources)
        self._place = place
        self._references: dict[int, str] = {}
        self.definitions: dict[str, Any] = {}

    def copy(self, schema_id: str, reference: str = "#") -> dict[str, Any]:
        """Return the document *schema_id* without ``$schema``, ``$id`` and ``$defs``.

        Args:
            schema_id: its ``$id``.
            reference: what refers to the copy.

        Raises:
            InvalidInputError: a reference in it leads nowhere.
        """
        document = self._documents[schema_id]
        self._references[id(document)] = reference
        rest = {key: value for key, value in document.items() if key not in _ABOUT_FILES}
        try:
            copied: dict[str, Any] = self._copied(rest, self._registry.resolver(schema_id))
        except Unresolvable as error:
            message = f"schema {schema_id}: {error.ref!r} leads nowhere"
            raise InvalidInputError(message) from None
        return copied

    def _copied(self, value: Any, resolver: Resolver[Any]) -> Any:
        if isinstance(value, list):
            return [self._copied(one, resolver) for one in value]
        if not isinstance(value, dict):
            return value
        copied: dict[str, Any] = {}
        for key, one in value.items():
            if key == "$ref" and isinstance(one, str):
                copied[key] = self._referred(one, resolver)
            elif key != "$id" or not isinstance(one, str):
                copied[key] = one if key in _NOT_SCHEMAS else self._copied(one, resolver)
        return copied

    def _referred(self, ref: str, resolver: Resolver[Any]) -> str:
        """Return the reference here to what *ref* refers to, copied if need be."""
        found = resolver.lookup(ref)
        known = id(found.contents)
        if known not in self._references:
            name = self._name(ref)
            self._references[known] = f"{self._place}{name}"
            self.definitions[name] = None  # taken: a definition may refer to itself
            self.definitions[name] = self._copied(found.contents, found.resolver)
        return self._references[known]

    def _name(self, ref: str) -> str:
        last = ref.rpartition("/")[2].rpartition("#")[2].removesuffix(".json") or "definition"
        name, number = last, 1
        while name in self.definitions:
            number += 1
            name = f"{last}{number}"
        return name
