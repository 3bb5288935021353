"""Makes untrusted text safe to print on terminals, in logs and in CI."""

from __future__ import annotations

import codecs
import io
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

_COMMANDS = ("::", "##[")
"""Starts of lines that GitHub Actions or Azure Pipelines execute as commands."""

_XML_COMMAND = re.compile(rb"^([ \t]*)(:(?=:)|#(?=#\[))", re.MULTILINE)

_PLAIN_SIGNS: Mapping[str, str] = MappingProxyType(
    {"✓": "+", "✗": "x", "…": "...", "·": "*", "→": "->", "│": "|", "─": "-", "━": "-"}
)
"""Replacements for signs of our own that a stream can't encode."""

_ERRORS = "emulator-plain"


def printable(text: str) -> str:
    """Return a line of text without commands for terminals and CI logs.

    Control characters, terminal escapes and bidirectional overrides are escaped.
    """
    text = visible(text)
    return f"\\{text}" if text.lstrip().startswith(_COMMANDS) else text


def visible(text: str, but: str = "") -> str:
    """Return *text* with each sign that is not printable as an escape, except those in *but*."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in but else _escaped(sign) for sign in text)


def printable_lines(text: str) -> str:
    """Return *text* with each line made `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def printable_json(document: bytes) -> bytes:
    """Return a JSON document with all unprintable characters escaped."""
    text = document.decode()
    if text.isprintable():
        return document
    return "".join(
        sign if sign.isprintable() or sign == "\n" else _json_escape(sign) for sign in text
    ).encode()


def printable_xml(document: bytes) -> bytes:
    """Return an XML document without lines that CI executes as commands."""
    return _XML_COMMAND.sub(lambda found: b"%s&#%d;" % (found[1], ord(found[2])), document)


def escape_what_does_not_fit(*streams: TextIO) -> None:
    """Let *streams* write characters that they can't encode as plain characters or escapes."""
    codecs.register_error(_ERRORS, _fitting)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _fitting(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN_SIGNS.get(sign) or _escaped(sign) for sign in lacking), error.end


def _escaped(sign: str) -> str:
    code = ord(sign)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(sign: str) -> str:
    pairs = sign.encode("utf-16-be")
    return "".join(f"\\u{pairs[at : at + 2].hex()}" for at in range(0, len(pairs), 2))
