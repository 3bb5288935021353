"""Converts a tree of YAML values to records, and reports every problem with its line."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from emulator.errors import EmulatorError, ScenarioError, near

if TYPE_CHECKING:
    from emulator.scenario.problems import Problems
    from emulator.scenario.tree import Node

Reader = Callable[["Node"], Any]

WRONG: Final = object()
"""Stands for a value that could not be read and whose problems were reported."""


@lru_cache
def keys(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """Return the fields of a record by their keys in the file."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


class Shaper:
    """Converts nodes to the types of record fields.

    Args:
        readers: type -> function that reads a node of this type; it raises EmulatorError, or
            returns WRONG after it reported the problems itself.
        problems: collects the problems.
    """

    def __init__(self, readers: Mapping[Any, Reader], problems: Problems) -> None:
        self._readers = readers
        self._problems = problems

    def read(self, node: Node, kind: Any) -> Any:
        """Return *node* as a *kind*, or WRONG."""
        if node.is_unknown:
            return WRONG
        if get_origin(kind) in (Union, types.UnionType):
            if node.value is None:
                return None
            (kind,) = (argument for argument in get_args(kind) if argument is not type(None))
        if kind in self._readers:
            return self._special(node, kind)
        return self.by_type(node, kind)

    def by_type(self, node: Node, kind: Any) -> Any:
        """Return *node* as a *kind* without a reader, or WRONG."""
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.record(node, kind)
        bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        origin = get_origin(bare)
        if origin is list and isinstance(node.value, list):
            return self._list(node, kind, get_args(bare)[0])
        if origin is dict and isinstance(node.value, dict):
            return self._dict(node, *get_args(bare))
        if origin is Literal:
            return self._one_of(node, get_args(bare))
        return self._leaf(node, kind)

    def record(self, node: Node, kind: type[msgspec.Struct]) -> Any:
        """Return a mapping as a record of type *kind*, or WRONG."""
        if not isinstance(node.value, dict):
            self._problems.add(node.place, f"expected a mapping, got {_name(node.value)}")
            return WRONG
        fields = keys(kind)
        meant: set[str] = set()
        for key in node.value.keys() - fields.keys():
            hint = near(key, fields)
            meant.update(hint)
            known = f"near: {', '.join(map(repr, hint))}" if hint else f"known: {', '.join(fields)}"
            known = known if fields else "it takes none"
            self._problems.add(node.keys[key], f"unknown key {key!r}; {known}")
        values: dict[str, Any] = {}
        is_wrong = bool(meant)  # a misspelt key is not reported as missing, too
        for key, field in fields.items():
            if key in node.value:
                values[field.name] = self.read(node.value[key], field.type)
                is_wrong |= values[field.name] is WRONG
            elif field.required:
                is_wrong = True
                if key not in meant:
                    self._problems.add(node.place, f"the key {key!r} is missing")
        return WRONG if is_wrong else self._made(node, kind, values)

    def _made(self, node: Node, kind: type[msgspec.Struct], values: dict[str, Any]) -> Any:
        try:
            return kind(**values)
        except EmulatorError as error:
            self._problems.add(node.place_of(error.path) or node.place, error.message)
            return WRONG

    def _special(self, node: Node, kind: Any) -> Any:
        try:
            return self._readers[kind](node)
        except ScenarioError:  # nothing more is read
            raise
        except EmulatorError as error:
            self._problems.add(node.place, error.message)
            return WRONG

    def _list(self, node: Node, kind: Any, item: Any) -> Any:
        if not node.value and kind != list[item]:
            self._problems.add(node.place, "an empty list; expected at least one item")
            return WRONG
        most = _most(kind)
        if most is not None and len(node.value) > most:
            self._problems.add(node.place, f"{len(node.value)} items; expected at most {most}")
            return WRONG
        values = [self.read(one, item) for one in node.value]
        return WRONG if any(value is WRONG for value in values) else values

    def _dict(self, node: Node, key_kind: Any, value_kind: Any) -> Any:
        values = {}
        for key, one in node.value.items():
            as_node = type(node)(key, node.keys[key])
            values[self.read(as_node, key_kind)] = self.read(one, value_kind)
        is_wrong = WRONG in values or any(value is WRONG for value in values.values())
        return WRONG if is_wrong else values

    def _one_of(self, node: Node, values: tuple[Any, ...]) -> Any:
        if node.value in values:
            return node.value
        known = [
            value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for value in values
        ]
        hint = near(str(node.value), known)
        close = f"near: {', '.join(map(repr, hint))}; " if hint else ""
        message = f"unknown value {node.value!r}; {close}known: {', '.join(known)}"
        self._problems.add(node.place, message)
        return WRONG

    def _leaf(self, node: Node, kind: Any) -> Any:
        try:
            return msgspec.convert(node.plain(), kind)
        except msgspec.ValidationError as error:
            if node.text is not None:
                # The value of a variable may look like a number but be meant as text.
                try:
                    return msgspec.convert(node.text, kind)
                except msgspec.ValidationError:
                    pass
            self._problems.add(node.place, _told(str(error)))
            return WRONG


def _most(kind: Any) -> int | None:
    """Return the maximum length of a list of this type, if it has any."""
    metas = [argument for argument in get_args(kind)[1:] if isinstance(argument, msgspec.Meta)]
    return next((meta.max_length for meta in metas if meta.max_length is not None), None)


def _name(value: Any) -> str:
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, list) else repr(value)[:60]


_WORDS = {
    "`str`": "text",
    "`int`": "a whole number",
    "`array`": "a list",
    "`object`": "a mapping",
    "`bool`": "true or false",
    "`float`": "a number",
    "`null`": "nothing",
}


def _told(text: str) -> str:
    text = text[:1].lower() + text[1:]
    for word, ours in _WORDS.items():
        text = text.replace(word, ours)
    return text.replace("`", "'")
