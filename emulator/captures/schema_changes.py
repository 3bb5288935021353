"""Compares two folders of schemas: keys and values that were added or removed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from emulator.captures.drift import Comparison, Drift
from emulator.contracts.provenance import parts, weakest
from emulator.domain.events import Generation, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.captures.drift import Kind
    from emulator.contracts.validation import Contracts


class _SchemaKey(msgspec.Struct):
    """The rules of a schema for the key at one path."""

    provenance: Provenance
    is_required: bool
    types: set[str] = msgspec.field(default_factory=set)
    values: set[str] = msgspec.field(default_factory=set)


def compare_schemas(old: Contracts, new: Contracts) -> Comparison:
    """Return where the schemas of *new* differ from those of *old*.

    Each difference counts once, however many captures a schema was learned from.
    """
    drifts: list[Drift] = []
    compared = 0
    for generation in get_args(Generation):
        known, now = old.events(generation), new.events(generation)
        compared += len(known)
        for event in sorted({*known, *now}):
            if event not in known:
                own = new.document(generation, event)["x-provenance"]
                drifts.append(_drift(generation, event, "new event type", "$", own))
            elif event not in now:
                own = old.document(generation, event)["x-provenance"]
                drifts.append(_drift(generation, event, "removed", "$", own))
            else:
                before, after = (_keys(one.document(generation, event)) for one in (old, new))
                drifts += _changes(generation, event, before, after)
    return Comparison(tuple(drifts), compared, {}, "schemas")


def _changes(
    generation: Generation, event: str, before: dict[str, _SchemaKey], after: dict[str, _SchemaKey]
) -> Iterator[Drift]:
    for path, key in after.items():
        was = before.get(path)
        if was is None:
            yield _drift(generation, event, "added", path, "assumed", " or ".join(key.types))
            continue
        gained = key.types - was.types
        if gained == {"null"}:
            yield _drift(generation, event, "nullable", path, was.provenance)
        elif was.types and gained:
            yield _drift(generation, event, "retyped", path, was.provenance, " or ".join(key.types))
        elif was.values and key.values - was.values:
            words = ", ".join(sorted(key.values - was.values))
            yield _drift(generation, event, "new value", path, was.provenance, words)
        if was.is_required and not key.is_required:
            yield _drift(generation, event, "removed", path, was.provenance, "optional now")
    for path in before.keys() - after.keys():
        yield _drift(generation, event, "removed", path, before[path].provenance)


def _drift(
    generation: Generation, event: str, kind: Kind, path: str, known: Provenance, example: str = ""
) -> Drift:
    return Drift(event, generation, kind, path, 1, 1, example, known)


def _keys(document: dict[str, Any]) -> dict[str, _SchemaKey]:
    found: dict[str, _SchemaKey] = {}
    _collect(found, document, document, "", document["x-provenance"])
    return found


def _collect(
    found: dict[str, _SchemaKey],
    schema: dict[str, Any],
    document: dict[str, Any],
    path: str,
    known: Provenance,
) -> None:
    for part in parts(schema, document):
        if "items" in part:
            _collect(found, part["items"], document, f"{path}[]", known)
        required = part.get("required", ())
        for name, inner in part.get("properties", {}).items():
            place = f"{path}.{name}" if path else name
            here = weakest(inner, document, known)
            key = found.setdefault(place, _SchemaKey(here, name in required))
            key.is_required |= name in required
            for one in parts(inner, document):
                types = one.get("type", [])
                key.types.update([types] if isinstance(types, str) else types)
                words = one.get("enum", [one["const"]] if "const" in one else [])
                key.values.update(msgspec.json.encode(word).decode() for word in words)
            _collect(found, inner, document, place, here)
