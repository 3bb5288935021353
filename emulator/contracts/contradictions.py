"""Finds contradictions between a payload and its schema, with the provenance of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.domain.events import Provenance
from emulator.domain.payloads.value_kinds import type_of
from emulator.paths import Path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from referencing._core import Resolver

    from emulator.contracts.validation import Contracts


class Contradiction(msgspec.Struct, frozen=True):
    """One place where a payload does not fit its schema.

    Attributes:
        path: of the value; of the object, where a key is missing or unknown.
        keyword: of JSON Schema: ``required``, ``additionalProperties``, ``type``, ``enum``.
        key: that is missing or unknown; empty for other keywords.
        types: that the schema permits there, as JSON Schema calls them; empty if it does not say.
        provenance: ``x-provenance`` of the innermost schema around that place.
    """

    path: Path
    keyword: str
    key: str
    types: frozenset[str]
    provenance: Provenance


def contradictions(
    contracts: Contracts, generation: str, event: str, payload: object
) -> Iterator[Contradiction]:
    """Yield the places at which *payload* does not fit the event type's schema.

    Raises:
        UnknownNameError: no such generation or event type.
    """
    for error in contracts.validator(generation, event).iter_errors(payload):
        keyword, facts = error.kind.name, error.kind.as_dict()
        path = tuple(error.instance_path)
        schema, resolver, provenance = _followed(
            contracts.schema_id(generation, event), error.evaluation_path, contracts.resolver
        )
        if keyword == "required":
            key = facts["property"]
            known = _said(schema.get("properties", {}).get(key), resolver)
            yield Contradiction(path, keyword, key, frozenset(), known or provenance)
        elif keyword in ("additionalProperties", "unevaluatedProperties"):
            for key in facts["unexpected"]:
                yield Contradiction(path, keyword, key, frozenset(), provenance)
        else:
            yield Contradiction(path, keyword, "", _types(keyword, facts, schema), provenance)


def _followed(
    schema_id: str, path: Sequence[str | int], resolver: Resolver[Any]
) -> tuple[dict[str, Any], Resolver[Any], Provenance]:
    """Return the schema that has the keyword at the end of an evaluation path.

    Args:
        schema_id: to which the first ``$ref`` leads, which is the validator's own.
        path: as jsonschema-rs gives it: through each ``$ref``.
        resolver: of all schemas.

    Returns:
        The schema, the resolver of its references, and the innermost provenance around it.
    """
    at: Any = {"$ref": schema_id}
    schema: dict[str, Any] = {}
    known: Provenance = "assumed"
    for step in path:
        if step == "$ref":
            found = resolver.lookup(at["$ref"])
            at, resolver = found.contents, found.resolver
        else:
            at = at[step]
        if isinstance(at, dict):
            schema, known = at, at.get("x-provenance", known)
    return schema, resolver, known


def _said(schema: Any, resolver: Resolver[Any]) -> Provenance | None:
    """Return the provenance of a schema, or of the schema that it refers to."""
    while isinstance(schema, dict) and "x-provenance" not in schema and "$ref" in schema:
        found = resolver.lookup(schema["$ref"])
        schema, resolver = found.contents, found.resolver
    return schema.get("x-provenance") if isinstance(schema, dict) else None


def _types(keyword: str, facts: Mapping[str, Any], schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the types that a keyword permits; empty if it does not say."""
    if keyword == "type":
        return frozenset(facts["types"])
    if keyword in ("const", "enum"):
        return frozenset(map(type_of, schema.get("enum", [schema.get("const")])))
    if keyword in ("anyOf", "oneOf"):
        inner = [error.kind for branch in facts.get("context", ()) for error in branch]
        if all(kind.name == "type" for kind in inner):
            return frozenset(one for kind in inner for one in kind.as_dict()["types"])
    return frozenset()
