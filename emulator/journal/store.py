"""Where entries are kept: the interface, and the store in memory."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emulator.journal.entry import Entry


class Store(Protocol):
    """Keeps entries, in order, by workspace.

    Attributes:
        is_durable: whether they outlive the process.
    """

    is_durable: bool

    @property
    def failure(self) -> str | None:
        """Why nothing is taken any more; None while all is well."""
        ...

    def write(self, entries: Sequence[Entry]) -> None:
        """Take the entries of one command, all or none."""
        ...

    def read(self, workspace: str, after: int = 0) -> Iterator[Entry]:
        """Yield the workspace's entries whose number is above *after*, in order."""
        ...

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry, 0 without any."""
        ...

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries."""
        ...

    def forget(self, workspace: str) -> None:
        """Let go of a workspace's entries."""
        ...

    async def flush(self) -> None:
        """Return once all that was written is as safe as this store can make it."""
        ...

    def close(self) -> None:
        """Let go of what is held; nothing is written after it."""
        ...


class MemoryStore:
    """Keeps entries as long as the process lives."""

    is_durable = False
    failure = None

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}

    def write(self, entries: Sequence[Entry]) -> None:
        """Take the entries of one command."""
        self._entries.setdefault(entries[0].workspace, []).extend(entries)

    def read(self, workspace: str, after: int = 0) -> Iterator[Entry]:
        """Yield the workspace's entries whose number is above *after*."""
        # Numbers have no gaps, so an entry's place is its number less one.
        return islice(self._entries.get(workspace, ()), after, None)

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry."""
        return len(self._entries.get(workspace, ()))

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries."""
        return list(self._entries)

    def forget(self, workspace: str) -> None:
        """Let go of a workspace's entries."""
        self._entries.pop(workspace, None)

    async def flush(self) -> None:
        """Return at once: memory is as safe as it gets."""

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
