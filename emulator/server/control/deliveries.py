"""Deliveries over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from emulator import durations
from emulator.server.control.workspaces import workspace_of
from emulator.server.http import body_as, duration, emulator_of, json, known_query, number
from emulator.server.json_views import delivery_view
from emulator.workspace.queries import nearest

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_LIMIT = 1_000
_FILTERS = ("event", "candidate", "webhook", "status")


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a call that takes none."""


class _Wait(msgspec.Struct, forbid_unknown_fields=True):
    event: str | None = None
    candidate: str | None = None
    webhook: str | None = None
    status: str | None = None
    count: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1
    within: str = "5s"


class _Since(msgspec.Struct, forbid_unknown_fields=True):
    since: str


async def list_all(request: Request) -> Response:
    """List deliveries in the order of their messages, filtered."""
    workspace = workspace_of(request)
    known_query(request, "limit", "skip", *_FILTERS)
    limit, skip = number(request, "limit", _LIMIT, 1), number(request, "skip", 0, 0)
    filters = {name: request.query_params.get(name) for name in _FILTERS}
    found = workspace.deliveries(**filters)
    page = [delivery_view(workspace.state, one) for one in found[skip : skip + limit]]
    return json({"data": page, "total": len(found)})


async def read(request: Request) -> Response:
    """Show one delivery, its attempts with request and response."""
    workspace = workspace_of(request)
    return json(delivery_view(workspace.state, workspace.state.delivery(request.path_params["id"])))


async def redeliver(request: Request) -> Response:
    """Try one delivery once more; answers with it, attempted."""
    workspace = workspace_of(request)
    await body_as(request, _Nothing)
    return json(
        delivery_view(workspace.state, await workspace.redeliver(request.path_params["id"]))
    )


async def redeliver_failed(request: Request) -> Response:
    """Have all failed deliveries tried once more whose message is not older than ``since``."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Since)
    since = durations.parse_instant(asked.since, path="$.since")
    found = workspace.redeliver_failed(since)
    await workspace.flush()
    return json(
        {"data": [delivery_view(workspace.state, one) for one in found], "total": len(found)}, 202
    )


async def wait(request: Request) -> Response:
    """Wait for deliveries, or for silence: 200 when met, 408 when not, with the nearest."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Wait)
    filters = {name: getattr(asked, name) for name in _FILTERS}
    within = duration(asked.within, "$.within")
    async with emulator_of(request).unless_stopping():
        is_met = await workspace.wait(**filters, count=asked.count, within=within)
        await workspace.flush()
    view = {
        "met": is_met,
        "deliveries": [
            delivery_view(workspace.state, one) for one in workspace.deliveries(**filters)[:_LIMIT]
        ],
        "nearest": []
        if is_met
        else [
            {"delivery": delivery_view(workspace.state, miss.delivery), "differs": miss.differences}
            for miss in nearest(workspace.state, filters)
        ],
    }
    return json(view, 200 if is_met else 408)
