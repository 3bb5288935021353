"""Faults over the control API, in the format of scenario files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from emulator.delivery.faults.reading import fault_from
from emulator.server.control.workspaces import workspace_of
from emulator.server.http import body_as, json, known_query
from emulator.server.json_views import fault_view

if TYPE_CHECKING:
    from starlette.requests import Request


async def list_all(request: Request) -> Response:
    """List the faults that are set, with how often each matched and was used."""
    known_query(request)
    found = [fault_view(one) for one in workspace_of(request).faults()]
    return json({"data": found, "total": len(found)})


async def create(request: Request) -> Response:
    """Set a fault: 201."""
    workspace = workspace_of(request)
    standing = workspace.inject(fault_from(await body_as(request, Any)))
    await workspace.flush()
    return json(fault_view(standing), 201)


async def clear(request: Request) -> Response:
    """Take one fault away: 204."""
    workspace = workspace_of(request)
    workspace.clear_fault(request.path_params["id"])
    await workspace.flush()
    return Response(status_code=204)


async def clear_all(request: Request) -> Response:
    """Take all faults away: 204."""
    workspace = workspace_of(request)
    workspace.clear_faults()
    await workspace.flush()
    return Response(status_code=204)
