"""Lists that follow the journal: single rows are swapped, at most four times a second.

A stream begins with the whole list, so that a page is up to date after a reconnection: after a
restart, a reset, or an hour in the background.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import StreamingResponse

from emulator.errors import StoppingError
from emulator.server.html import HEADERS, environment
from emulator.server.http import emulator_of
from emulator.server.ui.frame import workspace_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

PAUSE = 0.25
"""Real seconds between two updates, at least."""

_SHARE = 10  # an update that takes long makes the pauses longer, so that it costs a tenth
_PING = 15.0
_LINE_END = re.compile(r"\r\n|\r|\n")


class Row(NamedTuple):
    """A row of a list.

    Attributes:
        id: of its element, and unique on the page.
        place: id of the element that contains it.
        record: the record that it shows; another object is an update.
    """

    id: str
    place: str
    record: Any


def row_html(macro: str, *arguments: Any) -> str:
    """Return the HTML of a row, which a macro of the template of rows makes."""
    macros: Any = environment().get_template("ui/rows.html.jinja").module
    return str(getattr(macros, macro)(*arguments))


def follow(
    request: Request,
    places: Sequence[str],
    rows: Callable[[], list[Row]],
    render: Callable[[Row], str],
    *,
    changed: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Return the stream of a page's lists as they change.

    Args:
        request: of the stream.
        places: ids of all lists.
        rows: returns the current rows, in order.
        render: returns the HTML of a row, one element with its id.
        changed: waits for a change; by default, for a new entry of the journal.
    """
    updates = _updates(request, places, rows, render, changed)
    return StreamingResponse(updates, headers=dict(HEADERS), media_type="text/event-stream")


async def _updates(
    request: Request,
    places: Sequence[str],
    rows: Callable[[], list[Row]],
    render: Callable[[Row], str],
    changed: Callable[[], Awaitable[None]] | None,
) -> AsyncIterator[bytes]:
    workspace, emulator = workspace_of(request), emulator_of(request)
    shown: list[Row] | None = None
    loop = asyncio.get_running_loop()
    while emulator.workspaces.get(workspace.name) is workspace:
        begun, after = loop.time(), workspace.last_entry
        now = rows()
        html = _all(places, now, render) if shown is None else _changes(shown, now, render)
        shown = now
        if html:
            yield _event(html)
        try:
            async with emulator.unless_stopping():
                await asyncio.sleep(max(PAUSE, _SHARE * (loop.time() - begun)))
                async with asyncio.timeout(_PING):
                    await (changed() if changed else emulator.journal.grown(workspace.name, after))
        except StoppingError:
            return
        except TimeoutError:
            yield b": ping\n\n"


def _all(places: Sequence[str], rows: list[Row], render: Callable[[Row], str]) -> str:
    return "".join(
        _partial(place, "innerHTML", "".join(render(row) for row in rows if row.place == place))
        for place in places
    )


def _changes(before: list[Row], now: list[Row], render: Callable[[Row], str]) -> str:
    """Return the swaps that make a page that shows *before* show *now*.

    A browser looks up all targets before it swaps anything. So new rows are inserted in runs, each
    after a row that stays, before another swap replaces that row.
    """
    old = {row.id: row for row in before}
    kept = {row.id for row in now if row.id in old and old[row.id].place == row.place}
    runs: dict[tuple[str, str], str] = {}
    anchors: dict[str, str] = {}  # list -> the last row that stays
    for row in now:
        if row.id in kept:
            anchors[row.place] = row.id
            continue
        anchor = anchors.get(row.place)
        where = (row.place, "afterbegin") if anchor is None else (anchor, "afterend")
        runs[where] = runs.get(where, "") + render(row)
    changed = [row for row in now if row.id in kept and old[row.id].record is not row.record]
    return "".join([
        *(_partial(target, swap, html) for (target, swap), html in runs.items()),
        *(_partial(row.id, "outerHTML", render(row)) for row in changed),
        *(_partial(id_, "delete") for id_ in old if id_ not in kept),
    ])  # fmt: skip


def _partial(target: str, swap: str, html: str = "") -> str:
    return f'<hx-partial hx-target="#{target}" hx-swap="{swap}">{html}</hx-partial>'


def _event(html: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in _LINE_END.split(html))
    return f"{lines}\n".encode("utf-8", "backslashreplace")
