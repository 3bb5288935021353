"""``journal``: print a journal file as JSON lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.cli.codes import FAILED
from emulator.cli.output import say
from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.journal.entry import Entry


@click.command(
    name="journal", epilog="Example: testlify-emulator journal emulator.db --canonical > run.jsonl"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--workspace", metavar="NAME", help="Print only the entries of this workspace.")
@click.option("--canonical", is_flag=True, help="Leave out measured values, to compare two runs.")
@click.option(
    "--salvage",
    type=click.Path(path_type=Path),
    metavar="NEW",
    help="Copy the intact entries of a damaged journal to the new journal NEW.",
)
def command(
    file: Path, workspace: str | None, salvage: Path | None, *, canonical: bool
) -> int | None:
    """Print the entries of the journal FILE as JSON lines, with secrets redacted.

    The emulator may be writing the file. Exit 1: with --salvage, entries were lost; 2: the journal
    is damaged, and the message says where.
    """
    if salvage is not None:
        return _salvage(file, salvage)
    from emulator.workspace.canonical import canonical as canonical_lines
    from emulator.workspace.journal_lines import line

    out = sys.stdout.buffer
    for name in _workspaces(file, workspace):
        if canonical:
            out.write(canonical_lines(_entries(file, name)))
            continue
        for entry in _entries(file, name):
            out.write(line(entry))
    return None


def _salvage(file: Path, into: Path) -> int:
    """Copy the intact entries to a new journal, print the losses, and return the exit code."""
    from emulator.journal import salvage
    from emulator.workspace.fold import TYPES

    _check_file(file)
    found = salvage.salvage(file, into, TYPES)
    for one in found:
        if one.workspace:
            say(f"{one.workspace}: {one.kept} entries kept" + (f"; {one.lost}" if one.lost else ""))
        else:
            say(f"the rest of the file can't be read: {one.lost}")
    return FAILED if any(one.lost for one in found) else 0


def _check_file(file: Path) -> None:
    if not file.is_file():
        message = f"{file}: no such file"
        raise InvalidInputError(message)


def _workspaces(file: Path, wanted: str | None) -> list[str]:
    from emulator.journal.journal_file import stored_workspaces

    _check_file(file)
    found = stored_workspaces(file)
    if wanted is None:
        return found
    if wanted not in found:
        raise UnknownNameError("workspace", wanted, found, show_all=True)
    return [wanted]


def _entries(file: Path, workspace: str) -> Iterator[Entry]:
    from emulator.journal.journal_file import read_entries
    from emulator.workspace.fold import TYPES

    return read_entries(file, TYPES, workspace)
