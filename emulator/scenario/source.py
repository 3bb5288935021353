"""YAML text into a tree that knows where each value stands; never what the values mean."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.errors import near

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 1_000_000
"""Bytes of a scenario file."""

MOST_VALUES = 50_000
"""Values in a file, each use of an alias counted: what an alias bomb runs into."""

Place = tuple[int, int]
"""Line and column, both from 1."""

_SAFE = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "map", "seq"})

# A variable is moved out of YAML's way before parsing: `{X: ${TOKEN:-s3cret}}` is what people
# write, and its braces would end the flow mapping. Each character is shifted into Unicode's
# private use area, which YAML takes for plain text and which keeps lines and columns.
_SHIFT, _SHIFTABLE = 0xE000, 0x1800
_OPEN, _CLOSE = chr(_SHIFT + ord("$")) + chr(_SHIFT + ord("{")), chr(_SHIFT + ord("}"))
_VARIABLE = re.compile(r"\$\{[^}\n]*\}")
_SHIFTED = re.compile(f"{_OPEN}([^{_CLOSE}\n]*){_CLOSE}")
_REFERENCE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?")

_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_CONSTANTS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Node(msgspec.Struct, frozen=True):
    """One value of the file and where it stands.

    Attributes:
        value: ``dict[str, Node]``, ``list[Node]`` or a scalar.
        place: where it starts.
        keys: of a mapping, where each key stands.
        is_unknown: it could not be made out; that is noted, and nothing more is said of it.
        text: of an unquoted scalar that holds a variable, its text; it may be meant as text
            though it reads as a number.
    """

    value: Any
    place: Place
    keys: dict[str, Place] = {}
    text: str | None = None
    is_unknown: bool = False

    def plain(self, *, as_text: bool = False) -> Any:
        """Return the value as plain data, without places.

        Args:
            as_text: read what came from variables as text.
        """
        if isinstance(self.value, dict):
            return {key: one.plain(as_text=as_text) for key, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain(as_text=as_text) for one in self.value]
        return self.text if as_text and self.text is not None else self.value


class Problems:
    """What is wrong with one file, all of it.

    Args:
        file: how the messages call it.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[tuple[Place, str], None] = {}

    def add(self, place: Place, message: str) -> None:
        """Note a problem; one that is already noted changes nothing."""
        self._found[place, message] = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def __str__(self) -> str:
        """One line each, ``FILE:LINE:COLUMN: what``, in the order of the file."""
        return "\n".join(
            f"{self.file}:{line}:{column}: {message}"
            for (line, column), message in sorted(self._found)
        )


def parse(body: bytes, variables: Mapping[str, str], problems: Problems) -> Node | None:
    """Return the tree of a YAML document.

    Args:
        body: the file's bytes.
        variables: what ``${NAME}`` stands for.
        problems: takes what is wrong.

    Returns:
        None when there is no tree to go on with; the problems say why.
    """
    if len(body) > LARGEST:
        problems.add((1, 1), f"more than {LARGEST} bytes; a scenario is not that large")
        return None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8", "replace")
        column = len(before) - before.rfind("\n")
        problems.add((before.count("\n") + 1, column), "not UTF-8")
        return None
    root = _composed(_VARIABLE.sub(_shift, text), problems)
    return _Builder(variables, problems).tree(root) if root is not None else None


def _shift(found: re.Match[str]) -> str:
    return "".join(chr(_SHIFT + ord(sign)) if ord(sign) < _SHIFTABLE else sign for sign in found[0])


def _unshift(text: str) -> str:
    return "".join(
        chr(ord(sign) - _SHIFT) if _SHIFT <= ord(sign) < _SHIFT + _SHIFTABLE else sign
        for sign in text
    )


