"""Faults: set from a form that is made from the fault's record, watched, cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.faults.documentation import documented
from emulator.delivery.faults.fault import Match
from emulator.delivery.faults.reading import fault_from, plain
from emulator.delivery.faults.registry import FAULTS
from emulator.server.ui.form_fields import fields_of, values_of
from emulator.server.ui.frame import form, show, workspace_of
from emulator.server.ui.live import Row, follow, row_html

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.server.html import Form
    from emulator.workspace.workspace import Workspace

_SECTION = "faults"
_MATCH = fields_of(Match, documented(Match)[1])
_DOC_OF_TIMES = {"times": "How many matching attempts at most; all of them when left empty"}


async def index(request: Request) -> Response:
    """Show the faults that are set, and the form of the kind that the address names."""
    workspace = workspace_of(request)
    given = getattr(request.state, "given", request.query_params)
    kind = given.get("kind", "")
    chosen = FAULTS.get(kind)
    text, docs = documented(chosen) if chosen else ("", {})
    return show(
        request,
        "faults",
        _SECTION,
        faults=workspace.faults(),
        live=f"/ui/{workspace.name}/faults/live",
        kinds={name: documented(one)[0].partition("\n")[0] for name, one in FAULTS.items()},
        groups=list(dict.fromkeys(one.group for one in FAULTS.values())),
        group_of={name: one.group for name, one in FAULTS.items()},
        kind=kind if chosen else "",
        doc=text.split("\n\n"),
        fields=fields_of(chosen, _DOC_OF_TIMES | docs, but=("on",)) if chosen else [],
        match=_MATCH,
        plain=plain,
    )


async def live(request: Request) -> Response:
    """Stream the faults that are set, with how often each fired."""
    workspace = workspace_of(request)

    def rows() -> list[Row]:
        return [Row(f"f-{fault.id}", "rows", fault) for fault in workspace.faults()]

    def render(row: Row) -> str:
        return row_html("fault", f"/ui/{workspace.name}", row.record, plain(row.record.fault))

    return follow(request, ["rows"], rows, render)


@form(index)
async def create(_: Request, workspace: Workspace, given: Form) -> str:
    """Set a fault."""
    kind = given.get("kind", "")
    fields = fields_of(FAULTS[kind], but=("on",)) if kind in FAULTS else []
    asked = {kind: values_of(given, fields), "on": values_of(given, _MATCH, "on-")}
    workspace.inject(fault_from(asked))
    return _SECTION


@form(index)
async def clear(request: Request, workspace: Workspace, _: Form) -> str:
    """Clear one fault."""
    workspace.clear_fault(request.path_params["id"])
    return _SECTION


@form(index)
async def clear_all(_: Request, workspace: Workspace, __: Form) -> str:
    """Clear all faults."""
    workspace.clear_faults()
    return _SECTION
