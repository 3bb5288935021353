"""Makes foreign text safe to print on terminals, in logs and in CI."""

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
"""How a line starts that GitHub Actions or Azure Pipelines take for a command."""

_XML_COMMAND = re.compile(rb"^([ \t]*)(:(?=:)|#(?=#\[))", re.MULTILINE)

_PLAIN_SIGNS: Mapping[str, str] = MappingProxyType(
    {"✓": "+", "✗": "x", "…": "...", "·": "*", "→": "->", "│": "|", "─": "-", "━": "-"}
)
"""Our own signs, for streams that can't encode them."""

_ERRORS = "emulator-plain"


def printable(text: str) -> str:
    """Return one line of *text* without what a terminal or a CI log takes for a command.

    Control characters, terminal escapes and bidirectional overrides become escapes.
    """
    text = visible(text)
    return f"\\{text}" if text.lstrip().startswith(_COMMANDS) else text


def visible(text: str, but: str = "") -> str:
    """Return *text* with each sign that is not printable as an escape, except those in *but*."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in but else _escaped(sign) for sign in text)


def printable_lines(text: str) -> str:
    """Return *text* with each of its lines `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def printable_json(document: bytes) -> bytes:
    """Return a JSON document in which each sign that is not printable is a JSON escape."""
    text = document.decode()
    if text.isprintable():
        return document
    return "".join(
        sign if sign.isprintable() or sign == "\n" else _json_escape(sign) for sign in text
    ).encode()


def printable_xml(document: bytes) -> bytes:
    """Return an XML document of which no line looks like a command to CI."""
    return _XML_COMMAND.sub(lambda found: b"%s&#%d;" % (found[1], ord(found[2])), document)


def escape_what_does_not_fit(*streams: TextIO) -> None:
    """Have *streams* write what their encoding lacks as plain signs or escapes, never fail."""
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