def _composed(text: str, problems: Problems) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        with warnings.catch_warnings(action="ignore"):  # an anchor used again is legal
            root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = " ".join(filter(None, (error.context, error.problem)))
        problems.add(place, f"not YAML: {_unshift(what)}")
    except ReaderError as error:
        before = text[: error.position]
        column = len(before) - before.rfind("\n")
        problems.add(
            (before.count("\n") + 1, column), f"not YAML: the character U+{error.character:04X}"
        )
    except RecursionError:
        problems.add((1, 1), "nested too deeply")
    except (YAMLError, ValueError) as error:
        problems.add((1, 1), f"not YAML: {_unshift(str(error))}")
    else:
        if root is None:
            problems.add((1, 1), "an empty file; expected a scenario, which starts with 'scenario'")
        return root
    return None


class _TooManyError(Exception):
    pass


class _Builder:
    """Turns ruamel's nodes into ours, bounded in number and depth."""

    def __init__(self, variables: Mapping[str, str], problems: Problems) -> None:
        self._variables = variables
        self._problems = problems
        self._left = MOST_VALUES
        self._open: set[int] = set()

    def tree(self, root: Any) -> Node | None:
        """Return the tree below *root*, None when it has no end."""
        try:
            return self._node(root)
        except _TooManyError:
            self._problems.add((1, 1), f"more than {MOST_VALUES} values, aliases counted")
        except RecursionError:
            self._problems.add((1, 1), "nested too deeply")
        return None

    def _node(self, node: Any) -> Node:
        self._left -= 1
        if self._left < 0:
            raise _TooManyError
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        tag = str(node.tag)
        if tag.removeprefix(_SAFE) not in _KNOWN_TAGS:
            self._problems.add(place, f"unknown tag {tag.replace(_SAFE, '!!')!r}")
        if isinstance(node.value, str):
            return self._scalar(node, place, tag)
        if id(node) in self._open:
            self._problems.add(place, "an anchor that holds an alias to itself")
            return Node(None, place, is_unknown=True)
        self._open.add(id(node))
        try:
            is_mapping = tag.endswith("map") or any(isinstance(one, tuple) for one in node.value)
            if is_mapping:
                return self._mapping(node, place)
            return Node([self._node(one) for one in node.value], place)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: Any, place: Place) -> Node:
        value: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key_node, value_node in node.value:
            at = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node.value, str):
                self._problems.add(at, "a key that is no text")
                continue
            key = _unshift(key_node.value)
            if key in value:
                self._problems.add(at, f"the key {key!r} stands here twice")
            value[key], keys[key] = self._node(value_node), at
        return Node(value, place, keys)

    def _scalar(self, node: Any, place: Place, tag: str) -> Node:
        has_variable = _OPEN in node.value
        before = len(self._problems)
        text = self._substituted(node.value, place) if has_variable else node.value
        if "${" in node.value:
            self._problems.add(place, "a '${' without its '}'")
        if len(self._problems) > before:
            return Node("", place, is_unknown=True)
        is_plain = not node.style or tag != f"{_SAFE}str"
        is_text = tag == f"{_SAFE}str" and not has_variable
        if not is_plain or is_text:
            return Node(text, place)
        return Node(_core(text), place, text=text if has_variable else None)

    def _substituted(self, text: str, place: Place) -> str:
        return _SHIFTED.sub(lambda found: self._variable(_unshift(found[1]), place), text)

    def _variable(self, inner: str, place: Place) -> str:
        reference = _REFERENCE.fullmatch(inner)
        if reference is None:
            what = f"not a variable: {'${' + inner + '}'!r}; expected ${{NAME}}"
            self._problems.add(place, f"{what} or ${{NAME:-default}}")
            return ""
        name, default = reference.groups()
        value: str | None = self._variables.get(name, default)
        if value is None:
            close = near(name, self._variables)
            hint = f"; near: {', '.join(map(repr, close))}" if close else ""
            self._problems.add(place, f"the variable {name!r} is not set{hint}")
            return ""
        return value


def _core(text: str) -> Any:
    """Return what an unquoted scalar means in YAML 1.2's core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
