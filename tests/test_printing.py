"""Text from elsewhere is shown, never obeyed, on any terminal."""

from __future__ import annotations

import io
import json

import pytest

from emulator.printing import (
    escape_what_does_not_fit,
    printable,
    printable_json,
    printable_lines,
    printable_xml,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada Åström ✓", "Ada Åström ✓"),
        ("\x1b]0;pwned\x07", "\\x1b]0;pwned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202egpj", "a\\u202egpj"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("  ::error::x", "\\  ::error::x"),
        ("##[error]x", "\\##[error]x"),
        ("a\nb", "a\\x0ab"),
    ],
)
def test_a_line_contains_no_command(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_lines_stay_lines() -> None:
    assert printable_lines("a\n::error::\x07\n") == "a\n\\::error::\\x07\n"


def test_a_json_document_stays_the_same_document() -> None:
    value = {"a": "\u202e\x9b\U000e0001✓", "b": ["\x1b"]}
    document = json.dumps(value, ensure_ascii=False, indent=1).encode()
    shown = printable_json(document)
    assert json.loads(shown) == value
    assert shown.decode().replace("\n", "").isprintable()
    assert printable_json(b'{"a": 1}') == b'{"a": 1}'


def test_no_line_of_an_xml_document_is_a_command() -> None:
    shown = printable_xml(b"<a>\n::error::x\n  ##[error]y</a>")
    assert shown == b"<a>\n&#58;:error::x\n  &#35;#[error]y</a>"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", b"+ Ada \\xc5 ... \\U0001f600"),
        ("cp1252", b"+ Ada \xc5 \x85 \\U0001f600"),
        ("utf-8", "✓ Ada Å … 😀".encode()),
    ],
)
def test_a_stream_escapes_characters_that_its_encoding_lacks(encoding: str, written: bytes) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    escape_what_does_not_fit(stream, io.StringIO())
    stream.write("✓ Ada Å … 😀")
    stream.flush()
    assert raw.getvalue() == written
