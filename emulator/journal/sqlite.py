"""The store on disk: SQLite in WAL mode, commits grouped by a writer thread.

A killed process loses nothing that was flushed. A power cut may lose the last moments
(``synchronous=NORMAL``), but never damages an entry.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from emulator.errors import JournalError
from emulator.journal.encoding import checksum, packed
from emulator.journal.journal_file import (
    INSERT,
    NO_LIMIT,
    connected,
    failure,
    locked,
    prepare,
    read_entries,
    stored_workspaces,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import msgspec

    from emulator.journal.entry import Entry

_log = logging.getLogger("emulator.journal")


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
        self._file_lock = locked(path)
        try:
            prepare(path)
        except JournalError:
            os.close(self._file_lock)
            raise
        self._next = _Batch()
        self._current = _Batch()  # in the writer's hands
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._will_tell = False
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
        with self._lock:
            self._next_of_writer().entries.setdefault(entries[0].workspace, []).extend(entries)

    def forget(self, workspace: str) -> None:
        """Delete a workspace's entries."""
        with self._lock:
            batch = self._next_of_writer()
            batch.entries.pop(workspace, None)
            batch.deleted.add(workspace)
            # In a new dict, because the writer reads the old one.
            self._current.entries = {
                name: entries
                for name, entries in self._current.entries.items()
                if name != workspace
            }

    def read(self, workspace: str, after: int = 0) -> Iterator[Entry]:
        """Yield the workspace's entries whose number is above *after*, in order."""
        with self._lock:
            fresh = [
                entry
                for batch in (self._current, self._next)
                for entry in batch.entries.get(workspace, ())
                if entry.number > after
            ]
            is_in_file = workspace not in self._current.deleted | self._next.deleted
        if is_in_file:
            before = fresh[0].number if fresh else NO_LIMIT
            yield from read_entries(self._path, self._kinds, workspace, after, before)
        yield from fresh

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry, or 0 without entries."""
        with self._lock:
            for batch in (self._next, self._current):
                if entries := batch.entries.get(workspace):
                    return entries[-1].number
                if workspace in batch.deleted:
                    return 0
        with closing(connected(self._path)) as database:
            query = "SELECT max(last) FROM blocks WHERE workspace = ?"
            (number,) = database.execute(query, (workspace,)).fetchone()
        return number or 0

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries, sorted."""
        with self._lock:
            fresh = {*self._current.entries, *self._next.entries}
            deleted = self._current.deleted | self._next.deleted
        return sorted(fresh.union(set(stored_workspaces(self._path)) - deleted))

    async def flush(self) -> None:
        """Wait until all queued entries are in the file.

        Raises:
            JournalError: writing failed; the message has the reason.
        """
        with self._lock:
            if self._failure is not None:
                raise JournalError(self._failure)
            if not (self._next or self._current):
                return
            waiter = asyncio.get_running_loop().create_future()
            self._next.waiters.append(waiter)
            self._news.notify()
        await waiter

    def close(self) -> None:
        """Write the remaining entries and close the file."""
        with self._lock:
            self._is_closing = True
            self._news.notify()
        self._writer.join()
        os.close(self._file_lock)

    def _next_of_writer(self) -> _Batch:
        """Return the next batch; the writer is woken for it soon."""
        if self._failure is not None:
            raise JournalError(self._failure)
        if not self._will_tell:
            # Once in a turn of the loop: a writer that wakes competes for the interpreter.
            try:
                asyncio.get_running_loop().call_soon(self._tell)
                self._will_tell = True
            except RuntimeError:  # without a loop
                self._news.notify()
        return self._next

    def _tell(self) -> None:
        with self._lock:
            self._will_tell = False
            self._news.notify()

    # --- in the writer thread ------------------------------------------------------------------

    def _work(self) -> None:
        try:
            with closing(connected(self._path, is_writer=True)) as database:
                while batch := self._next_batch():
                    _write(database, batch)
                    self._note(None)
        except Exception as error:  # noqa: BLE001 - after any error, callers of `flush` must not wait for ever
            reason = str(failure(self._path, error))
            _log.error("%s; nothing is written any more", reason)
            self._note(reason)

    def _next_batch(self) -> _Batch:
        with self._lock:
            while not (self._next or self._is_closing):
                self._news.wait()
            self._current, self._next = self._next, _Batch()
            return self._current

    def _note(self, failure: str | None) -> None:
        with self._lock:
            self._failure = failure
            ready = self._current.waiters
            if failure is None:
                self._current = _Batch()
            else:
                ready += self._next.waiters
        for loop in {waiter.get_loop() for waiter in ready}:
            theirs = [waiter for waiter in ready if waiter.get_loop() is loop]
            loop.call_soon_threadsafe(_wake, theirs, failure)


class _Batch:
    """The contents of one commit, and the calls of `flush` that wait for it.

    Attributes:
        deleted: workspaces to delete from the file.
        entries: new entries by workspace, written after that.
    """

    def __init__(self) -> None:
        self.deleted: set[str] = set()
        self.entries: dict[str, list[Entry]] = {}
        self.waiters: list[asyncio.Future[None]] = []

    def __bool__(self) -> bool:
        return bool(self.entries or self.deleted or self.waiters)


def _write(database: sqlite3.Connection, batch: _Batch) -> None:
    rows = [
        (workspace, (last := entries[-1].number), checksum(workspace, last, block), block)
        for workspace, entries in batch.entries.items()
        for block in [packed(entries)]
    ]
    if len(rows) == 1 and not batch.deleted:
        database.execute(INSERT, rows[0])  # the thread waits for the interpreter once, not thrice
        return
    database.execute("BEGIN")
    database.executemany(
        "DELETE FROM blocks WHERE workspace = ?", [(name,) for name in batch.deleted]
    )
    database.executemany(INSERT, rows)
    database.execute("COMMIT")


def _wake(waiters: list[asyncio.Future[None]], failure: str | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(JournalError(failure))
