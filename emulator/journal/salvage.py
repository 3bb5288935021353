"""What is whole of a damaged journal file, up to the damage, as a new journal."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from emulator.errors import InvalidInputError, JournalError
from emulator.journal.sqlite import SqliteStore, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from emulator.journal.entry import Entry

_Row = tuple[int, bytes | None, bytes]


class Salvaged(msgspec.Struct, frozen=True):
    """What became of one workspace.

    Attributes:
        kept: entries that the new journal has.
        lost: why the rest was left behind; empty when nothing was.
    """

    workspace: str
    kept: int
    lost: str


def salvage(path: Path, into: Path, kinds: Mapping[str, type[msgspec.Struct]]) -> list[Salvaged]:
    """Write what is whole of a journal file into a new one.

    Args:
        path: of the damaged file; it is only read.
        into: of the new file.
        kinds: kind of entry -> the type of its record.

    Returns:
        What became of each workspace, and of the rest of the file under an empty name.

    Raises:
        InvalidInputError: the new file is there already.
        JournalError: nothing can be read at all, or the new file can't be written.
    """
    if into.exists():
        message = f"{into}: there already; expected the name of a new file"
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
        for entry in _opened(whole(path, kinds, workspace, rows)):
            kept.append(entry)  # noqa: PERF402 - what came before the damage is kept
    except JournalError as error:
        lost = error.message.partition(";")[0]
    if kept:
        store.write(kept)
    return Salvaged(workspace, len(kept), lost)


def _opened(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield *entries* if they begin as those of a workspace do."""
    for entry in entries:
        if entry.number == 1 and entry.kind != "workspace.opened":
            message = f"the first entry is {entry.kind!r}, not 'workspace.opened'"
            raise JournalError(message)
        yield entry


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
