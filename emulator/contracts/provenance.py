"""Reads the provenance of the keys of a payload from its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from emulator.domain.events import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

_ORDER = get_args(Provenance)


def of_keys(document: dict[str, Any]) -> Iterator[tuple[str, Provenance]]:
    """Yield the path of each key of a payload, and how the key is known.

    A key is known as well as the weakest ``x-provenance`` on the way to it.

    Args:
        document: schema of an event type, self-contained.

    Yields:
        Path with ``[]`` for the items of a list, ``data.testLibraries[].title``.
    """
    return _below(document, document, "", document["x-provenance"])


def _below(
    schema: dict[str, Any], document: dict[str, Any], path: str, known: Provenance
) -> Iterator[tuple[str, Provenance]]:
    for part in parts(schema, document):
        if "items" in part:
            yield from _below(part["items"], document, f"{path}[]", known)
        if part.get("additionalProperties") is False:
            for name, key in part.get("properties", {}).items():
                place = f"{path}.{name}" if path else name
                here = weakest(key, document, known)
                yield place, here
                yield from _below(key, document, place, here)


def parts(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema, and the schemas to which it refers."""
    yield schema
    if "$ref" in schema:
        yield from parts(document["$defs"][schema["$ref"].removeprefix("#/$defs/")], document)
    if "then" in schema:
        yield from parts(schema["then"], document)


def weakest(schema: dict[str, Any], document: dict[str, Any], known: Provenance) -> Provenance:
    """Return how a value is known: as well as its schema, and as all around it (*known*)."""
    own = [one["x-provenance"] for one in parts(schema, document) if "x-provenance" in one]
    return max([known, *own[:1]], key=_ORDER.index)
