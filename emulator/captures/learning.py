"""Learns shapes from captured payloads, without personal data. Pure.

Only words that are not personal data are kept: the event's own words, words in places where the
emulator always has the same word, and words of code that several people share.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import reduce
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from emulator import paths
from emulator.captures.value_sources import bound
from emulator.domain.payloads import fields
from emulator.domain.payloads.shapes import Order, Shape, leaves, merged
from emulator.domain.payloads.value_kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emulator.domain.payloads.shapes import Scope
    from emulator.paths import Path

_CODE = re.compile("[A-Z]+(?:_[A-Z]+)*|[a-z]+(?:_[a-z]+)*|[a-z]+(?:[A-Z][a-z]*)+")
"""A word of code: IN_PROGRESS, in_progress, inProgress; a name is seldom written so."""

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,60}")
_LONGEST_WORD = 40
_SECRET = re.compile("token|secret|password|key|signature|auth|mail|phone|name", re.IGNORECASE)
_FEWEST_PEOPLE = 3
"""People that have to share a word in a new place."""

_WIRE_WORDS = (("event",), ("type",))
"""Paths whose words name the event."""

_FULL_NAMES = ("fullname", "name", "candidatename", "displayname")
_PART = re.compile(r"[^\W_]{3,}")
_CODE_PART = re.compile("[A-Z]?[a-z]{2,}|[A-Z]{3,}")


class _Seen(NamedTuple):
    """A value in one payload."""

    payload: int
    value: Any


Seen = dict["Path", list[_Seen]]


def observed(value: Any) -> Shape:
    """Return the shape of one value; keys that are not words are left out."""
    kind = kind_of(value)
    kinds = {kind: 1}
    if kind == "object":
        keys = {key: observed(one) for key, one in value.items() if _is_name(key)}
        order = Order(tuple(keys), 1)
        return Shape(1, kinds, (order,), keys, is_open=len(keys) < len(value))
    if kind == "list":
        items = reduce(merged, map(observed, value)) if value else None
        return Shape(1, kinds, items=items)
    words = {str(value).lower(): 1} if kind == "boolean" else {}
    return Shape(1, kinds, words=words)


def _is_name(key: str) -> bool:
    """Whether a key names a value; others, such as addresses and ids, may be personal data."""
    return _NAME.fullmatch(key) is not None and kind_of(key) in ("word", "text")


def learned(payloads: Sequence[Any], ours: Sequence[Any]) -> Shape:
    """Return the shape of captured payloads of one event type.

    Args:
        payloads: the captured payloads.
        ours: payloads of that event type as the emulator sends them, about different subjects.
    """
    shape = reduce(merged, map(observed, payloads))
    shape = bound(shape, reduce(merged, map(observed, ours)))
    seen: Seen = defaultdict(list)
    for number, payload in enumerate(payloads):
        for path, value in _values(payload):
            seen[path].append(_Seen(number, value))
    shape = _with_full_names(_correlated(shape, seen), ours[0])
    subjects = _Subjects(shape, seen, ours[0], len(payloads))
    fixed = _fixed(ours)
    personal = _personal(shape, seen, fixed)

    def with_words(path: Path, leaf: Shape) -> Shape:
        if leaf.source is None:
            leaf = msgspec.structs.replace(leaf, scope=subjects.scope(seen[path]))
        safe = _safe_words(path, leaf, seen[path], subjects, fixed=fixed, personal=personal)
        counts = {word: sum(one.value == word for one in seen[path]) for word in safe}
        return msgspec.structs.replace(leaf, words={**leaf.words, **counts})

    return _mapped(shape, with_words, ())


def _values(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of each scalar; the items of a list are at 0."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _values(one, (*path, key))
    elif isinstance(value, list):
        for one in value:
            yield from _values(one, (*path, 0))
    else:
        yield path, value


def _mapped(shape: Shape, change: Any, path: Path) -> Shape:
    """Return a shape with each leaf changed."""
    keys = {key: _mapped(inner, change, (*path, key)) for key, inner in shape.keys.items()}
    items = None if shape.items is None else _mapped(shape.items, change, (*path, 0))
    found = msgspec.structs.replace(shape, keys=keys, items=items)
    return found if keys or items else change(path, found)


# --- values that belong together ------------------------------------------------------------


def _correlated(shape: Shape, seen: Seen) -> Shape:
    """Return a shape in which a value that is always that of another one has its source."""
    known = [
        (path, leaf.source)
        for path, leaf in leaves(shape)
        if leaf.source is not None and 0 not in path
    ]
    values = {path: {one.payload: one.value for one in seen[path]} for path, _ in known}

    def with_source(path: Path, leaf: Shape) -> Shape:
        if leaf.source is not None or 0 in path:
            return leaf
        distinctive = {one.payload: one.value for one in seen[path] if _is_distinctive(one.value)}
        for other, source in known if distinctive else ():
            if all(values[other].get(number) == value for number, value in distinctive.items()):
                return msgspec.structs.replace(leaf, source=source)
        texts = [one for one in known if any(" " in str(value) for value in distinctive.values())]
        for (first, one), (second, two) in permutations(texts, 2):
            if all(
                f"{values[first].get(number)} {values[second].get(number)}" == value
                for number, value in distinctive.items()
            ):
                return msgspec.structs.replace(leaf, joined=(one, two))
        return leaf

    return _mapped(shape, with_source, ())


def _with_full_names(shape: Shape, ours: Any) -> Shape:
    """Return a shape in which a full name is made of the names, if the captures have it alone."""
    names = tuple(fields.place(ours, name) for name in ("firstName", "lastName"))
    if any(paths.find(ours, name) is paths.ABSENT for name in names):
        return shape

    def joined(path: Path, leaf: Shape) -> Shape:
        is_name = str(path[-1]).lower().replace("_", "") in _FULL_NAMES and "text" in leaf.kinds
        if is_name and not leaf.joined and 0 not in path and leaf.source in (None, *names):
            return msgspec.structs.replace(leaf, source=None, joined=names)
        return leaf

    return _mapped(shape, joined, ())


def _is_distinctive(value: Any) -> bool:
    """Whether two values that are equal to it are unlikely to be so by chance."""
    return isinstance(value, str) and len(value) > 2 and kind_of(value) not in ("numeric", "date")


class _Subjects:
    """The subject of each payload: a person, or an assessment.

    Args:
        shape: with sources.
        seen: all values.
        ours: a payload of the emulator, which has the subjects' ids in known places.
        count: number of payloads.
    """

    def __init__(self, shape: Shape, seen: Seen, ours: Any, count: int) -> None:
        sources = {leaf.source: path for path, leaf in leaves(shape) if 0 not in path}

        def known(*names: str) -> list[Any]:
            found: list[Any] = [None] * count
            for name in names:
                for one in seen.get(sources.get(fields.place(ours, name), ("",)), ()):
                    found[one.payload] = found[one.payload] or one.value
            return found

        self.assessments = known("assessmentId")
        people = known("email", "candidateId")
        self.people = [one or other for one, other in zip(people, self.assessments, strict=True)]

    def scope(self, seen: Sequence[_Seen]) -> Scope:
        """Return the scope in which a value stays the same, as far as the payloads show it."""
        values: dict[int, tuple[Any, ...]] = defaultdict(tuple)
        for one in seen:
            values[one.payload] += (one.value,)
        by_person: dict[Any, set[Any]] = defaultdict(set)
        by_assessment: dict[Any, set[Any]] = defaultdict(set)
        people: dict[Any, set[Any]] = defaultdict(set)
        for number, value in values.items():
            by_person[self.people[number]].add(value)
            by_assessment[self.assessments[number]].add(value)
            people[self.assessments[number]].add(self.people[number])
        if len(by_assessment) > 1 and len(set(values.values())) == 1:
            return "workspace"
        is_shared = any(len(found) > 1 for found in people.values())
        if is_shared and all(len(values) == 1 for values in by_assessment.values()):
            return "assessment"
        is_constant = all(len(values) == 1 for values in by_person.values())
        return "candidate" if is_constant else "message"


# --- words ----------------------------------------------------------------------------------


def _fixed(ours: Sequence[Any]) -> set[Path]:
    """Return the paths at which all payloads of the emulator have the same word, or a boolean."""
    values: dict[Path, list[Any]] = defaultdict(list)
    for payload in ours:
        for path, value in _values(payload):
            values[path].append(value)
    return {
        path
        for path, found in values.items()
        if 0 not in path
        and (
            all(isinstance(one, bool) for one in found)
            or (len(set(found)) == 1 and _is_code(found[0]) and found[0] != "null")
        )
    }


def _personal(shape: Shape, seen: Seen, fixed: set[Path]) -> set[str]:
    """Return the parts of all texts that may be personal data, in lower case."""
    found: set[str] = set()
    for path, leaf in leaves(shape):
        if leaf.source is not None and leaf.source not in fixed and "url" not in leaf.kinds:
            texts = (one.value for one in seen[path] if isinstance(one.value, str))
            found.update(part.lower() for text in texts for part in _PART.findall(text))
    return found


def _safe_words(
    path: Path,
    leaf: Shape,
    seen: Sequence[_Seen],
    subjects: _Subjects,
    *,
    fixed: set[Path],
    personal: set[str],
) -> set[str]:
    """Return the words at one place that are not personal data."""
    words = {one.value for one in seen if kind_of(one.value) == "word"}
    if path in _WIRE_WORDS or leaf.source in _WIRE_WORDS:
        return words
    words = {word for word in words if _is_code(word)}
    if leaf.source is not None:
        is_vocabulary = leaf.source in fixed and 0 not in path
        return words if is_vocabulary else set()
    if _SECRET.search(str(path[-1])):
        return set()
    people = {
        word: {subjects.people[one.payload] for one in seen if one.value == word} - {None}
        for word in words
    }
    return {
        word
        for word in words
        if len(people[word]) >= _FEWEST_PEOPLE
        and personal.isdisjoint({word.lower(), *map(str.lower, _CODE_PART.findall(word))})
    }


def _is_code(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= _LONGEST_WORD
        and _CODE.fullmatch(value) is not None
        and kind_of(value) == "word"
    )
