"""Webhook settings that the provider's API does not have: secret, profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.server.control.profiles import AskedProfile, profile_from
from emulator.server.control.workspaces import workspace_of
from emulator.server.http import body_as, json, known_query, number
from emulator.server.json_views import webhook_view

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class _Rotate(msgspec.Struct, forbid_unknown_fields=True):
    secret: str | None = None


_LIMIT = 1_000


async def list_all(request: Request) -> Response:
    """List the webhooks, oldest first, with their profiles and how they do."""
    workspace = workspace_of(request)
    known_query(request, "limit", "skip")
    limit, skip = number(request, "limit", _LIMIT, 1), number(request, "skip", 0, 0)
    webhooks = list(workspace.state.webhooks.values())
    page = [webhook_view(workspace, one) for one in webhooks[skip : skip + limit]]
    return json({"data": page, "total": len(webhooks)})


async def set_profile(request: Request) -> Response:
    """Set how deliveries to one webhook are made; what is left out stays as it was."""
    workspace = workspace_of(request)
    webhook = workspace.state.webhook(request.path_params["id"])
    asked = await body_as(request, AskedProfile)
    profile = profile_from(asked, workspace.state.profile(webhook), path="$")
    workspace.configure_webhook(webhook.id, profile)
    await workspace.flush()
    return json(webhook_view(workspace, webhook))


async def clear_profile(request: Request) -> Response:
    """Have one webhook delivered to as the workspace says again."""
    workspace = workspace_of(request)
    webhook = workspace.state.webhook(request.path_params["id"])
    workspace.configure_webhook(webhook.id, None)
    await workspace.flush()
    return json(webhook_view(workspace, webhook))


async def secret(request: Request) -> Response:
    """Tell the secret that a webhook signs with: the one answer that is not redacted."""
    webhook = workspace_of(request).state.webhook(request.path_params["id"])
    return json({"secret": webhook.secret})


async def rotate_secret(request: Request) -> Response:
    """Give a webhook a new secret; for 24 hours the one before signs, too."""
    workspace = workspace_of(request)
    id_ = request.path_params["id"]
    workspace.state.webhook(id_)
    asked = await body_as(request, _Rotate)
    webhook = workspace.rotate_secret(id_, asked.secret)
    await workspace.flush()
    return json({"secret": webhook.secret})
