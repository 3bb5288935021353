"""Recovery of a damaged journal file: copies the intact entries into a new journal."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from emulator.errors import InvalidInputError, JournalError
from emulator.journal.journal_file import verified
from emulator.journal.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator.journal.entry import Entry

_Row = tuple[int, bytes | None, bytes]


class Salvaged(msgspec.Struct, frozen=True):
    """The result for one workspace.

    Attributes:
        workspace: name of the workspace.
        kept: number of entries in the new journal.
        lost: why the remaining entries were lost; empty if none were.
    """

    workspace: str
    kept: int
    lost: str


def salvage(path: Path, into: Path, kinds: Mapping[str, type[msgspec.Struct]]) -> list[Salvaged]:
    """Copy the intact entries of a journal file into a new file.

    Args:
        path: the damaged file; it is only read.
        into: the new file.
        kinds: kind of entry -> type of its data.

    Returns:
        The result for each workspace; damage that belongs to no workspace has an empty name.

    Raises:
        InvalidInputError: the new file already exists.
        JournalError: nothing can be read, or the new file can't be written.
    """
    if into.exists():
        message = f"{into}: already exists; expected the name of a new file"
        raise InvalidInputError(message)
    blocks, broken = _blocks(path)
    store = SqliteStore(into, kinds)
    try:
        found = [
            _saved(store, path, kinds, name, sorted(rows)) for name, rows in sorted(blocks.items())
        ]
        asyncio.run(store.flush())
    finally:
        store.close()
    return [*found, *([Salvaged("", 0, broken)] if broken else [])]


def _saved(
    store: SqliteStore,
    path: Path,
    kinds: Mapping[str, type[msgspec.Struct]],
    workspace: str,
    rows: list[_Row],
) -> Salvaged:
    kept: list[Entry] = []
    lost = ""
    try:
        for entry in verified(path, kinds, workspace, rows):
            kept.append(entry)  # noqa: PERF402 - keep the entries before the damage
    except JournalError as error:
        lost = error.message.partition(";")[0]
    if kept:
        store.write(kept)
    return Salvaged(workspace, len(kept), lost)


def _blocks(path: Path) -> tuple[dict[str, list[_Row]], str]:
    """Return the blocks that SQLite can still read, by workspace, and why it read no more."""
    found: dict[str, list[_Row]] = defaultdict(list)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.text_factory = lambda text: text.decode("utf-8", "backslashreplace")
            columns = [row[1] for row in database.execute("PRAGMA table_info(blocks)")]
            sum_ = "sum" if "sum" in columns else "NULL"
            rows = database.execute(
                f"SELECT workspace, last, {sum_}, data FROM blocks NOT INDEXED"  # noqa: S608 - ours
            )
            for workspace, last, checksum, data in rows:
                if isinstance(last, int) and isinstance(data, bytes):
                    found[str(workspace)].append((last, checksum, data))
    except sqlite3.Error as error:
        if not found:
            message = f"nothing can be read of {str(path)!r}: {str(error).lower()}"
            raise JournalError(message) from None
        return found, str(error).lower()
    return found, ""
