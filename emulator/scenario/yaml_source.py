"""Parses YAML text into a tree of values with their positions."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from emulator.scenario.tree import Node, Template
from emulator.scenario.variables import core, has_variable, hidden, unhidden

if TYPE_CHECKING:
    from emulator.scenario.problems import Problems
    from emulator.scenario.tree import Place

LARGEST = 1_000_000
"""Bytes of a scenario file."""

MOST_VALUES = 50_000
"""Values in a file, each use of an alias counted: what an alias bomb runs into."""

DEEPEST = 100
"""Levels of lists and mappings inside of each other; what reads them is recursive."""

_SAFE = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "map", "seq"})


def parse(body: bytes, problems: Problems) -> Node | None:
    """Return the tree of a YAML document, its variables not filled in.

    Args:
        body: the file's bytes.
        problems: takes what is wrong, and the text.

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
    problems.text = text
    root = _composed(hidden(text), problems)
    return _Builder(problems).tree(root) if root is not None else None


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
        problems.add(place, f"not YAML: {unhidden(what)}")
    except ReaderError as error:
        before = text[: error.position]
        column = len(before) - before.rfind("\n")
        problems.add(
            (before.count("\n") + 1, column), f"not YAML: the character U+{error.character:04X}"
        )
    except RecursionError:
        problems.add((1, 1), "nested too deeply")
    except (YAMLError, ValueError) as error:
        problems.add((1, 1), f"not YAML: {unhidden(str(error))}")
    else:
        if root is None:
            problems.add((1, 1), "an empty file; expected a scenario, which starts with 'scenario'")
        return root
    return None


class _TooManyError(Exception):
    pass


class _Builder:
    """Turns ruamel's nodes into ours, bounded in number and depth."""

    def __init__(self, problems: Problems) -> None:
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
        if len(self._open) >= DEEPEST:
            self._problems.add(place, f"nested too deeply; at most {DEEPEST} levels")
            return Node(None, place, is_unknown=True)
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
            key = self._sendable(unhidden(key_node.value), at)
            if key in value:
                self._problems.add(at, f"the key {key!r} stands here twice")
            value[key], keys[key] = self._node(value_node), at
        return Node(value, place, keys)

    def _sendable(self, text: str, place: Place) -> str:
        """Return *text* with the halves of a character, as JSON escapes them, put together."""
        if text.isascii():
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problems.add(place, "half a surrogate pair, which can't be sent")
            return ""

    def _scalar(self, node: Any, place: Place, tag: str) -> Node:
        is_text = bool(node.style) and tag == f"{_SAFE}str"
        text = self._sendable(unhidden(node.value), place)
        if "${" in node.value:  # what is hidden has its brace
            self._problems.add(place, "a '${' without its '}'")
            return Node("", place, is_unknown=True)
        if has_variable(node.value):
            return Node(text, place, template=Template(node.value, is_plain=not is_text))
        is_text = is_text or tag == f"{_SAFE}str"
        return Node(text if is_text else core(text), place)
