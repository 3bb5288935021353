"""Journal: the entries of a workspace, live."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from emulator.decoding import convert
from emulator.server.ui.frame import show, workspace_of
from emulator.server.ui.live import Row, follow, row_html
from emulator.workspace.journal_lines import shown
from emulator.workspace.journal_page import SUBJECTS, newest

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.journal.entry import Entry

_SECTION = "journal"
_MOST = 200


async def index(request: Request) -> Response:
    """Show the newest entries, filtered by their subject."""
    workspace = workspace_of(request)
    about, before = _filters(request)
    found = newest(workspace, about, before, _MOST + 1)
    older = {"about": about, "before": found[_MOST - 1].number} if len(found) > _MOST else {}
    return show(
        request,
        "journal",
        _SECTION,
        rows=[(one, _text(one)) for one in found[:_MOST]],
        total=workspace.last_entry,
        about=about,
        subjects=SUBJECTS,
        is_first=before is None,
        is_guarded=request.app.state.control_token is not None,
        live=f"/ui/{workspace.name}/journal/live?{urlencode({'about': about})}",
        older=urlencode(older),
    )


async def live(request: Request) -> Response:
    """Stream new entries."""
    workspace = workspace_of(request)
    about, _ = _filters(request)

    def rows() -> list[Row]:
        # An entry never changes, so that its number identifies it.
        found = newest(workspace, about, None, _MOST)
        return [Row(f"e{one.number}", "rows", one) for one in found]

    def render(row: Row) -> str:
        return row_html("entry", row.record, _text(row.record))

    return follow(request, ["rows"], rows, render)


def _filters(request: Request) -> tuple[str, int | None]:
    query = request.query_params
    before = query.get("before")
    return query.get("about", ""), None if before is None else convert(before, int, strict=False)


def _text(entry: Entry) -> str:
    """Return the data of an entry as a line of JSON, secrets redacted."""
    return msgspec.json.encode(shown(entry)["data"]).decode()
