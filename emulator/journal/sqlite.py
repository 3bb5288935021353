"""The store on disk: SQLite in WAL mode, commits grouped by a writer thread.

A killed process loses nothing that was flushed. A power cut may lose the last moments
(``synchronous=NORMAL``), but never damages an entry.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sqlite3
import threading
from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from emulator.errors import JournalError
from emulator.journal.encoding import checksum, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from emulator.journal.entry import Entry

_log = logging.getLogger("emulator.journal")

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

_READ = "SELECT last, {sum}, data FROM blocks WHERE workspace = ? AND last > ? ORDER BY last"
_SUM = {1: "NULL", 2: "sum"}
_INSERT = "INSERT INTO blocks VALUES (?, ?, ?, ?)"
_NO_LIMIT = 2**63 - 1
_SET_ASIDE = " (set aside)"
"""Suffix of the name of a workspace that can't be replayed; no valid name ends like this."""


class SqliteStore:
    """Stores entries in a file, for one process at a time.

    `write` only queues entries; a thread commits all entries that were queued during its last
    commit.

    Args:
        path: the file; created with mode 0600 if it does not exist.
        kinds: kind of entry -> type of its data.

    Raises:
        JournalError: the file can't be opened or written, belongs to another program or a newer
            version, or is used by another process. Nothing was changed.
    """

    is_durable = True

    def __init__(self, path: Path, kinds: Mapping[str, type[msgspec.Struct]]) -> None:
        self._path = path
        self._kinds = kinds
        self._lock = _locked(path)
        try:
            _prepare(path)
        except JournalError:
            os.close(self._lock)
            raise
        self._forgotten: dict[str, int] = {}  # not yet deleted from the file -> number of the job
        self._fresh: dict[str, list[Entry]] = {}  # queued, not yet in the file
        self._jobs: list[
            Sequence[Entry] | str
        ] = []  # entries, or the name of a workspace to delete
        self._taken = self._done = 0
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()  # ordered by number
        self._news = threading.Condition()
        self._is_closing = False
        self._failure: str | None = None
        self._writer = threading.Thread(target=self._work, name="journal", daemon=True)
        self._writer.start()

    @property
    def failure(self) -> str | None:
        """Why nothing can be written any more; None if writing works."""
        return self._failure

    def write(self, entries: Sequence[Entry]) -> None:
        """Queue the entries of one command; they are committed together.

        Raises:
            JournalError: an earlier commit failed, so nothing can be written any more.
        """
        with self._news:
            self._take(entries)
            self._fresh.setdefault(entries[0].workspace, []).extend(entries)

    def forget(self, workspace: str) -> None:
        """Delete a workspace's entries."""
        with self._news:
            self._take(workspace)
            self._fresh.pop(workspace, None)
            self._forgotten[workspace] = self._taken

    def read(self, workspace: str, after: int = 0) -> Iterator[Entry]:
        """Yield the workspace's entries whose number is above *after*, in order."""
        with self._news:
            fresh = [one for one in self._fresh.get(workspace, ()) if one.number > after]
            is_in_file = workspace not in self._forgotten
        if is_in_file:
            before = fresh[0].number if fresh else _NO_LIMIT
            yield from read_entries(self._path, self._kinds, workspace, after, before)
        yield from fresh

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry, or 0 without entries."""
        with self._news:
            if fresh := self._fresh.get(workspace):
                return fresh[-1].number
            if workspace in self._forgotten:
                return 0
        with closing(_connected(self._path)) as database:
            query = "SELECT max(last) FROM blocks WHERE workspace = ?"
            (number,) = database.execute(query, (workspace,)).fetchone()
        return number or 0

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries, sorted."""
        with self._news:
            fresh, forgotten = set(self._fresh), set(self._forgotten)
        stored = [one for one in stored_workspaces(self._path) if not one.endswith(_SET_ASIDE)]
        return sorted(fresh.union(stored) - (forgotten - fresh))

    def set_aside(self, workspace: str) -> None:
        """Keep a workspace's entries in the file under a name that is never opened.

        Call this method before anything is written.

        Raises:
            JournalError: the file can't be written.
        """
        try:
            with closing(_connected(self._path, is_writer=True)) as database:
                name = f"{workspace}{_SET_ASIDE}"
                found = database.execute(_READ.format(sum="sum"), (workspace, 0)).fetchall()
                database.execute("BEGIN")
                database.execute("DELETE FROM blocks WHERE workspace IN (?, ?)", (workspace, name))
                rows = [(name, last, checksum(name, last, data), data) for last, _, data in found]
                database.executemany(_INSERT, rows)
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise _failure(self._path, error) from error

    async def flush(self) -> None:
        """Wait until all queued entries are in the file.

        Raises:
            JournalError: writing failed; the message has the reason.
        """
        with self._news:
            if self._failure is not None:
                raise JournalError(self._failure)
            if self._done == self._taken:
                return
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append((self._taken, waiter))
        await waiter

    def close(self) -> None:
        """Write the remaining entries and close the file."""
        with self._news:
            self._is_closing = True
            self._news.notify()
        self._writer.join()
        os.close(self._lock)

    def _take(self, job: Sequence[Entry] | str) -> None:
        if self._failure is not None:
            raise JournalError(self._failure)
        self._jobs.append(job)
        self._taken += 1
        self._news.notify()

    # --- in the writer thread ------------------------------------------------------------------

    def _work(self) -> None:
        try:
            with closing(_connected(self._path, is_writer=True)) as database:
                while jobs := self._next_jobs():
                    _write(database, jobs)
                    self._note(jobs)
        except Exception as error:  # noqa: BLE001 - after any error, callers of `flush` must not wait for ever
            failure = str(_failure(self._path, error))
            _log.error("%s; nothing is written any more", failure)
            self._note([], failure)

    def _next_jobs(self) -> list[Sequence[Entry] | str]:
        with self._news:
            while not self._jobs and not self._is_closing:
                self._news.wait()
            jobs, self._jobs = self._jobs, []
        return jobs

    def _note(self, jobs: list[Sequence[Entry] | str], failure: str | None = None) -> None:
        with self._news:
            self._failure = failure
            if failure is None:
                self._done += len(jobs)
                self._forgotten = {
                    name: job for name, job in self._forgotten.items() if job > self._done
                }
                for entries in _by_workspace(jobs).values():
                    fresh = self._fresh.get(entries[0].workspace)
                    # The list is another one if the workspace was deleted and made again meanwhile.
                    if fresh and fresh[0] is entries[0]:
                        del fresh[: len(entries)]
            ready = []
            while self._waiters and (failure or self._waiters[0][0] <= self._done):
                ready.append(self._waiters.popleft()[1])
        for loop in {waiter.get_loop() for waiter in ready}:
            theirs = [waiter for waiter in ready if waiter.get_loop() is loop]
            loop.call_soon_threadsafe(_wake, theirs, failure)


