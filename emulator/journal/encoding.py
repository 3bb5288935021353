"""Entries as bytes: a block holds consecutive entries of one workspace."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from emulator.journal.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ROWS = list[tuple[datetime, str, msgspec.Raw]]


def packed(entries: Sequence[Entry]) -> bytes:
    """Encode *entries*, whose numbers have no gaps, as a block."""
    return msgspec.msgpack.encode([(one.at, one.kind, one.data) for one in entries])


def checksum(workspace: str, last: int, block: bytes) -> bytes:
    """Return the checksum of a block, its workspace and its position.

    Args:
        workspace: name of the workspace.
        last: number of the last entry.
        block: the result of `packed`.
    """
    sum_ = blake2b(f"{workspace}\n{last}\n".encode("utf-8", "surrogateescape"), digest_size=8)
    sum_.update(block)
    return sum_.digest()


def unpacked(
    block: bytes, workspace: str, last: int, kinds: Mapping[str, type[msgspec.Struct]], after: int
) -> Iterator[Entry]:
    """Yield the entries of a block whose number is above *after*.

    Args:
        block: the result of `packed`.
        workspace: name of the workspace.
        last: number of the last entry in the block.
        kinds: kind of entry -> type of its data.
        after: skip entries up to this number.

    Raises:
        msgspec.MsgspecError, KeyError: the block is damaged, or from a newer version.
    """
    rows = msgspec.msgpack.decode(block, type=_ROWS)
    for number, (at, kind, data) in enumerate(rows, start=last - len(rows) + 1):
        if number > after:
            record = msgspec.msgpack.decode(data, type=kinds[kind])
            yield Entry(number, at, workspace, kind, record)
