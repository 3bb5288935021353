"""The journal: numbers entries, hands them to the store, wakes those who wait for more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from emulator.journal.entry import Entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from datetime import datetime

    import msgspec

    from emulator.journal.store import Store


class Journal:
    """The one record of what happened, append-only, by workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: dict[str, int] = {}
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}

    def append(
        self, workspace: str, at: datetime, records: Sequence[tuple[str, msgspec.Struct]]
    ) -> list[Entry]:
        """Append the records of one command, each a pair of kind and data.

        Returns:
            Their entries, numbered.
        """
        number = self.last(workspace)
        entries = []
        for kind, data in records:
            number += 1
            entries.append(Entry(number, at, workspace, kind, data))
        if entries:
            self._store.write(entries)
            self._last[workspace] = number
            if workspace in self._waiters:
                self._wake(workspace)
        return entries

    def entries(self, workspace: str, after: int = 0) -> Iterator[Entry]:
        """Yield the workspace's entries whose number is above *after*, in order."""
        return self._store.read(workspace, after)

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry, 0 without any."""
        if workspace not in self._last:
            self._last[workspace] = self._store.last(workspace)
        return self._last[workspace]

    def forget(self, workspace: str) -> None:
        """Let go of a workspace's entries; who watches it sees no more."""
        self._store.forget(workspace)
        self._last.pop(workspace, None)
        self._wake(workspace)

    def set_aside(self, workspace: str) -> None:
        """Keep a workspace's entries where nobody opens them; called before anything is written."""
        self._store.set_aside(workspace)

    @property
    def is_durable(self) -> bool:
        """Whether entries outlive the process."""
        return self._store.is_durable

    @property
    def failure(self) -> str | None:
        """Why nothing can be written any more; None while all is well."""
        return self._store.failure

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries."""
        return self._store.workspaces()

    def close(self) -> None:
        """Let go of the store; nothing is appended after it."""
        self._store.close()

    async def flush(self) -> None:
        """Return once all that was appended is as safe as the store can make it."""
        await self._store.flush()

    async def grown(self, workspace: str, after: int) -> None:
        """Return once the workspace has another newest entry than number *after*."""
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
        """Wait until *is_met* holds, asked again whenever the journal grew.

        Args:
            workspace: whose entries to wait for.
            is_met: the predicate; reads state, changes nothing.
            timeout: real seconds.

        Returns:
            Whether it was met in time.
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
        """Yield the workspace's entries above *after*, then each new one as it comes.

        Ends when the workspace's entries are forgotten.
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
