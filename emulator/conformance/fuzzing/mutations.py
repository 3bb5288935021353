"""Every single mutation of a payload, in a fixed order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HUGE_TEXT = "x" * 10_000
HUGE_NUMBER = 2**53 + 1  # the first integer that a double can't hold
NASTY_TEXT = "\u0000\u202e<b>'; DROP TABLE candidates; -- \U0001f600"
NEW_WORD = "SOMETHING_NEW"
NEW_KEY = "somethingNew"
MANY = 100


class Mutation(msgspec.Struct, frozen=True):
    """A change of a payload in one place.

    Attributes:
        path: the place; empty for the whole payload.
        operator: the kind of change in words.
        value: the new value; UNSET removes the value.
    """

    path: paths.Path
    operator: str
    value: Any = msgspec.UNSET

    @property
    def place(self) -> str:
        """The path as text."""
        return paths.short(self.path)

    @property
    def text(self) -> str:
        """The change on one line, with long values cut."""
        if self.value is msgspec.UNSET:
            return f"{self.place} removed"
        value = msgspec.json.encode(self.value).decode()
        return f"{self.place} = {value if len(value) <= 80 else value[:60] + '...'}"


def changed(payload: Any, changes: Iterable[Mutation]) -> Any:
    """Return a copy of *payload* with the changes applied in order.

    A change in a place that an earlier change has removed is ignored.
    """
    for change in changes:
        payload = _with(payload, change.path, change.value)
    return payload


def mutations(payload: Any) -> Iterator[Mutation]:
    """Yield every single mutation, place by place; lists are changed in their first item only."""
    for path, value in places(payload):
        if path and isinstance(path[-1], str):
            yield Mutation(path, "remove")
        for operator, other in _values(value):
            if other != value or type(other) is not type(value):
                yield Mutation(path, operator, other)
        if isinstance(value, dict):
            yield Mutation((*path, NEW_KEY), "extra key", {"nested": [1, None]})


def places(value: Any, path: paths.Path = ()) -> Iterator[tuple[paths.Path, Any]]:
    """Yield each path of a payload with its value, outer paths first; of lists the first item."""
    yield path, value
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def _values(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield operator and value of each replacement for *value*."""
    yield "null", None
    match value:
        case bool():
            yield from (("opposite", not value), ("text", str(value).lower()), ("number", 1))
        case int() | float():
            yield from (("text", str(value)), ("zero", 0), ("negative", -1))
            yield from (("huge", HUGE_NUMBER), ("fraction", value + 0.5), ("list", [value]))
        case str():
            yield from (("empty", ""), ("unknown word", NEW_WORD), ("huge", HUGE_TEXT))
            yield from (("nasty text", NASTY_TEXT), ("the text null", "null"))
            yield from (("number", 7), ("true", True), ("object", {}), ("list", [value]))
        case None:
            yield from (("text", "some text"), ("number", 7), ("object", {}), ("list", []))
        case list():
            yield from (("empty", []), ("text", "some text"), ("object", {}))
            yield from (("huge", value[:1] * MANY), ("list of null", [None]))
        case _:
            yield from (("empty", {}), ("text", "some text"), ("list", [value]), ("number", 7))


def _with(payload: Any, path: paths.Path, value: Any) -> Any:
    """Return *payload* with *value* at *path*; copies the containers on the path only."""
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(payload, dict) and isinstance(part, str):
        if rest and part not in payload:
            return payload
        copied = dict(payload)
        if not rest and value is msgspec.UNSET:
            copied.pop(part, None)
        else:
            copied[part] = _with(copied.get(part), rest, value)
        return copied
    if isinstance(payload, list) and isinstance(part, int) and part < len(payload):
        items = list(payload)
        if not rest and value is msgspec.UNSET:
            del items[part]
        else:
            items[part] = _with(items[part], rest, value)
        return items
    return payload
