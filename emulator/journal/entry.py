"""The envelope of journal records; the package that owns a record defines its meaning."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One row of the journal.

    Attributes:
        number: position in the workspace's journal, from 1, without gaps.
        at: time of the workspace's clock.
        workspace: name of the workspace.
        kind: for example ``candidate.moved``; ``emulator.workspace.fold`` has the table of kinds.
        data: the record.
    """

    number: int
    at: datetime
    workspace: str
    kind: str
    data: msgspec.Struct
