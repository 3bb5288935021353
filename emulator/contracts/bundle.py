"""Bundles several schema documents into one for publishing; not used for validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referencing.exceptions import Unresolvable

from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from referencing._core import Resolver

    from emulator.contracts.schema_documents import SchemaLibrary

_ABOUT_FILES = frozenset({"$schema", "$id", "$defs"})
_NOT_SCHEMAS = frozenset({"const", "enum", "default", "examples"})


class Bundle:
    """Copies of schemas that refer to nothing but each other.

    A definition is copied when something refers to it, under its own name; a second definition of
    the same name gets a number.

    Args:
        library: the schema documents.
        place: the prefix of a name in references, ``#/$defs/``.

    Attributes:
        definitions: name to copy.
    """

    def __init__(self, library: SchemaLibrary, place: str) -> None:
        self._library = library
        self._place = place
        self._references: dict[int, str] = {}
        self.definitions: dict[str, Any] = {}

    def copy(self, schema_id: str, reference: str = "#") -> dict[str, Any]:
        """Return the document *schema_id* without ``$schema``, ``$id`` and ``$defs``.

        Args:
            schema_id: its ``$id``.
            reference: the reference to the copy.

        Raises:
            InvalidInputError: a reference in it has no target.
        """
        document = self._library.documents[schema_id]
        self._references[id(document)] = reference
        rest = {key: value for key, value in document.items() if key not in _ABOUT_FILES}
        try:
            copied: dict[str, Any] = self._copied(rest, self._library.registry.resolver(schema_id))
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
        """Return the reference to a copy of the target of *ref*."""
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
