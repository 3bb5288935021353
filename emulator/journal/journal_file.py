"""The journal file: an SQLite database with blocks of entries; opened, checked and read.

`sqlite.SqliteStore` is the only writer.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from emulator.errors import JournalError
from emulator.journal.encoding import checksum, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from emulator.journal.entry import Entry

APPLICATION_ID = 0x54_46_59_45
"""Marks our files, so that other SQLite files are rejected ("TFYE")."""

FORMAT = 2
"""Version of the file format; newer files are rejected, older files are upgraded when opened."""

_TABLE = """
CREATE TABLE blocks (
    workspace TEXT NOT NULL,
    last INTEGER NOT NULL,
    sum BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (workspace, last)
)
"""
"""A block holds the entries of a workspace in one commit. A row per entry would slow down the event
loop, because the threads exchange the interpreter lock for each row. Format 1 has no checksums."""

INSERT = "INSERT INTO blocks VALUES (?, ?, ?, ?)"
_BLOCKS = "SELECT last, {sum}, data FROM blocks WHERE workspace = ? AND last > ? ORDER BY last"
_SUM = {1: "NULL", 2: "sum"}
NO_LIMIT = 2**63 - 1


def read_entries(
    path: Path,
    kinds: Mapping[str, type[msgspec.Struct]],
    workspace: str,
    after: int = 0,
    before: int = NO_LIMIT,
) -> Iterator[Entry]:
    """Yield a workspace's entries from a journal file, even while another process writes to it.

    Raises:
        JournalError: the file can't be read, or is not ours.
    """
    try:
        with closing(connected(path)) as database:
            sum_ = _SUM[_version(path, database)]
            rows = database.execute(_BLOCKS.format(sum=sum_), (workspace, after))
            for entry in verified(path, kinds, workspace, rows, after):
                if entry.number >= before:
                    return
                yield entry
    except sqlite3.Error as error:
        raise failure(path, error) from error


def verified(
    path: Path,
    kinds: Mapping[str, type[msgspec.Struct]],
    workspace: str,
    rows: Iterable[tuple[int, bytes | None, bytes]],
    after: int = 0,
) -> Iterator[Entry]:
    """Yield the entries of a workspace's blocks; verify each block before yielding from it.

    Args:
        path: the file, for error messages.
        kinds: kind of entry -> type of its data.
        workspace: name of the workspace.
        rows: number of the last entry, checksum (None in an old file) and bytes of each block.
        after: skip entries up to this number.

    Raises:
        JournalError: a block is damaged or missing; the message names the entry.
    """
    expected = None if after else 1
    for last, sum_, block in rows:
        try:
            if sum_ is not None and sum_ != checksum(workspace, last, block):
                raise _damaged(path, workspace, expected or after + 1, "the checksum is wrong")
            entries = list(unpacked(block, workspace, last, kinds, 0))
        except (msgspec.MsgspecError, UnicodeError, KeyError, ValueError, TypeError):
            message = "the record can't be read"
            raise _damaged(path, workspace, expected or after + 1, message) from None
        first = entries[0].number if entries else last
        if expected is not None and first != expected:
            raise _damaged(path, workspace, expected, f"the next entry is {first}")
        expected = last + 1
        yield from (entry for entry in entries if entry.number > after)


def stored_workspaces(path: Path) -> list[str]:
    """Return the names of the workspaces in a journal file, sorted.

    Raises:
        JournalError: the file can't be read, or is not ours.
    """
    try:
        with closing(connected(path)) as database:
            _version(path, database)
            found = database.execute("SELECT DISTINCT workspace FROM blocks ORDER BY workspace")
            return [name for (name,) in found]
    except sqlite3.Error as error:
        raise failure(path, error) from error


def locked(path: Path) -> int:
    """Lock the file for this process, create it if necessary, and return its descriptor.

    Raises:
        JournalError: the file can't be written, or is used by another process.
    """
    # Lock the file itself, so that a link to it leads to the same lock. SQLite uses locks of
    # another kind, which don't conflict; but closing this descriptor drops them, so close it last.
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        message = f"the journal {str(path)!r} can't be written; expected a writable file"
        raise JournalError(message) from None
    except OSError as error:
        raise failure(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        message = f"the journal {str(path)!r} is in use by another process"
        raise JournalError(message) from None
    return lock


def prepare(path: Path) -> None:
    """Create the tables of an empty file, or check that the file is a complete journal.

    Raises:
        JournalError: the file is not a journal, is damaged, or has another format.
    """
    try:
        if not os.access(path, os.W_OK):
            message = f"the journal {str(path)!r} can't be written; expected a writable file"
            raise JournalError(message)
        if not path.stat().st_size:
            with closing(connected(path, is_writer=True)) as database:
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                database.execute(f"PRAGMA user_version = {FORMAT}")
                database.execute(_TABLE)
            return
        with closing(connected(path)) as database:
            version = _version(path, database)
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise _broken(path, found)
        if version < FORMAT:
            _upgrade(path)
    except (sqlite3.Error, OSError) as error:
        raise failure(path, error) from error


def _upgrade(path: Path) -> None:
    """Add checksums to the blocks of an old file."""
    with closing(connected(path, is_writer=True)) as database:
        database.execute("BEGIN")
        database.execute("ALTER TABLE blocks RENAME TO old")
        database.execute(_TABLE)
        rows = database.execute("SELECT workspace, last, data FROM old").fetchall()
        database.executemany(
            INSERT, [(name, last, checksum(name, last, data), data) for name, last, data in rows]
        )
        database.execute("DROP TABLE old")
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("COMMIT")


def _version(path: Path, database: sqlite3.Connection) -> int:
    """Return the format of the file.

    Raises:
        JournalError: the file is not a journal, or from a newer version.
    """
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        message = f"{str(path)!r} is not a journal; expected a file that 'serve --journal' made"
        raise JournalError(message)
    if version not in _SUM:
        message = f"the journal {str(path)!r} has format {version}; this version reads {FORMAT}"
        raise JournalError(message)
    return int(version)


def connected(path: Path, *, is_writer: bool = False) -> sqlite3.Connection:
    """Return a connection to the file, for reading only or for writing."""
    mode = "rw" if is_writer else "ro"
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None
    )
    if is_writer:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
    return database


def _damaged(path: Path, workspace: str, number: int, reason: str) -> JournalError:
    return JournalError(
        f"the journal {str(path)!r} is damaged at workspace {workspace!r}, entry {number}: {reason}"
        f"; 'testlify-emulator journal {path} --salvage NEW' keeps the entries before it"
    )


def _broken(path: Path, reason: str) -> JournalError:
    return JournalError(
        f"the journal {str(path)!r} is damaged: {reason.splitlines()[-1].lower()};"
        f" 'testlify-emulator journal {path} --salvage NEW' keeps the intact entries"
    )


def failure(path: Path, error: Exception) -> JournalError:
    """Return the error for an *error* of SQLite or of the operating system."""
    # SQLite raises the base class if the file is not a database, or damaged.
    if type(error) is sqlite3.DatabaseError:
        if "not a database" in str(error):
            return JournalError(
                f"{str(path)!r} is not a journal, or its first page is damaged; expected a file"
                " that 'serve --journal' made"
            )
        return _broken(path, str(error))
    if "could not decode" in str(error):  # the type of a blob was changed to text
        return _broken(path, "a record can't be read")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return JournalError(f"the journal {str(path)!r} failed: {reason.lower()}")
