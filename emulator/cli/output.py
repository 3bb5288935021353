"""What the verbs print: lines for people, which can hold anything, and documents for programs."""

from __future__ import annotations

import sys

import click

from emulator.printing import printable_json, printable_lines, printable_xml


def say(*parts: str | tuple[str, str], err: bool = False, bold: bool | None = None) -> None:
    """Print lines for people; whatever a consumer, a file or a user put into them is only shown.

    Args:
        parts: texts of one or more lines, or pairs of text and colour, one after the other.
        err: to stderr.
        bold: all of it.
    """
    pairs = [(part, None) if isinstance(part, str) else part for part in parts]
    text = "".join(click.style(printable_lines(text), fg=colour) for text, colour in pairs)
    click.secho(text, sys.stderr if err else sys.stdout, bold=bold)


def document(content: bytes | str) -> None:
    """Print a JSON or XML document, or JSON lines, in UTF-8 whatever the terminal's encoding is."""
    content = content.encode() if isinstance(content, str) else content
    clean = printable_xml if content.startswith(b"<") else printable_json
    click.echo(clean(content), nl=not content.endswith(b"\n"))
