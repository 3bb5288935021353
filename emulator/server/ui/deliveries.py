"""Deliveries: the inbox, and one delivery with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from emulator.clock import EARLIEST
from emulator.delivery.redaction import shown_headers
from emulator.domain.events import EVENT_TYPES, TEST_EVENT
from emulator.errors import NotJSONError
from emulator.reports.html import pretty
from emulator.server import html
from emulator.server.http import emulator_of
from emulator.server.ui.frame import form, show, workspace_of
from emulator.server.ui.live import Row, follow, row_html
from emulator.workspace import inspection, queries
from emulator.workspace.delivery_view import text_of
from emulator.workspace.inbox import Filters, inbox, inbox_row

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.delivery.records import Attempt, Delivery
    from emulator.server.html import Form
    from emulator.workspace.state import State
    from emulator.workspace.workspace import Workspace

_SECTION = "deliveries"
_MOST = 200
_STATUSES = ("pending", "succeeded", "failed", "dropped")
_LIST = "rows"
_LONGEST_COMMAND = 64 * 1024  # bytes of a body that a shell can be given


async def index(request: Request) -> Response:
    """Show the newest deliveries that fit the filters of the address."""
    workspace, filters = workspace_of(request), _filters(request)
    state = workspace.state
    found = inbox(state, filters, _MOST + 1)
    query = {name: one for name, one in msgspec.structs.asdict(filters).items() if one}
    live = "" if filters.before else f"/ui/{workspace.name}/deliveries/live?{urlencode(query)}"
    older = urlencode(query | {"before": found[_MOST - 1].id}) if len(found) > _MOST else ""
    return show(
        request,
        "deliveries",
        _SECTION,
        filters=filters,
        rows=[inbox_row(state, one) for one in found[:_MOST]],
        live=live,
        older=older,
        total=len(state.deliveries) + state.retired.total(),
        failed=len(state.by_status.get("failed", ())),
        events=[*EVENT_TYPES, TEST_EVENT],
        statuses=_STATUSES,
        webhooks=list(state.webhook_numbers.values()),
    )


async def live(request: Request) -> Response:
    """Stream the rows of `index` as they change."""
    workspace, filters = workspace_of(request), _filters(request)
    base = f"/ui/{workspace.name}"

    def rows() -> list[Row]:
        return [Row(f"d{one.id}", _LIST, one) for one in inbox(workspace.state, filters, _MOST)]

    def render(row: Row) -> str:
        return row_html("delivery", base, inbox_row(workspace.state, row.record))

    rows()  # wrong filters are refused before anything is streamed
    return follow(request, [_LIST], rows, render)


async def read(request: Request) -> Response:
    """Show one delivery: request, attempts, verdict, difference, signature."""
    workspace = workspace_of(request)
    state = workspace.state
    delivery = state.delivery(request.path_params["id"])
    is_open = request.query_params.get("show") == "secrets"
    changed = queries.changed_bodies(state, delivery)
    body = delivery.message.body
    before = inspection.previous(state, delivery)
    is_whole = delivery.message.digest is None
    return show(
        request,
        "delivery",
        _SECTION,
        row=inbox_row(state, delivery),
        delivery=delivery,
        webhook=state.webhook_numbers[delivery.webhook_number],
        is_removed=delivery.webhook_id not in state.webhooks,
        body=pretty(text_of(body)) if is_whole else None,
        is_open=is_open,
        verdict=_verdict(request, delivery),
        before=before,
        difference=inspection.difference(before.message.body, body)
        if before and is_whole and before.message.digest is None
        else None,
        attempts=[
            _attempt(state, delivery, attempt, changed.get(attempt.number), is_open=is_open)
            for attempt in delivery.attempts
        ],
    )


async def body(request: Request) -> Response:
    """Give the body of a delivery, byte for byte, as plain text."""
    found = workspace_of(request).state.delivery(request.path_params["id"])
    return Response(found.message.body, headers=dict(html.HEADERS), media_type="text/plain")


@form(read)
async def redeliver(request: Request, workspace: Workspace, _: Form) -> str:
    """Try a delivery once more."""
    async with emulator_of(request).unless_stopping():
        delivery = await workspace.redeliver(request.path_params["id"])
    return f"deliveries/{delivery.id}"


@form(index)
async def redeliver_failed(_: Request, workspace: Workspace, __: Form) -> str:
    """Try all failed deliveries once more."""
    workspace.redeliver_failed(EARLIEST)
    return "deliveries"


def _filters(request: Request) -> Filters:
    query = {name: value for name, value in request.query_params.items() if value}
    return Filters(
        event=query.get("event"),
        candidate=query.get("candidate"),
        webhook=query.get("webhook"),
        status=query.get("status"),
        text=query.get("text"),
        before=query.get("before"),
    )


def _verdict(request: Request, delivery: Delivery) -> dict[str, Any] | None:
    """Return how the body fits its schema; None without schema or body."""
    message = delivery.message
    if message.event == TEST_EVENT or message.digest is not None:
        return None
    contracts = emulator_of(request).contracts
    try:
        found = contracts.violations(message.generation, message.event, message.payload)
    except NotJSONError as error:
        return {"fits": False, "violations": [error.message]}
    return {"fits": not found, "violations": [str(one) for one in found]}


def _attempt(
    state: State,
    delivery: Delivery,
    attempt: Attempt,
    changed: bytes | None,
    *,
    is_open: bool,
) -> dict[str, Any]:
    message = delivery.message
    body = message.body if changed is None else changed
    headers = dict(attempt.headers) if is_open else shown_headers(attempt.headers)
    is_whole = message.digest is None
    is_short = is_whole and len(body) <= _LONGEST_COMMAND
    return {
        "attempt": attempt,
        "headers": headers,
        "changed": None if changed is None else text_of(changed),
        "answer_headers": shown_headers(attempt.outcome.headers) if attempt.outcome else {},
        "answer": text_of(attempt.outcome.body) if attempt.outcome else "",
        "curl": inspection.curl(attempt.url, headers, text_of(body)) if is_short else None,
        "signed": inspection.signed(state, delivery, attempt, body) if is_whole else None,
    }
