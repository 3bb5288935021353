"""Workspaces, their clocks and their journals over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from starlette.responses import Response, StreamingResponse

from emulator import durations
from emulator.clock import Mode
from emulator.domain.events import Generation, checked_names
from emulator.domain.payloads.variants import VARIANTS, checked_variants
from emulator.server.control.operation import (
    MOST,
    Asked,
    ControlOperation,
    Nothing,
    Page,
    Rows,
    rows,
)
from emulator.server.control.profiles import AskedProfile, profile_from
from emulator.server.field_types import Duration, Instant, one_of
from emulator.server.http import duration, json
from emulator.server.json_views import (
    ClockView,
    View,
    WorkspaceView,
    clock_view,
    delivery_view,
    workspace_view,
)
from emulator.workspace.commands.webhooks import check_secrets
from emulator.workspace.delivery_view import DeliveryView
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from emulator.server.operations import Call

ALL = "/_emulator/workspaces"
ONE = f"{ALL}/{{workspace}}"


class Configure(Asked, frozen=True):
    """Settings of a workspace; omitted keys keep their values."""

    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    clock: Mode | None = None
    now: Instant | None = None
    generation: Generation | None = None
    profile: AskedProfile | None = None
    observed: list[Annotated[str, one_of(VARIANTS)]] | None = None
    event_names: dict[str, str] | None = None
    report_delay: Duration | None = None


class SetClock(Asked, frozen=True):
    """The clock's mode and, when virtual, its time."""

    mode: Mode
    now: Instant | None = None


class Advance(Asked, frozen=True):
    """How far to move a virtual clock."""

    by: Duration


class Settle(Asked, frozen=True):
    """How long to wait at most, in real time."""

    timeout: Duration = "10s"


class After(Asked, frozen=True):
    """The query of the journal: the number of the last entry to leave out."""

    after: Annotated[int, msgspec.Meta(ge=0, le=MOST)] = 0


class Advanced(View, frozen=True):
    """The result of an advance; *entries* is the number of new journal entries."""

    clock: ClockView
    entries: int
    deliveries: list[DeliveryView]


class Settled(View, frozen=True):
    """Whether all is settled, and how many deliveries still wait for their time."""

    settled: bool
    pending: int


async def list_all(call: Call[Page, None]) -> Rows[WorkspaceView]:
    """List the open workspaces, oldest first."""
    return rows(call.query, list(call.emulator.workspaces.values()), workspace_view)


async def put(call: Call[Nothing, Configure]) -> Response:
    """Open a workspace, or change the settings of an open workspace: 201 or 200."""
    emulator, name = call.emulator, call.path("workspace")
    asked = await call.body()
    now = None if asked.now is None else durations.parse_instant(asked.now, path="$.now")
    changes = {
        "seed": asked.seed,
        "clock": asked.clock,
        "now": now,
        "generation": asked.generation,
        "observed": _variants(asked.observed),
        "event_names": _names(asked.event_names),
        "report_delay": _delay(asked.report_delay),
    }
    changes = {field: value for field, value in changes.items() if value is not None}
    is_new = name not in emulator.workspaces
    before = emulator.settings_of(name) if is_new else emulator.existing(name).state.settings
    settings = msgspec.structs.replace(before, **changes)
    if asked.profile is not None:
        profile = profile_from(asked.profile, settings.profile_of(settings.generation))
        settings = msgspec.structs.replace(settings, profile=profile)
    workspace = emulator.workspace(name, settings)
    if not is_new:
        check_secrets(workspace.state, settings)  # refused before anything moves
        if asked.clock is not None or now is not None:
            workspace.set_clock(settings.clock, now)
        workspace.configure(settings)
    await workspace.flush()
    return json(workspace_view(workspace), 201 if is_new else 200)


