"""The newest entries of a journal, by kind. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from emulator.workspace.fold import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.journal.entry import Entry
    from emulator.workspace.workspace import Workspace

SUBJECTS = tuple(dict.fromkeys(kind.partition(".")[0] for kind in KINDS))
"""The subjects of entries: the first words of their kinds."""

_BLOCK = 500
_MOST_READ = 20_000


def newest(workspace: Workspace, subject: str, before: int | None, limit: int) -> list[Entry]:
    """Return at most *limit* entries, the newest first, of the last 20,000.

    Args:
        workspace: whose journal it is.
        subject: the first word of their kinds; empty for all.
        before: only entries with smaller numbers; None for all.
        limit: how many.
    """
    last = workspace.last_entry if before is None else before - 1
    entries = _backwards(workspace, last)
    found = (entry for entry in entries if not subject or entry.kind.partition(".")[0] == subject)
    return list(islice(found, limit))


def _backwards(workspace: Workspace, last: int) -> Iterator[Entry]:
    """Yield entries from *last* on backwards, read in blocks."""
    least = max(0, last - _MOST_READ)
    while last > least:
        after = max(least, last - _BLOCK)
        yield from reversed(list(islice(workspace.entries(after), last - after)))
        last = after
