"""Compares captures with the schemas: new, missing and changed keys and values. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from emulator import paths
from emulator.captures.event_recognition import UNREADABLE, event_of, generation_of, payload_of
from emulator.contracts.contradictions import contradictions
from emulator.contracts.learned import names
from emulator.domain.events import TEST_EVENT, Generation, Provenance
from emulator.domain.payloads.value_kinds import kind_of, type_of
from emulator.paths import Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from emulator.captures.capture import Capture
    from emulator.contracts.contradictions import Contradiction
    from emulator.contracts.validation import Contracts

Kind = Literal[
    "added",  # a key that the schema does not have
    "removed",  # a key that the schema requires is missing
    "retyped",
    "nullable",  # null, where the schema has no null
    "new value",  # a word that is not in the schema's list
    "new form",  # of the right type, but not of the form: a pattern, a limit
    "new event type",
    "new order",  # keys in another order than the emulator sends them
]

Meaning = Literal["discovery", "change"]

_SUPERSEDED: Mapping[str, tuple[str, ...]] = {
    "new form": ("retyped", "nullable", "new value"), "new value": ("retyped", "nullable"),
}  # fmt: skip
"""Kind -> kinds at the same place that say it better."""


class Drift(msgspec.Struct, frozen=True):
    """One difference between captures and the schemas.

    Attributes:
        event: id of the event type.
        path: JSON path in the payload of the first capture that shows it.
        count: captures that show it.
        of: captures of that event type.
        example: the value in the captures, without personal data.
        provenance: how the contradicted fact is known.
    """

    event: str
    generation: Generation
    kind: Kind
    path: str
    count: int
    of: int
    example: str
    provenance: Provenance

    @property
    def meaning(self) -> Meaning:
        """Whether something assumed turns out otherwise, or something known has changed."""
        return "discovery" if self.provenance == "assumed" else "change"


class Comparison(msgspec.Struct, frozen=True):
    """The result of comparing captures.

    Attributes:
        compared: number of captures that were compared.
        of: the compared things, in the plural.
        skipped: event type -> number of captures without a schema to compare with: test events,
            and bodies that are not JSON.
    """

    drifts: tuple[Drift, ...]
    compared: int
    skipped: dict[str, int]
    of: str = "captures"


_MOST_SHOWN = 5
_ORDER: Mapping[Generation, Provenance] = {"v1": "documented", "v2": "assumed"}
"""Generation -> how the order of keys in its payloads is known."""


class _Place(msgspec.Struct, frozen=True):
    kind: Kind
    path: Path
    example: str
    provenance: Provenance

    @property
    def general(self) -> tuple[str, Path]:
        """The kind and path under which it is counted: the same for all items of a list."""
        return self.kind, tuple(0 if isinstance(part, int) else part for part in self.path)


def compare(
    captures: Iterable[Capture],
    contracts: Contracts,
    sent: Callable[[Generation, str], Iterable[Any]],
    *,
    learned_only: bool = False,
) -> Comparison:
    """Return where captures differ from the schemas.

    Args:
        captures: to compare.
        contracts: have the schemas.
        sent: returns payloads of an event type as the emulator sends them, for the order of keys.
        learned_only: know only the event types that an overlay has learned.
    """
    groups: dict[tuple[Generation, str], list[Any]] = defaultdict(list)
    skipped: dict[str, int] = defaultdict(int)
    for capture in captures:
        event = event_of(capture)
        if event in (TEST_EVENT, UNREADABLE):
            skipped[event] += 1
        else:
            generation = generation_of(capture)
            event = names(contracts, generation).get(event, event)
            groups[generation, event].append(payload_of(capture))
    drifts: list[Drift] = []
    for (generation, event), payloads in sorted(groups.items()):
        is_known = event in contracts.events(generation)
        if is_known and not (learned_only and contracts.learned(generation, event) is None):
            known = list(sent(generation, event))
            found = [_places(generation, event, contracts, payload, known) for payload in payloads]
            drifts += _counted(generation, event, found)
        else:
            drifts.append(_new_event_type(generation, event, payloads))
    return Comparison(tuple(drifts), sum(map(len, groups.values())), dict(skipped))


def shown(value: Any) -> str:
    """Return a value for people, with kinds in place of texts, which may be personal data."""
    match value:
        case str():
            return f"<{kind_of(value)}>"
        case dict():
            inner = (f"{_key(key)}: {shown(one)}" for key, one in list(value.items())[:_MOST_SHOWN])
            return f"{{{', '.join(inner)}{', ...' if len(value) > _MOST_SHOWN else ''}}}"
        case list():
            return f"[{shown(value[0])}{', ...' if len(value) > 1 else ''}]" if value else "[]"
    return msgspec.json.encode(value).decode()


def _key(key: str) -> str:
    return key if kind_of(key) == "word" else shown(key)


def _new_event_type(generation: Generation, event: str, payloads: Sequence[Any]) -> Drift:
    # v1's list of events is documented; of v2's, four names are unknown.
    known: Provenance = "documented" if generation == "v1" else "assumed"
    count = len(payloads)
    example = shown(payloads[0])
    return Drift(event, generation, "new event type", "$", count, count, example, known)


def _counted(generation: Generation, event: str, found: Sequence[Sequence[_Place]]) -> list[Drift]:
    """Return each difference once.

    Args:
        generation, event: of the captures.
        found: of each capture, its differences.
    """
    first: dict[tuple[str, Path], _Place] = {}
    counts: dict[tuple[str, Path], int] = defaultdict(int)
    for places in found:
        for key, place in {one.general: one for one in reversed(places)}.items():
            first.setdefault(key, place)
            counts[key] += 1
    return [
        Drift(
            event, generation, place.kind, paths.shown(place.path), counts[key], len(found),
            place.example, place.provenance,
        )
        for key, place in first.items()
    ]  # fmt: skip


def _places(
    generation: Generation, event: str, contracts: Contracts, payload: Any, sent: Sequence[Any]
) -> list[_Place]:
    """Return the differences of one payload."""
    found = contradictions(contracts, generation, event, payload)
    places = [_place(one, payload) for one in found]
    kinds = defaultdict(set)
    for place in places:
        kinds[place.path].add(place.kind)
    found_here = [
        one for one in places if not kinds[one.path].intersection(_SUPERSEDED.get(one.kind, ()))
    ]
    return [*found_here, *_reordered(payload, sent, _ORDER[generation], ())]


def _place(found: Contradiction, payload: Any) -> _Place:
    """Return a violation of a schema as a difference."""
    value = paths.find(payload, found.path)
    kind: Kind
    match found.keyword:
        case "required":
            return _Place("removed", (*found.path, found.key), "", found.provenance)
        case "additionalProperties" | "unevaluatedProperties":
            example = shown(value[found.key])
            return _Place("added", (*found.path, found.key), example, found.provenance)
        case "falseSchema":
            kind = "added"
        case "type" | "enum" | "const" | "anyOf" | "oneOf" if found.types and (
            type_of(value) not in found.types
        ):
            kind = "nullable" if value is None else "retyped"
        case "enum" | "const":
            kind = "new value"
        case _:
            kind = "new form"
    is_word = kind == "new value" and kind_of(value) == "word"
    return _Place(kind, found.path, value if is_word else shown(value), found.provenance)


def _reordered(
    payload: Any, sent: Sequence[Any], provenance: Provenance, path: Path
) -> Iterator[_Place]:
    """Yield the objects whose keys have an order that none of *sent* has."""
    if isinstance(payload, dict):
        alike = [one for one in sent if isinstance(one, dict)]
        moved = [_first_moved(payload, one) for one in alike]
        if all(moved) and moved:
            yield _Place("new order", path, moved[0], provenance)
        for key, value in payload.items():
            inner = [one[key] for one in alike if key in one]
            yield from _reordered(value, inner, provenance, (*path, key))
    elif isinstance(payload, list):
        inner = [item for one in sent if isinstance(one, list) for item in one]
        for index, value in enumerate(payload):
            yield from _reordered(value, inner, provenance, (*path, index))


def _first_moved(captured: Mapping[str, Any], sent: Mapping[str, Any]) -> str:
    """Return the first key at another place, in words; empty if the order is the same."""
    keys = [key for key in captured if key in sent]
    expected = [key for key in sent if key in captured]
    pairs = zip(keys, expected, strict=True)
    return next((f"{key} in the place of {other}" for key, other in pairs if key != other), "")
