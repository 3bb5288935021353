"""Webhooks as the provider's API has them.

Source: create and its fields are documented; list, read, edit, delete and test are not in any
source (assumed), the real service has them on its settings page only.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from emulator.durations import instant
from emulator.server.provider.access import workspace_of
from emulator.server.views import delivery_view
from emulator.server.web import body_as, emulator_of, json, known_query, number

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.domain.webhook import Webhook
    from emulator.workspace.workspace import Workspace

_log = logging.getLogger("emulator.server")

WARNING = "X-Testlify-Emulator-Warning"
"""Header of an answer that is fine, and still not what one would expect."""

_DEFAULT_LIMIT = 50  # documented


class _Create(msgspec.Struct, rename="camel"):
    """The body of create; unknown keys are let pass, as the real service might."""

    name: str
    payload_url: str
    events: list[str]
    headers: dict[str, str] | UnsetType = UNSET
    secret: str | UnsetType | None = UNSET
    description: str | UnsetType = UNSET


class _Edit(msgspec.Struct, rename="camel"):
    name: str | UnsetType = UNSET
    payload_url: str | UnsetType = UNSET
    events: list[str] | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    secret: str | UnsetType | None = UNSET
    description: str | UnsetType = UNSET


class _Test(msgspec.Struct):
    event: str | None = None


async def create(request: Request) -> Response:
    """Register a webhook: 201."""
    workspace = workspace_of(request)
    asked = await body_as(request, _Create)
    webhook = workspace.add_webhook(**_given(asked))
    await workspace.flush()
    return _answer(request, webhook, workspace, 201)


async def list_all(request: Request) -> Response:
    """List the workspace's webhooks, oldest first."""
    workspace = workspace_of(request)
    known_query(request, "limit", "skip")
    limit, skip = number(request, "limit", _DEFAULT_LIMIT, 1), number(request, "skip", 0, 0)
    webhooks = list(workspace.state.webhooks.values())[skip : skip + limit]
    return json({"data": [_view(webhook, workspace) for webhook in webhooks]})


async def read(request: Request) -> Response:
    """Read one webhook."""
    workspace = workspace_of(request)
    return json({"data": _view(workspace.state.webhook(request.path_params["id"]), workspace)})


async def replace(request: Request) -> Response:
    """Edit a webhook; name, payloadUrl and events have to be there, the rest may stay."""
    return await _edited(request, _Create)


async def edit(request: Request) -> Response:
    """Edit what the body names."""
    return await _edited(request, _Edit)


async def _edited(request: Request, kind: type[_Create] | type[_Edit]) -> Response:
    workspace = workspace_of(request)
    id_ = request.path_params["id"]
    workspace.state.webhook(id_)  # an unknown id is told before anything in the body
    asked = await body_as(request, kind)
    webhook = workspace.edit_webhook(id_, **_given(asked))
    await workspace.flush()
    return _answer(request, webhook, workspace)


async def delete(request: Request) -> Response:
    """Delete a webhook: 204."""
    workspace = workspace_of(request)
    workspace.remove_webhook(request.path_params["id"])
    await workspace.flush()
    return Response(status_code=204)


async def test(request: Request) -> Response:
    """Send a test event and answer with its delivery, attempted; 202 if a fault holds it back."""
    workspace = workspace_of(request)
    id_ = request.path_params["id"]
    workspace.state.webhook(id_)
    asked = await body_as(request, _Test)
    delivery = await workspace.send_test(id_, asked.event)
    is_attempted = any(one.outcome for one in delivery.attempts) or delivery.status == "dropped"
    status = 200 if is_attempted else 202
    return json({"data": delivery_view(workspace.state, delivery)}, status)


def _answer(
    request: Request, webhook: Webhook, workspace: Workspace, status: int = 200
) -> Response:
    """Answer with the webhook; that nothing will reach it stands in a header of our own."""
    response = json({"data": _view(webhook, workspace)}, status)
    refusal = emulator_of(request).refusal(webhook.payload_url)
    if refusal is not None:
        host = urlsplit(webhook.payload_url).hostname
        warning = f"deliveries to {host!r} will be refused: {refusal}"
        response.headers[WARNING] = warning
        _log.warning("webhook %s: %s", webhook.id, warning)
    return response


def _given(asked: msgspec.Struct) -> dict[str, Any]:
    fields = ((name, getattr(asked, name)) for name in asked.__struct_fields__)
    return {name: value for name, value in fields if value is not UNSET}


def _view(webhook: Webhook, workspace: Workspace) -> dict[str, Any]:
    """Return the fields that the reference lists, and no others."""
    organisation = workspace.state.organisation
    return {
        "id": webhook.id,
        "name": webhook.name,
        "payloadUrl": webhook.payload_url,
        "events": list(webhook.events),
        "endpointId": webhook.endpoint_id,
        "subscriptionId": webhook.subscription_id,
        "restructureBySchema": False,  # what it switches is unknown; v1 bodies (assumed)
        "orgId": organisation.id,
        "userId": organisation.user_id,
        "created": instant(webhook.created_at),
        "modified": instant(webhook.modified_at),
    }
