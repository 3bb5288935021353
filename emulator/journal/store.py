"""Storage of entries: the interface, and the store in memory."""

from __future__ import annotations

from bisect import bisect_right
from os import SEEK_END
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Protocol

from emulator.journal.encoding import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import msgspec

    from emulator.journal.entry import Entry

MOST_IN_MEMORY = 65_536
"""Entries of a workspace (about 1 KB each) that stay in memory; older entries go to a file."""

_BLOCK = 4_096


class Store(Protocol):
    """Stores the entries of each workspace in order.

    Attributes:
        is_durable: whether entries survive the process.
    """

    is_durable: bool

    @property
    def failure(self) -> str | None:
        """Why nothing can be written any more; None if writing works."""
        ...

    def write(self, entries: Sequence[Entry]) -> None:
        """Store the entries of one command, all or none."""
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
        """Delete a workspace's entries."""
        ...

    async def flush(self) -> None:
        """Wait until all written entries are saved."""
        ...

    def close(self) -> None:
        """Release resources; nothing can be written afterwards."""
        ...


class MemoryStore:
    """Stores entries until the process ends: new entries in memory, older entries in a file.

    The file has no name and disappears with the process. It bounds the memory of a long run.

    Args:
        kinds: kind of entry -> type of its data.
        most: approximate number of entries of a workspace that stay in memory.
    """

    is_durable = False
    failure = None

    def __init__(
        self, kinds: Mapping[str, type[msgspec.Struct]], *, most: int = MOST_IN_MEMORY
    ) -> None:
        self._kinds = kinds
        self._most = most
        self._entries: dict[str, list[Entry]] = {}
        self._spilt: dict[str, _Spill] = {}

    def write(self, entries: Sequence[Entry]) -> None:
        """Store the entries of one command."""
        workspace = entries[0].workspace
        kept = self._entries.setdefault(workspace, [])
        kept.extend(entries)
        if len(kept) > self._most:
            spill = self._spilt.get(workspace)
            if spill is None:
                spill = self._spilt[workspace] = _Spill(self._kinds)
            size = min(_BLOCK, self._most)
            spill.take(kept[:size])
            del kept[:size]

    def read(self, workspace: str, after: int = 0) -> Iterator[Entry]:
        """Yield the workspace's entries whose number is above *after*."""
        # Looked up again for each entry: entries may be added or spilt while we iterate.
        while after < self.last(workspace):
            kept = self._entries[workspace]
            # Numbers have no gaps, so the number gives the index.
            place = after + 1 - kept[0].number
            if place >= 0:
                yield kept[place]
                after += 1
                continue
            for entry in self._spilt[workspace].read(after):
                yield entry
                after = entry.number

    def last(self, workspace: str) -> int:
        """Return the number of the workspace's newest entry."""
        kept = self._entries.get(workspace)
        return kept[-1].number if kept else 0

    def workspaces(self) -> list[str]:
        """Return the names of the workspaces that have entries."""
        return list(self._entries)

    def forget(self, workspace: str) -> None:
        """Delete a workspace's entries."""
        self._entries.pop(workspace, None)
        spill = self._spilt.pop(workspace, None)
        if spill is not None:
            spill.close()

    async def flush(self) -> None:
        """Return at once: nothing more can be done for entries in memory."""

    def close(self) -> None:
        """Close the files; entries in memory can still be read."""
        for spill in self._spilt.values():
            spill.close()
        self._spilt.clear()


class _Spill:
    """The older entries of one workspace, as blocks in an unnamed file."""

    def __init__(self, kinds: Mapping[str, type[msgspec.Struct]]) -> None:
        self._kinds = kinds
        self._file = TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._blocks: list[tuple[int, int, int]] = []  # last entry's number, offset, length

    def take(self, entries: Sequence[Entry]) -> None:
        block = packed(entries)
        self._blocks.append((entries[-1].number, self._file.seek(0, SEEK_END), len(block)))
        self._file.write(block)
        self._workspace = entries[0].workspace

    def read(self, after: int) -> Iterator[Entry]:
        first = bisect_right(self._blocks, after, key=lambda block: block[0])
        for last, offset, length in self._blocks[first:]:
            self._file.seek(offset)
            block = self._file.read(length)
            yield from unpacked(block, self._workspace, last, self._kinds, after)

    def close(self) -> None:
        self._file.close()