def read_entries(
    path: Path,
    kinds: Mapping[str, type[msgspec.Struct]],
    workspace: str,
    after: int = 0,
    before: int = _NO_LIMIT,
) -> Iterator[Entry]:
    """Yield a workspace's entries from a journal file, even while another process writes to it.

    Raises:
        JournalError: the file can't be read, or is not ours.
    """
    try:
        with closing(_connected(path)) as database:
            sum_ = _SUM[_version(path, database)]
            rows = database.execute(_READ.format(sum=sum_), (workspace, after))
            for entry in whole(path, kinds, workspace, rows, after):
                if entry.number >= before:
                    return
                yield entry
    except sqlite3.Error as error:
        raise _failure(path, error) from error


def whole(
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
        with closing(_connected(path)) as database:
            _version(path, database)
            found = database.execute("SELECT DISTINCT workspace FROM blocks ORDER BY workspace")
            return [name for (name,) in found]
    except sqlite3.Error as error:
        raise _failure(path, error) from error


def _locked(path: Path) -> int:
    # Lock the file itself, so that a link to it leads to the same lock. SQLite uses locks of
    # another kind, which don't conflict; but closing this descriptor drops them, so close it last.
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        message = f"the journal {str(path)!r} can't be written; expected a writable file"
        raise JournalError(message) from None
    except OSError as error:
        raise _failure(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        message = f"the journal {str(path)!r} is in use by another process"
        raise JournalError(message) from None
    return lock


def _prepare(path: Path) -> None:
    """Create the file, or check that it is a complete journal of a known format."""
    try:
        if not os.access(path, os.W_OK):
            message = f"the journal {str(path)!r} can't be written; expected a writable file"
            raise JournalError(message)
        if not path.stat().st_size:
            with closing(_connected(path, is_writer=True)) as database:
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                database.execute(f"PRAGMA user_version = {FORMAT}")
                database.execute(_TABLE)
            return
        with closing(_connected(path)) as database:
            version = _version(path, database)
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise _broken(path, found)
        if version < FORMAT:
            _upgrade(path)
    except (sqlite3.Error, OSError) as error:
        raise _failure(path, error) from error


def _upgrade(path: Path) -> None:
    """Add checksums to the blocks of an old file."""
    with closing(_connected(path, is_writer=True)) as database:
        database.execute("BEGIN")
        database.execute("ALTER TABLE blocks RENAME TO old")
        database.execute(_TABLE)
        rows = database.execute("SELECT workspace, last, data FROM old").fetchall()
        database.executemany(
            _INSERT, [(name, last, checksum(name, last, data), data) for name, last, data in rows]
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
        message = f"{str(path)!r} is no journal of ours; expected one that 'serve --journal' made"
        raise JournalError(message)
    if version not in _SUM:
        message = f"the journal {str(path)!r} has format {version}; this version reads {FORMAT}"
        raise JournalError(message)
    return int(version)


def _connected(path: Path, *, is_writer: bool = False) -> sqlite3.Connection:
    mode = "rw" if is_writer else "ro"
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None
    )
    if is_writer:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
    return database


def _write(database: sqlite3.Connection, jobs: list[Sequence[Entry] | str]) -> None:
    database.execute("BEGIN")
    for job in jobs:
        if isinstance(job, str):
            database.execute("DELETE FROM blocks WHERE workspace = ?", (job,))
    rows = [
        (workspace, (last := entries[-1].number), checksum(workspace, last, block), block)
        for workspace, entries in _by_workspace(jobs).items()
        for block in [packed(entries)]
    ]
    database.executemany(_INSERT, rows)
    database.execute("COMMIT")


def _by_workspace(jobs: list[Sequence[Entry] | str]) -> dict[str, list[Entry]]:
    """Return the entries of *jobs* that no later job deletes."""
    found: dict[str, list[Entry]] = {}
    for job in jobs:
        if isinstance(job, str):
            found.pop(job, None)
        else:
            found.setdefault(job[0].workspace, []).extend(job)
    return found


def _damaged(path: Path, workspace: str, number: int, what: str) -> JournalError:
    return JournalError(
        f"the journal {str(path)!r} is damaged at workspace {workspace!r}, entry {number}: {what};"
        f" 'testlify-emulator journal {path} --salvage NEW' keeps what is whole before it"
    )


def _broken(path: Path, reason: str) -> JournalError:
    return JournalError(
        f"the journal {str(path)!r} is damaged: {reason.splitlines()[-1].lower()};"
        f" 'testlify-emulator journal {path} --salvage NEW' keeps what is whole"
    )


def _failure(path: Path, error: Exception) -> JournalError:
    # SQLite raises the base class if the file is not a database, or damaged.
    if type(error) is sqlite3.DatabaseError:
        if "not a database" in str(error):
            return JournalError(
                f"{str(path)!r} is no journal of ours, or its first page is damaged; expected a"
                " file that 'serve --journal' made"
            )
        return _broken(path, str(error))
    if "could not decode" in str(error):  # the type of a blob was changed to text
        return _broken(path, "a record can't be read")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return JournalError(f"the journal {str(path)!r} failed: {reason.lower()}")


def _wake(waiters: list[asyncio.Future[None]], failure: str | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(JournalError(failure))
