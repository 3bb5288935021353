"""Finds the values of captured payloads in the emulator's own payload. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.payloads.filling import FREE
from emulator.domain.payloads.shapes import leaves
from emulator.domain.payloads.value_kinds import TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.domain.payloads.shapes import Shape
    from emulator.paths import Path

_SIMILAR = 0.5  # of two names, from 0 to 1
_STRONG = frozenset({
    "object_id", "uuid", "datetime", "datetime_seconds", "datetime_offset", "epoch_milliseconds",
    "email", "url",
})  # fmt: skip
"""Kinds that identify a value without its key."""


def bound(shape: Shape, ours: Shape) -> Shape:
    """Return a shape with the sources of its values.

    A value has the source at the same path; of a key that was renamed, the old key, found by its
    name, its kind and its place between other keys; else the only key of that name elsewhere.

    Args:
        shape: of captured payloads.
        ours: of the emulator's own payloads.
    """
    elsewhere: dict[str, list[Path]] = {}
    for path, _ in leaves(ours):
        if 0 not in path:
            elsewhere.setdefault(str(path[-1]) if path else "", []).append(path)
    only = {name: paths[0] for name, paths in elsewhere.items() if len(paths) == 1}
    return _moved(_bound(shape, ours, ()), only, "")


def _bound(shape: Shape, ours: Shape, at: Path) -> Shape:
    pairs = _pairs(shape, ours)
    keys = {}
    for key, inner in shape.keys.items():
        if key in pairs:
            keys[key] = _bound(inner, ours.keys[pairs[key]], (*at, pairs[key]))
        elif not ours.keys and _is_compatible(inner, ours):  # a value that became an object
            keys[key] = msgspec.structs.replace(inner, source=at)
        else:
            keys[key] = inner
    items = shape.items
    if items is not None and ours.items is not None:
        items = _bound(items, ours.items, ())
    elif items is not None and not ours.keys:  # a value that became a list
        items = msgspec.structs.replace(items, source=())
    return msgspec.structs.replace(shape, source=at, keys=keys, items=items)


def _moved(shape: Shape, only: dict[str, Path], name: str) -> Shape:
    """Return a shape in which values without a source have the only one of their name."""
    keys = {key: _moved(inner, only, key) for key, inner in shape.keys.items()}
    is_lost = shape.source is None and not shape.keys and shape.items is None and name in only
    source = only[name] if is_lost else shape.source
    return msgspec.structs.replace(shape, keys=keys, source=source)


# --- renamed keys ---------------------------------------------------------------------------


def _pairs(shape: Shape, ours: Shape) -> dict[str, str]:
    """Return captured key -> our key: the same key, or the key from which it was renamed."""
    pairs = {key: key for key in shape.keys if key in ours.keys}
    added = [key for key in shape.order if key not in ours.keys]
    gone = [key for key in ours.order if key not in shape.keys]
    scored = sorted(
        ((_score(new, old, shape, ours), new, old) for new in added for old in gone), reverse=True
    )
    for score, new, old in scored:
        if score >= _SIMILAR and new not in pairs and old not in pairs.values():
            pairs[new] = old
    return pairs


def _score(new: str, old: str, shape: Shape, ours: Shape) -> float:
    """Return how likely *new* is the renamed *old*: from `_SIMILAR` on, it is."""
    if not _is_compatible(shape.keys[new], ours.keys[old]):
        return 0.0
    score = SequenceMatcher(None, new.lower(), old.lower()).ratio()
    if _neighbours(new, shape.order, ours.keys) == _neighbours(old, ours.order, shape.keys):
        score += 1.0
    if _STRONG & shape.keys[new].kinds.keys() & ours.keys[old].kinds.keys():
        score += 0.3
    return score


def _neighbours(key: str, order: Sequence[str], common: dict[str, Shape]) -> tuple[str, str]:
    """Return the nearest keys before and after *key* that both sides have."""
    at = order.index(key)
    before = next((one for one in reversed(order[:at]) if one in common), "")
    return before, next((one for one in order[at + 1 :] if one in common), "")


def _is_compatible(one: Shape, other: Shape) -> bool:
    """Whether two values may be the same in another form."""
    if one.kinds.keys() & other.kinds.keys() - {"null", "empty"}:
        return True
    types = [{TYPES[kind] for kind in shape.kinds} - {"null"} for shape in (one, other)]
    are_texts = all(not FREE.isdisjoint(shape.kinds) for shape in (one, other))
    numbers = {"integer", "number"}
    return are_texts or all(found and found <= numbers for found in types)
