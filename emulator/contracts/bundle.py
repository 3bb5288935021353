"""Several schema documents into one for publishing; never used to validate here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from referencing._core import Resolver

_NOT_SCHEMAS = frozenset({"const", "enum", "default", "examples"})


def bundled(documents: Mapping[str, dict[str, Any]], schema_id: str) -> dict[str, Any]:
    """Return one document with everything that *schema_id* refers to in its ``$defs``.

    Only what is referred to is taken along, under its own name; a second definition of the
    same name gets a number.

    Args:
        documents: ``$id`` to schema document.
        schema_id: where to begin.

    Raises:
        InvalidInputError: a reference leads nowhere.
    """
    return _Bundle(documents, schema_id).document()


class _Bundle:
    def __init__(self, documents: Mapping[str, dict[str, Any]], schema_id: str) -> None:
        resources = ((uri, DRAFT202012.create_resource(one)) for uri, one in documents.items())
        self._resolver: Resolver[Any] = Registry().with_resources(resources).resolver(schema_id)
        self._schema_id = schema_id
        self._root = documents[schema_id]
        self._names: dict[int, str] = {}
        self._definitions: dict[str, Any] = {}

    def document(self) -> dict[str, Any]:
        root = {key: value for key, value in self._root.items() if key != "$defs"}
        copied: dict[str, Any] = self._copy(root, self._resolver)
        names = ("$schema", "$id")
        first: dict[str, Any] = {key: self._root[key] for key in names if key in self._root}
        copied = {**first, **copied}
        copied["$defs"] = dict(sorted(self._definitions.items()))
        return copied

    def _copy(self, value: Any, resolver: Resolver[Any]) -> Any:
        if isinstance(value, list):
            return [self._copy(one, resolver) for one in value]
        if not isinstance(value, dict):
            return value
        copied: dict[str, Any] = {}
        for key, one in value.items():
            if key == "$ref" and isinstance(one, str):
                copied[key] = self._hoist(one, resolver)
            elif key != "$id" or not isinstance(one, str):
                copied[key] = one if key in _NOT_SCHEMAS else self._copy(one, resolver)
        return copied

    def _hoist(self, ref: str, resolver: Resolver[Any]) -> str:
        try:
            found = resolver.lookup(ref)
        except Unresolvable:
            message = f"schema {self._schema_id}: {ref!r} leads nowhere"
            raise InvalidInputError(message) from None
        if found.contents is self._root:
            return "#"
        known = self._names.get(id(found.contents))
        if known is None:
            known = self._name(ref)
            self._names[id(found.contents)] = known
            self._definitions[known] = None  # taken: a definition may refer to itself
            self._definitions[known] = self._copy(found.contents, found.resolver)
        return f"#/$defs/{known}"

    def _name(self, ref: str) -> str:
        last = ref.rpartition("/")[2].rpartition("#")[2].removesuffix(".json") or "definition"
        name, number = last, 1
        while name in self._definitions:
            number += 1
            name = f"{last}{number}"
        return name