def _variants(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else checked_variants(names, path="$.observed")


def _names(names: dict[str, str] | None) -> dict[str, str] | None:
    return None if names is None else checked_names(names, path="$.eventNames")


def _delay(text: str | None) -> float | None:
    return None if text is None else duration(text, "$.reportDelay")


async def read(call: Call[Nothing, None]) -> WorkspaceView:
    """Show a workspace."""
    return workspace_view(call.workspace)


async def delete(call: Call[Nothing, None]) -> None:
    """Close a workspace and forget all of it: 204."""
    await call.emulator.remove(call.workspace.name)


async def reset(call: Call[Nothing, None]) -> WorkspaceView:
    """Reset a workspace: only its settings stay."""
    call.workspace.reset()
    await call.workspace.flush()
    return workspace_view(call.workspace)


async def clock(call: Call[Nothing, None]) -> ClockView:
    """Show the clock."""
    return clock_view(call.workspace)


async def set_clock(call: Call[Nothing, SetClock]) -> ClockView:
    """Set the mode of the clock and the time of a virtual clock."""
    workspace, asked = call.workspace, await call.body()
    workspace.set_clock(
        asked.mode, None if asked.now is None else durations.parse_instant(asked.now, path="$.now")
    )
    await workspace.flush()
    return clock_view(workspace)


async def advance(call: Call[Nothing, Advance]) -> dict[str, Any]:
    """Advance a virtual clock; answers with the events, after all deliveries are settled."""
    workspace = call.workspace
    by = duration((await call.body()).by, "$.by")
    async with call.emulator.unless_stopping():
        entries = await workspace.advance(by)
    attempted = dict.fromkeys(
        (entry.data.message, entry.data.webhook)  # type: ignore[attr-defined]
        for entry in entries
        if entry.kind == "attempt.finished"
    )
    deliveries = [
        delivery_view(workspace.state, workspace.state.deliveries[key])
        for key in attempted
        if key in workspace.state.deliveries  # not reset meanwhile
    ]
    return {"clock": clock_view(workspace), "entries": len(entries), "deliveries": deliveries}


async def settle(call: Call[Nothing, Settle]) -> Response:
    """Wait until nothing is in flight and nothing is due now."""
    workspace = call.workspace
    timeout = duration((await call.body()).timeout, "$.timeout")
    async with call.emulator.unless_stopping():
        is_settled = await workspace.settle(timeout)
    pending = len(workspace.state.by_status.get("pending", ()))
    return json(Settled(is_settled, pending), 200 if is_settled else 408)


async def journal(call: Call[After, None]) -> Response:
    """Give the journal as JSON lines, secrets redacted, from ``after`` on."""

    async def lines() -> AsyncIterator[bytes]:
        for entry in call.workspace.entries(call.query.after):
            yield line(entry)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


OPERATIONS = (
    ControlOperation(
        "listWorkspaces", "GET", ALL, list_all,
        "List the open workspaces, oldest first.",
        Rows[WorkspaceView], query=Page, has_workspace=False,
    ),
    ControlOperation(
        "getWorkspace", "GET", ONE, read,
        "Show a workspace.",
        WorkspaceView,
    ),
    ControlOperation(
        "putWorkspace", "PUT", ONE, put,
        "Open a workspace, or change the settings of an open workspace.",
        WorkspaceView, body=Configure, status=201, other_statuses=(200,), has_workspace=False,
    ),
    ControlOperation(
        "deleteWorkspace", "DELETE", ONE, delete,
        "Close a workspace and forget all of it.",
        None, status=204,
    ),
    ControlOperation(
        "resetWorkspace", "POST", f"{ONE}/reset", reset,
        "Reset a workspace: only its settings stay.",
        WorkspaceView,
    ),
    ControlOperation(
        "getClock", "GET", f"{ONE}/clock", clock,
        "Show the clock.",
        ClockView,
    ),
    ControlOperation(
        "setClock", "PUT", f"{ONE}/clock", set_clock,
        "Set the clock's mode and, when virtual, its time.",
        ClockView, body=SetClock,
    ),
    ControlOperation(
        "advanceClock", "POST", f"{ONE}/clock/advance", advance,
        "Move a virtual clock on, and answer when all is settled.",
        Advanced, body=Advance,
    ),
    ControlOperation(
        "settle", "POST", f"{ONE}/settle", settle,
        "Wait until nothing is in flight and nothing is due now; 408 when time runs out.",
        Settled, body=Settle, other_statuses=(408,),
    ),
    ControlOperation(
        "getJournal", "GET", f"{ONE}/journal", journal,
        "Give the journal as JSON lines, secrets redacted.",
        str, query=After, media_type="application/x-ndjson",
    ),
)  # fmt: skip
