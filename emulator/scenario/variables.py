"""Fills in the variables ``${NAME}`` and ``${NAME:-default}``.

Variables are hidden from the YAML parser, because the braces in ``{X: ${TOKEN:-s3cret}}`` would end
the flow mapping. Each of their characters is shifted to Unicode's private use area, which is plain
text for YAML and keeps lines and columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from emulator.errors import near
from emulator.scenario.tree import Node

if TYPE_CHECKING:
    from emulator.scenario.problems import Problems
    from emulator.scenario.tree import Place, Template

URL, ORIGIN = "CONSUMER_URL", "CONSUMER_ORIGIN"
"""Variables for the URL of the consumer, and for its scheme, host and port."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

MOST_TEXT = 16_000_000
"""The most characters of a scenario with variables filled in and all aliases and rounds counted."""

MOST_READ = 1_000_000
"""The most values of a scenario with all aliases and rounds counted."""

_SHIFT, _SHIFTABLE = 0xE000, 0x1800
_OPEN, _CLOSE = chr(_SHIFT + ord("$")) + chr(_SHIFT + ord("{")), chr(_SHIFT + ord("}"))
# The brace is optional: an opener without one matches to the end of its line, so that the search
# does not start again at each further opener, which would be quadratic.
_VARIABLE = re.compile(r"\$\{([^}\n]*)(\}?)")
_HIDDEN = re.compile(f"{_OPEN}([^{_CLOSE}\n]*)({_CLOSE}?)")
_AWAY = {code: _SHIFT + code for code in range(_SHIFTABLE)}
_BACK = {away: code for code, away in _AWAY.items()}
_REFERENCE = re.compile(rf"({NAME.pattern})(?::-(.*))?")

_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_CONSTANTS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Room(msgspec.Struct):
    """How much a scenario may still grow by filled-in variables.

    Attributes:
        text: remaining characters.
        values: remaining scalars, lists and mappings.
    """

    text: int = MOST_TEXT
    values: int = MOST_READ

    def take(self, place: Place, problems: Problems, *, text: int = 0, values: int = 0) -> None:
        """Use up some of the room.

        Raises:
            ScenarioError: no room is left; reading stops.
        """
        self.text -= text
        self.values -= values
        if self.text < 0 or self.values < 0:
            most = f"{MOST_TEXT} characters" if self.text < 0 else f"{MOST_READ} values"
            problems.end(place, f"more than {most}, with variables filled in and rounds counted")


class Scope(msgspec.Struct, frozen=True):
    """The variables at one place of the file.

    Attributes:
        known: name -> value.
        late: names of variables that steps capture; they take precedence.
        room: the remaining size, shared by all places of the scenario.
    """

    known: MutableMapping[str, str]
    late: set[str] = msgspec.field(default_factory=set)
    room: Room = msgspec.field(default_factory=Room)


def origin(url: str) -> str:
    """Return scheme, host and port of *url*, or an empty string."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def with_origin(known: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables with the origin of the consumer, unless it is set or unknown."""
    found = origin(known.get(URL, ""))
    return known if ORIGIN in known or not found else {**known, ORIGIN: found}


def names(text: str) -> set[str]:
    """Return the names of the variables in *text*."""
    found = (_REFERENCE.fullmatch(inner) for inner, end in _VARIABLE.findall(text) if end)
    return {one[1] for one in found if one is not None}


def hidden(text: str) -> str:
    """Return *text* with its variables hidden from the YAML parser."""
    return _VARIABLE.sub(partial(_moved, _AWAY), text)


def has_variable(text: str) -> bool:
    """Return whether *text* contains a hidden variable."""
    return _OPEN in text


def unhidden(text: str) -> str:
    """Return *text* with its variables as they are in the file."""
    return _HIDDEN.sub(partial(_moved, _BACK), text)


def filled(node: Node, scope: Scope, problems: Problems) -> Node:
    """Return the tree with its variables filled in.

    Args:
        node: a tree of the file.
        scope: the variables; a captured variable makes its value late.
        problems: collects variables that are malformed or not set.

    Raises:
        ScenarioError: the scenario is beyond the bounds of `Room`.
    """
    held = node.value
    text = len(held) if isinstance(held, str) else 0
    text += sum(map(len, held)) if isinstance(held, dict) else 0
    scope.room.take(node.place, problems, text=text, values=1)
    if node.template is not None:
        return _filled(node.template, node, scope, problems)
    if isinstance(node.value, dict):
        values = {key: filled(one, scope, problems) for key, one in node.value.items()}
        return msgspec.structs.replace(node, value=values)
    if isinstance(node.value, list):
        return msgspec.structs.replace(
            node, value=[filled(one, scope, problems) for one in node.value]
        )
    return node


def core(text: str) -> Any:
    """Return the value of an unquoted scalar in YAML 1.2's core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _filled(template: Template, node: Node, scope: Scope, problems: Problems) -> Node:
    read: dict[str, str | None] = {}
    is_late = False

    def value(found: re.Match[str]) -> str:
        nonlocal is_late
        if not found[2]:  # not a variable, but private use characters of the file itself
            return found[0]
        inner = found[1]
        if inner not in read:
            reference = _reference(unhidden(found[0])[2:-1], node.place, problems)
            if reference is None:
                read[inner] = None
            elif reference[0] in scope.late:
                is_late = True
                read[inner] = ""
            else:
                read[inner] = _value(*reference, node.place, scope, problems)
        text = read[inner] or ""
        scope.room.take(node.place, problems, text=len(text))
        return text

    text = _HIDDEN.sub(value, template.text)
    is_whole = None not in read.values()
    if not is_whole or is_late:
        shown = node.value if is_whole else ""
        return Node(shown, node.place, is_unknown=True, is_late=is_whole)
    if not template.is_plain:
        return Node(text, node.place)
    return Node(core(text), node.place, text=text)


def _reference(inner: str, place: Place, problems: Problems) -> tuple[str, str | None] | None:
    reference = _REFERENCE.fullmatch(inner)
    if reference is None:
        problem = f"not a variable: {'${' + inner + '}'!r}; expected ${{NAME}}"
        problems.add(place, f"{problem} or ${{NAME:-default}}")
        return None
    name, default = reference.groups()
    return name, default


def _value(
    name: str, default: str | None, place: Place, scope: Scope, problems: Problems
) -> str | None:
    value: str | None = scope.known.get(name, default)
    if value is None:
        close = near(name, [*scope.late, *scope.known])
        hint = f"; near: {', '.join(map(repr, close))}" if close else ""
        problems.add(place, f"the variable {name!r} is not set{hint}")
    return value


def _moved(table: Mapping[int, int], found: re.Match[str]) -> str:
    return found[0].translate(table) if found[2] else found[0]
