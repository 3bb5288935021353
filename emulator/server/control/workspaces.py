"""Workspaces, their clocks and their journals over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.responses import Response, StreamingResponse

from emulator import durations
from emulator.clock import Mode
from emulator.domain.events import Generation
from emulator.domain.payloads.variants import checked_variants
from emulator.server.control.profiles import AskedProfile, profile_from
from emulator.server.http import body_as, duration, emulator_of, json, known_query, number
from emulator.server.json_views import clock_view, delivery_view, workspace_view
from emulator.workspace.commands.webhooks import check_secrets
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from emulator.workspace.workspace import Workspace

_LIMIT = 1_000


class _Configure(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    clock: Mode | None = None
    now: str | None = None
    generation: Generation | None = None
    profile: AskedProfile | None = None
    observed: list[str] | None = None


class _Clock(msgspec.Struct, forbid_unknown_fields=True):
    mode: Mode
    now: str | None = None


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    by: str


class _Settle(msgspec.Struct, forbid_unknown_fields=True):
    timeout: str = "10s"


def workspace_of(request: Request) -> Workspace:
    """Return the workspace that the path names.

    Raises:
        NotFoundError: it is not open.
    """
    return emulator_of(request).existing(request.path_params["workspace"])


async def list_all(request: Request) -> Response:
    """List the open workspaces, oldest first."""
    known_query(request, "limit", "skip")
    limit, skip = number(request, "limit", _LIMIT, 1), number(request, "skip", 0, 0)
    found = list(emulator_of(request).workspaces.values())
    page = [workspace_view(one) for one in found[skip : skip + limit]]
    return json({"data": page, "total": len(found)})


async def put(request: Request) -> Response:
    """Open a workspace, or set one that is open: 201 or 200."""
    emulator, name = emulator_of(request), request.path_params["workspace"]
    asked = await body_as(request, _Configure)
    now = None if asked.now is None else durations.parse_instant(asked.now, path="$.now")
    changes = {
        "seed": asked.seed,
        "clock": asked.clock,
        "now": now,
        "generation": asked.generation,
        "observed": _variants(asked.observed),
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


async def read(request: Request) -> Response:
    """Show one workspace."""
    return json(workspace_view(workspace_of(request)))


async def delete(request: Request) -> Response:
    """Close a workspace and forget all of it: 204."""
    await emulator_of(request).remove(request.path_params["workspace"])
    return Response(status_code=204)


async def reset(request: Request) -> Response:
    """Make a workspace as new: its settings stay, nothing else does."""
    workspace = workspace_of(request)
    workspace.reset()
    await workspace.flush()
    return json(workspace_view(workspace))


async def clock(request: Request) -> Response:
    """Show the clock."""
    return json(clock_view(workspace_of(request)))


async def set_clock(request: Request) -> Response:
    """Set the clock's mode and, when virtual, where it stands."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Clock)
    workspace.set_clock(
        asked.mode, None if asked.now is None else durations.parse_instant(asked.now, path="$.now")
    )
    await workspace.flush()
    return json(clock_view(workspace))


async def advance(request: Request) -> Response:
    """Move a virtual clock on; answers when all is settled, with what happened."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Advance)
    by = duration(asked.by, "$.by")
    async with emulator_of(request).unless_stopping():
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
    return json({"clock": clock_view(workspace), "entries": len(entries), "deliveries": deliveries})


async def settle(request: Request) -> Response:
    """Wait until nothing is in flight and nothing is due now."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Settle)
    timeout = duration(asked.timeout, "$.timeout")
    async with emulator_of(request).unless_stopping():
        settled = await workspace.settle(timeout)
    pending = len(workspace.state.by_status.get("pending", ()))
    return json({"settled": settled, "pending": pending}, 200 if settled else 408)


async def journal(request: Request) -> Response:
    """Give the journal as JSON lines, secrets redacted, from ``after`` on."""
    workspace = workspace_of(request)
    known_query(request, "after")
    after = number(request, "after", 0, 0)

    async def lines() -> AsyncIterator[bytes]:
        for entry in workspace.entries(after):
            yield line(entry)

    return StreamingResponse(lines(), media_type="application/x-ndjson")
