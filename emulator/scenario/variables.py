"""Replaces ``${NAME}`` and ``${NAME:-default}``; never decides where values come from.

A variable is moved out of YAML's way before parsing: ``{X: ${TOKEN:-s3cret}}`` is what people
write, and its braces would end the flow mapping. Each character is shifted into Unicode's private
use area, which YAML takes for plain text and which keeps lines and columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from emulator.errors import near
from emulator.scenario.tree import Node

if TYPE_CHECKING:
    from emulator.scenario.problems import Problems
    from emulator.scenario.tree import Place, Template

URL, ORIGIN = "CONSUMER_URL", "CONSUMER_ORIGIN"
"""Where the consumer's deliveries go, and the same without its path, which follows from it."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_SHIFT, _SHIFTABLE = 0xE000, 0x1800
_OPEN, _CLOSE = chr(_SHIFT + ord("$")) + chr(_SHIFT + ord("{")), chr(_SHIFT + ord("}"))
_VARIABLE = re.compile(r"\$\{[^}\n]*\}")
_HIDDEN = re.compile(f"{_OPEN}([^{_CLOSE}\n]*){_CLOSE}")
_REFERENCE = re.compile(rf"({NAME.pattern})(?::-(.*))?")

_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_CONSTANTS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Scope(msgspec.Struct, frozen=True):
    """What variables stand for at one place of the file.

    Attributes:
        known: name -> value.
        late: names whose value a step gives while the scenario runs; they come first.
    """

    known: Mapping[str, str]
    late: frozenset[str] = frozenset()


def origin(url: str) -> str:
    """Return scheme, host and port of *url*; empty when it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def with_origin(known: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables with the consumer's origin, unless it is set or can't be known."""
    found = origin(known.get(URL, ""))
    return known if ORIGIN in known or not found else {**known, ORIGIN: found}


def names(text: str) -> set[str]:
    """Return the names of the variables that *text* may hold."""
    found = (_REFERENCE.fullmatch(one[2:-1]) for one in _VARIABLE.findall(text))
    return {one[1] for one in found if one is not None}


def hidden(text: str) -> str:
    """Return *text* with its variables moved out of YAML's way."""
    return _VARIABLE.sub(_shift, text)


def has_variable(text: str) -> bool:
    """Whether a hidden variable stands in *text*."""
    return _OPEN in text


def unhidden(text: str) -> str:
    """Return *text* as it stood in the file."""
    return "".join(
        chr(ord(sign) - _SHIFT) if _SHIFT <= ord(sign) < _SHIFT + _SHIFTABLE else sign
        for sign in text
    )


def filled(node: Node, scope: Scope, problems: Problems) -> Node:
    """Return the tree with its variables filled in.

    Args:
        node: of the file.
        scope: what they stand for there. What is known later makes its value late.
        problems: takes variables that are broken or not set.
    """
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
    """Return what an unquoted scalar means in YAML 1.2's core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _filled(template: Template, node: Node, scope: Scope, problems: Problems) -> Node:
    is_whole = True
    is_late = False

    def value(found: re.Match[str]) -> str:
        nonlocal is_whole, is_late
        reference = _reference(unhidden(found[1]), node.place, problems)
        if reference is not None and reference[0] in scope.late:
            is_late = True
            return ""
        text = None if reference is None else _value(*reference, node.place, scope, problems)
        is_whole &= text is not None
        return text or ""

    text = _HIDDEN.sub(value, template.text)
    if not is_whole or is_late:
        shown = node.value if is_whole else ""
        return Node(shown, node.place, is_unknown=True, is_late=is_whole)
    if not template.is_plain:
        return Node(text, node.place)
    return Node(core(text), node.place, text=text)


def _reference(inner: str, place: Place, problems: Problems) -> tuple[str, str | None] | None:
    reference = _REFERENCE.fullmatch(inner)
    if reference is None:
        what = f"not a variable: {'${' + inner + '}'!r}; expected ${{NAME}}"
        problems.add(place, f"{what} or ${{NAME:-default}}")
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


def _shift(found: re.Match[str]) -> str:
    return "".join(chr(_SHIFT + ord(sign)) if ord(sign) < _SHIFTABLE else sign for sign in found[0])
