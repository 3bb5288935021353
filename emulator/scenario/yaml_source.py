"""Parses YAML text into a tree of values with their positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from emulator.scenario.tree import Node, Template
from emulator.scenario.variables import core, has_variable, hidden, unhidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.scenario.problems import Problems
    from emulator.scenario.tree import Place

LARGEST = 1_000_000
"""The most bytes of a scenario file."""

MOST_VALUES = 50_000
"""The most values in a file, with each use of an alias counted; stops alias bombs."""

DEEPEST = 100
"""The most levels of nested lists and mappings, because they are read recursively."""

_SAFE = "tag:yaml.org,2002:"
_TEXT = f"{_SAFE}str"
_KNOWN_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "map", "seq", "!"})


def parse(body: bytes, problems: Problems) -> Node:
    """Return the tree of a YAML document; its variables are not filled in.

    Args:
        body: the bytes of the file.
        problems: collects the problems, and receives the text.

    Raises:
        ScenarioError: not YAML, or beyond a limit; with all problems so far.
    """
    if len(body) > LARGEST:
        problems.end((1, 1), f"more than {LARGEST} bytes; a scenario is not that large")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.end(_place_after(body[: error.start].decode("utf-8", "replace")), "not UTF-8")
    problems.text = text
    try:
        return _Builder(hidden(text), problems).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = " ".join(filter(None, (error.context, error.problem)))
        problems.end(place, f"not YAML: {unhidden(problem)}")
    except ReaderError as error:
        sign = f"U+{error.character:04X}"
        problems.end(_place_after(text[: error.position]), f"not YAML: the character {sign}")
    except (YAMLError, ValueError) as error:
        problems.end((1, 1), f"not YAML: {unhidden(str(error))}")


def _place_after(text: str) -> Place:
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _place(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


class _Builder:
    """Builds the tree from the parser's events, so that parsing stops at a limit.

    Args:
        text: the text with hidden variables.
        problems: collects the problems.
    """

    def __init__(self, text: str, problems: Problems) -> None:
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._problems = problems
        self._left = MOST_VALUES
        self._level = 0
        self._anchors: dict[str, Node | None] = {}  # None while its node is being read

    def document(self) -> Node:
        """Return the tree of the only document.

        Raises:
            ScenarioError: there is no document, several documents, or it is beyond a limit.
        """
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), StreamEndEvent):
            problem = "an empty file; expected a scenario, which starts with 'scenario'"
            self._problems.end((1, 1), problem)
        root = self._node(next(self._events))
        next(self._events)  # the end of the document
        if not isinstance(event := next(self._events), StreamEndEvent):
            self._problems.end(_place(event), "a second document; expected one in a file")
        return root

    def _node(self, event: Any) -> Node:
        place = _place(event)
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, place)
        self._count(place)
        self._check_tag(event.tag, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._scalar(event) if isinstance(event, ScalarEvent) else self._collection(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _collection(self, event: Any) -> Node:
        place = _place(event)
        self._level += 1
        self._check_level(self._level, place)
        is_list = isinstance(event, SequenceStartEvent)
        node = self._list(place) if is_list else self._mapping(place)
        self._level -= 1
        return node

    def _list(self, place: Place) -> Node:
        value = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            value.append(self._node(event))
        return Node(value, place)

    def _mapping(self, place: Place) -> Node:
        value: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key, at = self._key(event), _place(event)
            held = self._node(next(self._events))
            if key is None:
                continue
            if key in value:
                self._problems.add(at, f"the key {key!r} stands here twice")
            value[key], keys[key] = held, at
        return Node(value, place, keys)

    def _key(self, event: Any) -> str | None:
        """Return a key, or None if it is not text."""
        if not isinstance(event, ScalarEvent):
            self._node(event)
            self._problems.add(_place(event), "a key that is no text")
            return None
        key = self._sendable(unhidden(event.value), _place(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = Node(key, _place(event))
        return key

    def _alias(self, name: str, place: Place) -> Node:
        if name not in self._anchors:
            self._problems.end(place, f"not YAML: found undefined alias {unhidden(name)!r}")
        node = self._anchors[name]
        if node is None:
            self._problems.add(place, "an anchor that contains an alias to itself")
            return Node(None, place, is_unknown=True)
        self._use(node, self._level, place)
        return node

    def _use(self, node: Node, level: int, place: Place) -> None:
        """Count the values that an alias refers to."""
        self._count(place)
        if not isinstance(node.value, dict | list):
            return
        self._check_level(level + 1, place)
        for one in node.value.values() if isinstance(node.value, dict) else node.value:
            self._use(one, level + 1, place)

    def _count(self, place: Place) -> None:
        self._left -= 1
        if self._left < 0:
            self._problems.end(place, f"more than {MOST_VALUES} values, aliases counted")

    def _check_level(self, level: int, place: Place) -> None:
        if level > DEEPEST:
            self._problems.end(place, f"nested too deeply; at most {DEEPEST} levels")

    def _check_tag(self, tag: str | None, place: Place) -> None:
        if tag is not None and tag.removeprefix(_SAFE) not in _KNOWN_TAGS:
            self._problems.add(place, f"unknown tag {tag.replace(_SAFE, '!!')!r}")

    def _sendable(self, text: str, place: Place) -> str:
        """Return *text* with each surrogate pair, as JSON escapes it, joined to a character."""
        if text.isascii():
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problems.add(place, "half a surrogate pair, which can't be sent")
            return ""

    def _scalar(self, event: Any) -> Node:
        place = _place(event)
        is_quoted = bool(event.style) and event.tag is None
        text = self._sendable(unhidden(event.value), place)
        if "${" in event.value:  # hidden text has its brace
            self._problems.add(place, "a '${' without its '}'")
            return Node("", place, is_unknown=True)
        is_text = is_quoted or event.tag in (_TEXT, "!")
        if has_variable(event.value):
            return Node(text, place, template=Template(event.value, is_plain=not is_text))
        return Node(text if is_text else core(text), place)
