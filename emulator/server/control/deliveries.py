"""Deliveries over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from emulator import durations
from emulator.server.control.operation import Asked, ControlOperation, Nothing, Page, Rows, rows
from emulator.server.field_types import Duration, Instant, SentEvent, StatusName
from emulator.server.http import duration, json
from emulator.server.json_views import View, delivery_view
from emulator.workspace.delivery_view import DeliveryView
from emulator.workspace.queries import nearest

if TYPE_CHECKING:
    from typing import Any

    from starlette.responses import Response

    from emulator.server.operations import Call

_LIMIT = 1_000
_ALL = "/_emulator/workspaces/{workspace}/deliveries"


class DeliveryFilters(Page, frozen=True):
    """The query of the list of deliveries."""

    event: SentEvent | None = None
    candidate: Annotated[str | None, msgspec.Meta(description="Invitation or person.")] = None
    webhook: str | None = None
    status: StatusName | None = None


class Wait(Asked, frozen=True):
    """The deliveries to wait for; a count of 0 requires that there are none."""

    event: SentEvent | None = None
    candidate: str | None = None
    webhook: str | None = None
    status: StatusName | None = None
    count: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1
    within: Duration = "5s"


class Since(Asked, frozen=True):
    """Which failed deliveries are tried once more: those of messages not older than *since*."""

    since: Instant


class MissView(View, frozen=True):
    """A delivery that does not match some filters; *differs* maps filter to value."""

    delivery: DeliveryView
    differs: dict[str, str]


class Waited(View, frozen=True):
    """The result of a wait: the matching deliveries, or without success the nearest others."""

    met: bool
    deliveries: list[DeliveryView]
    nearest: list[MissView]


def _filters(asked: DeliveryFilters | Wait) -> dict[str, str | None]:
    names = ("event", "candidate", "webhook", "status")
    return {name: getattr(asked, name) for name in names}


async def list_all(call: Call[DeliveryFilters, None]) -> Rows[Any]:
    """List deliveries in the order of their messages, filtered."""
    found = call.workspace.deliveries(**_filters(call.query))
    return rows(call.query, found, lambda one: delivery_view(call.workspace.state, one))


async def read(call: Call[Nothing, None]) -> dict[str, Any]:
    """Show a delivery with its attempts, requests and responses."""
    state = call.workspace.state
    return delivery_view(state, state.delivery(call.path("id")))


async def redeliver(call: Call[Nothing, Nothing]) -> dict[str, Any]:
    """Try one delivery once more; answers with it, attempted."""
    await call.body()
    return delivery_view(call.workspace.state, await call.workspace.redeliver(call.path("id")))


async def redeliver_failed(call: Call[Nothing, Since]) -> Rows[Any]:
    """Have all failed deliveries tried once more whose message is not older than ``since``."""
    workspace = call.workspace
    since = durations.parse_instant((await call.body()).since, path="$.since")
    found = workspace.redeliver_failed(since)
    await workspace.flush()
    return Rows([delivery_view(workspace.state, one) for one in found], len(found))


async def wait(call: Call[Nothing, Wait]) -> Response:
    """Wait for deliveries, or for silence: 200 when met, 408 when not, with the nearest."""
    workspace, asked = call.workspace, await call.body()
    filters = _filters(asked)
    within = duration(asked.within, "$.within")
    async with call.emulator.unless_stopping():
        is_met = await workspace.wait(**filters, count=asked.count, within=within)
        await workspace.flush()
    found = workspace.deliveries(**filters)[:_LIMIT]
    view = {
        "met": is_met,
        "deliveries": [delivery_view(workspace.state, one) for one in found],
        "nearest": []
        if is_met
        else [
            {"delivery": delivery_view(workspace.state, miss.delivery), "differs": miss.differences}
            for miss in nearest(workspace.state, filters)
        ],
    }
    return json(view, 200 if is_met else 408)


OPERATIONS = (
    ControlOperation(
        "wait", "POST", "/_emulator/workspaces/{workspace}/wait", wait,
        "Wait for deliveries, or for silence; 408 when it is not met in time.",
        Waited, body=Wait, other_statuses=(408,),
    ),
    ControlOperation(
        "listDeliveries", "GET", _ALL, list_all,
        "List deliveries in the order of their messages, filtered.",
        Rows[DeliveryView], query=DeliveryFilters,
    ),
    ControlOperation(
        "redeliverFailed", "POST", f"{_ALL}/redeliver", redeliver_failed,
        "Try all failed deliveries once more whose message is not older than since.",
        Rows[DeliveryView], body=Since, status=202,
    ),
    ControlOperation(
        "getDelivery", "GET", f"{_ALL}/{{id}}", read,
        "Show a delivery with its attempts, requests and responses.",
        DeliveryView,
    ),
    ControlOperation(
        "redeliver", "POST", f"{_ALL}/{{id}}/redeliver", redeliver,
        "Retry a delivery, and return it after the attempt.",
        DeliveryView, body=Nothing,
    ),
)  # fmt: skip
