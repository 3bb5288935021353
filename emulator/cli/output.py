"""Prints lines for people, with control characters escaped, and documents for programs."""

from __future__ import annotations

import sys
from typing import Any

import click

from emulator.printing import printable_json, printable_lines, printable_xml


def say(*parts: str | tuple[str, str], err: bool = False, bold: bool | None = None) -> None:
    """Print lines for people; control characters in them have no effect.

    Args:
        parts: texts of one or more lines, or pairs of text and colour.
        err: print to stderr.
        bold: print everything in bold.
    """
    pairs = [(part, None) if isinstance(part, str) else part for part in parts]
    text = "".join(click.style(printable_lines(text), fg=colour) for text, colour in pairs)
    click.secho(text, sys.stderr if err else sys.stdout, bold=bold)


def document(content: bytes | str) -> None:
    """Print a document or JSON lines, in UTF-8 in every terminal."""
    content = content.encode() if isinstance(content, str) else content
    clean = printable_xml if content.startswith(b"<") else printable_json
    click.echo(clean(content), nl=not content.endswith(b"\n"))


def json_document(value: Any) -> None:
    """Print *value* as indented JSON."""
    import json

    document(json.dumps(value, indent=2, ensure_ascii=False))
