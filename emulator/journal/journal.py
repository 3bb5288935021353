"""The journal: numbers entries, passes them to the store and wakes waiting readers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, overload

from emulator.journal.entry import Entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import datetime

    import msgspec

    from emulator.journal.store import Store


class Journal:
    """The append-only record of each workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: dict[str, int] = {}
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}

    def append(
        self, workspace: str, at: datetime, records: Sequence[tuple[str, msgspec.Struct]]
    ) -> list[Entry]:
        """Append the records of one command, each a pair of kind and data.

        Returns:
            The numbered entries.
        """
        first = self.last(workspace) + 1
        entries = [
            Entry(number, at, workspace, kind, data)
            for number, (kind, data) in enumerate(records, first)
        ]
        if entries:
            self._store.write(entries)
            self._last[workspace] += len(entries)
            if workspace in self._waiters:
                self._wake(workspace)
        return entries

    def entries(self, workspace: str, after: int = 0) -> Iterator[Entry]:
        """Yield the workspace's entries whose number is above *after*, in order."""
        return self._store.read(workspace, after)

    def since(self, workspace: str, after: int) -> Sequence[Entry]:
        """Return the entries so far whose number is above *after*; they are read when needed."""
        return _Part(self, workspace, after)

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry, or 0 without entries."""
        last = self._last.get(workspace)
        if last is None:
            last = self._last[workspace] = self._store.last(workspace)
        return last

    def forget(self, workspace: str) -> None:
        """Delete a workspace's entries and end its watches."""
        self._store.forget(workspace)
        self._last.pop(workspace, None)
        self._wake(workspace)

    @property
    def is_durable(self) -> bool:
        """Whether entries survive the process."""
        return self._store.is_durable

    @property
    def failure(self) -> str | None:
        """Why nothing can be written any more; None if writing works."""
        return self._store.failure

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries."""
        return self._store.workspaces()

    def close(self) -> None:
        """Close the store; nothing can be appended afterwards."""
        self._store.close()

    async def flush(self) -> None:
        """Wait until the store has saved all appended entries."""
        await self._store.flush()

    def waiting(self, workspace: str) -> int:
        """Return how many calls wait for the next entry of the workspace."""
        return len(self._waiters.get(workspace, ()))

    async def grown(self, workspace: str, after: int) -> None:
        """Wait until the number of the newest entry differs from *after*."""
        while self.last(workspace) == after:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.setdefault(workspace, []).append(waiter)
            try:
                await waiter
            finally:
                waiting = self._waiters.get(workspace, [])
                if waiter in waiting:
                    waiting.remove(waiter)

    async def until(self, workspace: str, is_met: Callable[[], bool], timeout: float) -> bool:
        """Wait until *is_met* returns true; it is called again whenever the journal grows.

        Args:
            workspace: name of the workspace.
            is_met: a predicate that reads state and changes nothing.
            timeout: real seconds.

        Returns:
            Whether the predicate became true in time.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    seen = self.last(workspace)
                    if is_met():
                        return True
                    await self.grown(workspace, seen)
        except TimeoutError:
            return is_met()

    async def watch(self, workspace: str, after: int = 0) -> AsyncIterator[Entry]:
        """Yield the workspace's entries whose number is above *after*, then each new entry.

        Ends when the workspace's entries are deleted.
        """
        while True:
            for entry in self.entries(workspace, after):
                yield entry
                after = entry.number
            await self.grown(workspace, after)
            if self.last(workspace) < after:
                return

    def _wake(self, workspace: str) -> None:
        for waiter in self._waiters.pop(workspace, ()):
            if not waiter.done():
                waiter.set_result(None)


class _Part(Sequence[Entry]):
    """Some entries of a workspace, which may be many, so they stay in the store."""

    def __init__(self, journal: Journal, workspace: str, after: int) -> None:
        self._journal, self._workspace, self._after = journal, workspace, after
        self._length = journal.last(workspace) - after

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Entry]:
        return islice(self._journal.entries(self._workspace, self._after), self._length)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | Sequence[Entry]:
        numbers = range(self._after, self._after + self._length)[index]
        if isinstance(numbers, int):
            return next(self._journal.entries(self._workspace, numbers))
        return [next(self._journal.entries(self._workspace, number)) for number in numbers]
