"""Reads captures from the emulator's journal: the requests to consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from emulator.captures.capture import Capture
from emulator.decoding import convert
from emulator.domain.events import Generation
from emulator.durations import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class _SentMessage(msgspec.Struct):
    number: int
    event: str
    generation: Generation
    body: str


class _SentRequest(msgspec.Struct):
    url: str
    headers: dict[str, str]


class _SentAttempt(msgspec.Struct):
    at: str
    deliberate: bool
    request: _SentRequest


class _Started(msgspec.Struct):
    delivery: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}-")]
    attempt: _SentAttempt


def is_journal(lines: Any) -> bool:
    """Whether decoded JSON lines are those of a journal."""
    keys = {"number", "workspace", "kind", "data"}
    return isinstance(lines, list) and all(
        isinstance(line, dict) and keys <= line.keys() for line in lines
    )


def stored(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a journal in SQLite, as ``journal FILE`` prints them.

    Raises:
        JournalError: the file cannot be read.
    """
    from emulator.journal.journal_file import read_entries, stored_workspaces
    from emulator.workspace.fold import TYPES
    from emulator.workspace.journal_lines import shown

    for name in stored_workspaces(file):
        for entry in read_entries(file, TYPES, name):
            yield shown(entry)


def captures(lines: Iterable[dict[str, Any]]) -> Iterator[Capture]:
    """Yield a capture for each attempt, in the order of the journal.

    Attempts whose request a fault changed are left out, because the journal does not have it.

    Raises:
        InvalidInputError: lines with another structure; with the JSON path in the line.
    """
    messages: dict[tuple[str, int], _SentMessage] = {}
    for line in lines:
        workspace = str(line.get("workspace"))
        if line.get("kind") == "message.created":
            message = convert(line.get("data"), _SentMessage)
            messages[workspace, message.number] = message
        elif line.get("kind") == "attempt.started":
            started = convert(line.get("data"), _Started)
            sent = messages.get((workspace, int(started.delivery.partition("-")[0])))
            if sent is not None and not started.attempt.deliberate:
                yield _capture(sent, started.attempt)


def _capture(message: _SentMessage, attempt: _SentAttempt) -> Capture:
    return Capture(
        message.body.encode(),
        at=parse_instant(attempt.at),
        url=attempt.request.url,
        headers=tuple(attempt.request.headers.items()),
        generation=message.generation,
        event=message.event,
    )
