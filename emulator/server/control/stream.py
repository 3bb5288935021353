"""The journal as server-sent events.

By hand, not with sse-starlette: that learns of a shutdown from uvicorn's own signal handlers or a
flag of the whole process, and signals are the command line's business here.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from emulator.errors import StoppingError
from emulator.server.control.workspaces import workspace_of
from emulator.server.http import emulator_of, known_query, number, whole
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from emulator.emulator import Emulator
    from emulator.journal.entry import Entry
    from emulator.workspace.workspace import Workspace

PING = 15.0
"""Seconds of silence after which a comment says that the line is alive."""

_AT_ONCE = 200  # entries of one chunk, so that a long journal holds up nobody
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def journal(request: Request) -> Response:
    """Stream the journal from ``after`` or ``Last-Event-ID`` on, each entry as it comes."""
    workspace = workspace_of(request)
    known_query(request, "after")
    after = number(request, "after", 0, 0)
    last = request.headers.get("last-event-id")
    if last is not None:  # a browser that comes back, by the URL that it started with
        after = whole(last, "Last-Event-ID", 0)
    if after > workspace.last_entry:
        after = 0  # a number of a journal that is no more: all is news
    kind = "text/event-stream"
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type=kind)
    told = events(emulator_of(request), workspace, after)
    return StreamingResponse(told, headers=_HEADERS, media_type=kind)


async def events(
    emulator: Emulator, workspace: Workspace, after: int, ping: float = PING
) -> AsyncIterator[bytes]:
    """Yield the entries above *after*, then each that comes, as server-sent events.

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
    # JSON has no line ends of its own, so one data line holds it all; ours ends with one.
    return b"id: %d\nevent: %s\ndata: %s\n" % (entry.number, entry.kind.encode(), line(entry))
