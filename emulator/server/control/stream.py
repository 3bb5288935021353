"""The journal as server-sent events.

By hand, not with sse-starlette: that learns of a shutdown from uvicorn's own signal handlers or a
flag of the whole process, and signals are the command line's business here.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.responses import Response, StreamingResponse

from emulator.errors import InvalidInputError, StoppingError
from emulator.server.control.operation import Asked, ControlOperation
from emulator.server.control.workspaces import ONE, After
from emulator.server.field_types import schema
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from emulator.emulator import Emulator
    from emulator.journal.entry import Entry
    from emulator.server.operations import Call
    from emulator.workspace.workspace import Workspace

PING = 15.0
"""Seconds of silence after which a comment says that the line is alive."""

_AT_ONCE = 200  # entries of a chunk, so that a long journal does not block the loop
_KIND = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class StreamHeaders(Asked, frozen=True):
    """The header that a browser sends when it connects again; it takes precedence over *after*."""

    last_event_id: Annotated[str, schema(pattern="^[0-9]{1,9}$")] | None = msgspec.field(
        name="Last-Event-ID", default=None
    )


async def journal(call: Call[After, None]) -> Response:
    """Stream the journal from ``after`` or ``Last-Event-ID`` on, each entry as it is written."""
    workspace, after = call.workspace, call.query.after
    last = call.request.headers.get("last-event-id")
    if last is not None:  # a browser that reconnects, with its first URL
        after = _number(last)
    if after > workspace.last_entry:
        after = 0  # a number of a journal that is no more: all is news
    if call.request.method == "HEAD":
        return Response(headers=_HEADERS, media_type=_KIND)
    stream = events(call.emulator, workspace, after)
    return StreamingResponse(stream, headers=_HEADERS, media_type=_KIND)


def _number(last: str) -> int:
    if not last.isascii() or not last.isdecimal() or len(last) > 9:
        message = f"Last-Event-ID is {last[:40]!r}; expected a whole number from 0"
        raise InvalidInputError(message)
    return int(last)


async def events(
    emulator: Emulator, workspace: Workspace, after: int, ping: float = PING
) -> AsyncIterator[bytes]:
    """Yield the entries above *after*, then each new entry, as server-sent events.

    Ends when the workspace is removed, or the emulator stops.

    Args:
        emulator: whose workspace it is.
        workspace: whose journal.
        after: number of the last entry that is known.
        ping: seconds of silence after which a comment is sent.
    """
    while emulator.workspaces.get(workspace.name) is workspace and not emulator.is_stopping:
        entries = list(islice(workspace.entries(after), _AT_ONCE))
        if entries:
            after = entries[-1].number
            yield b"".join(map(_event, entries))
            continue
        try:
            async with emulator.unless_stopping(), asyncio.timeout(ping):
                await emulator.journal.grown(workspace.name, after)
        except StoppingError:
            return
        except TimeoutError:
            yield b": ping\n\n"


def _event(entry: Entry) -> bytes:
    # JSON here has no line ends, so one data line is enough; ours ends with a line end.
    return b"id: %d\nevent: %s\ndata: %s\n" % (entry.number, entry.kind.encode(), line(entry))


OPERATIONS = (
    ControlOperation(
        "streamJournal", "GET", f"{ONE}/journal/stream", journal,
        "Stream the journal as server-sent events.",
        str, query=After, headers=StreamHeaders, media_type=_KIND,
    ),
)  # fmt: skip
