"""The envelope of a record; what the record means is told in the room that owns it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One row of the journal.

    Attributes:
        number: counts the workspace's entries from 1, without gaps.
        at: the workspace's time.
        workspace: whose.
        kind: ``candidate.moved``, say; ``workspace`` has the table of kinds.
        data: the record.
    """

    number: int
    at: datetime
    workspace: str
    kind: str
    data: msgspec.Struct
