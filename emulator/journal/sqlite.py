"""The store on disk: SQLite in WAL mode, commits grouped by a writer thread.

A killed process loses nothing that was flushed. A power cut may lose the last moments
(``synchronous=NORMAL``), but never damages an entry.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
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
        self._lock = locked(path)
        try:
            prepare(path)
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
            before = fresh[0].number if fresh else NO_LIMIT
            yield from read_entries(self._path, self._kinds, workspace, after, before)
        yield from fresh

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry, or 0 without entries."""
        with self._news:
            if fresh := self._fresh.get(workspace):
                return fresh[-1].number
            if workspace in self._forgotten:
                return 0
        with closing(connected(self._path)) as database:
            query = "SELECT max(last) FROM blocks WHERE workspace = ?"
            (number,) = database.execute(query, (workspace,)).fetchone()
        return number or 0

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries, sorted."""
        with self._news:
            fresh, forgotten = set(self._fresh), set(self._forgotten)
        return sorted(fresh.union(stored_workspaces(self._path)) - (forgotten - fresh))

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
            self._tell()
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
        if not self._will_tell:
            self._will_tell = True
            # Once in a turn of the loop: a writer that wakes competes for the interpreter.
            try:
                asyncio.get_running_loop().call_soon(self._tell)
            except RuntimeError:  # without a loop
                self._tell()

    def _tell(self) -> None:
        with self._news:
            self._will_tell = False
            self._news.notify()

    # --- in the writer thread ------------------------------------------------------------------

    def _work(self) -> None:
        try:
            with closing(connected(self._path, is_writer=True)) as database:
                while jobs := self._next_jobs():
                    _write(database, jobs)
                    self._note(jobs)
        except Exception as error:  # noqa: BLE001 - after any error, callers of `flush` must not wait for ever
            reason = str(failure(self._path, error))
            _log.error("%s; nothing is written any more", reason)
            self._note([], reason)

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


def _write(database: sqlite3.Connection, jobs: list[Sequence[Entry] | str]) -> None:
    rows = [
        (workspace, (last := entries[-1].number), checksum(workspace, last, block), block)
        for workspace, entries in _by_workspace(jobs).items()
        for block in [packed(entries)]
    ]
    deleted = [(job,) for job in jobs if isinstance(job, str)]
    if len(rows) == 1 and not deleted:
        database.execute(INSERT, rows[0])  # the thread waits for the interpreter once, not thrice
        return
    database.execute("BEGIN")
    database.executemany("DELETE FROM blocks WHERE workspace = ?", deleted)
    database.executemany(INSERT, rows)
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


def _wake(waiters: list[asyncio.Future[None]], failure: str | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(JournalError(failure))
