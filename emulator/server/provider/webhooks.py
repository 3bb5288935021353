"""Webhooks as the provider's API has them.

Source: create and its fields are documented; list, read, edit, delete and test are not in any
source (assumed), the real service has them on its settings page only.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType

from emulator.domain.webhook import MOST_HEADERS
from emulator.durations import instant
from emulator.server.field_types import EventName, Text, Url, schema
from emulator.server.http import json
from emulator.server.json_views import delivery_view
from emulator.server.operations import ASSUMED, NoQuery, Operation, Record
from emulator.server.provider.listing import Paged, page

if TYPE_CHECKING:
    import msgspec
    from starlette.responses import Response

    from emulator.domain.webhook import Webhook
    from emulator.server.operations import Call
    from emulator.workspace.workspace import Workspace

_log = logging.getLogger("emulator.server")

WARNING = "X-Testlify-Emulator-Warning"
"""Header of a successful answer with a warning."""


Events = Annotated[list[EventName], schema(minItems=1)]
Headers = Annotated[
    dict[str, Annotated[str, schema(pattern=r"^[\t -~\xa0-\xff]*$")]],
    schema(
        maxProperties=MOST_HEADERS,
        propertyNames={"pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
    ),
]


class CreateWebhook(Record, frozen=True):
    """The body of create; unknown keys are ignored, as the real service might do."""

    name: Text
    payload_url: Url
    events: Events
    headers: Annotated[Headers | UnsetType, ASSUMED] = UNSET
    secret: Annotated[str | UnsetType | None, ASSUMED] = UNSET
    description: Annotated[str | UnsetType, ASSUMED] = UNSET


class EditWebhook(Record, frozen=True):
    """The body of an edit with the keys to change."""

    provenance = "assumed"

    name: Text | UnsetType = UNSET
    payload_url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    headers: Headers | UnsetType = UNSET
    secret: str | UnsetType | None = UNSET
    description: str | UnsetType = UNSET


class SendTest(Record, frozen=True):
    """The body of a test event; without an event type it is the ping of the settings page."""

    provenance = "assumed"

    event: EventName | None = None


class WebhookView(Record, frozen=True):
    """A webhook as it is answered: the fields of the reference, and no others."""

    provenance = "documented"

    id: str
    name: str
    payload_url: str
    events: list[str]
    endpoint_id: str
    subscription_id: str
    restructure_by_schema: bool
    org_id: str
    user_id: str
    created: str
    modified: str


async def create(call: Call[NoQuery, CreateWebhook]) -> Response:
    """Register a webhook: 201."""
    webhook = call.workspace.add_webhook(**_given(await call.body()))
    return await _answer(call, webhook, 201)


async def list_all(call: Call[Paged, None]) -> list[WebhookView]:
    """List the workspace's webhooks, oldest first."""
    webhooks = call.workspace.state.webhooks.values()
    return page(call.query, webhooks, lambda one: _view(one, call.workspace))


async def read(call: Call[NoQuery, None]) -> WebhookView:
    """Read one webhook."""
    return _view(call.workspace.state.webhook(call.path("id")), call.workspace)


async def edit(call: Call[NoQuery, CreateWebhook | EditWebhook]) -> Response:
    """Change the keys in the body; a replacement needs name, payloadUrl and events."""
    id_ = call.path("id")
    call.workspace.state.webhook(id_)  # report an unknown id before an invalid body
    webhook = call.workspace.edit_webhook(id_, **_given(await call.body()))
    return await _answer(call, webhook, 200)


async def delete(call: Call[NoQuery, None]) -> None:
    """Delete a webhook: 204."""
    call.workspace.remove_webhook(call.path("id"))
    await call.workspace.flush()


async def test(call: Call[NoQuery, SendTest]) -> Response:
    """Send a test event, and answer with the delivery; 202 if a fault holds it back."""
    workspace, id_ = call.workspace, call.path("id")
    workspace.state.webhook(id_)
    delivery = await workspace.send_test(id_, (await call.body()).event)
    is_attempted = (
        any(attempt.outcome for attempt in delivery.attempts) or delivery.status == "dropped"
    )
    status = 200 if is_attempted else 202
    return json({"data": delivery_view(workspace.state, delivery)}, status)


async def _answer(call: Call[Any, Any], webhook: Webhook, status: int) -> Response:
    """Answer with the webhook, and a warning header if deliveries will be refused."""
    await call.workspace.flush()
    response = json({"data": _view(webhook, call.workspace)}, status)
    refusal = call.emulator.refusal(webhook.payload_url)
    if refusal is not None:
        host = urlsplit(webhook.payload_url).hostname
        warning = f"deliveries to {host!r} will be refused: {refusal}"
        response.headers[WARNING] = warning
        _log.warning("webhook %s: %s", webhook.id, warning)
    return response


def _given(asked: msgspec.Struct) -> dict[str, Any]:
    fields = ((name, getattr(asked, name)) for name in asked.__struct_fields__)
    return {name: value for name, value in fields if value is not UNSET}


def _view(webhook: Webhook, workspace: Workspace) -> WebhookView:
    organisation = workspace.state.organisation
    return WebhookView(
        id=webhook.id,
        name=webhook.name,
        payload_url=webhook.payload_url,
        events=list(webhook.events),
        endpoint_id=webhook.endpoint_id,
        subscription_id=webhook.subscription_id,
        restructure_by_schema=False,  # its meaning is unknown
        org_id=organisation.id,
        user_id=organisation.user_id,
        created=instant(webhook.created_at),
        modified=instant(webhook.modified_at),
    )


OPERATIONS = (
    Operation(
        "createWebhook", "POST", "/v1/webhook", create,
        "Register a webhook.",
        WebhookView, body=CreateWebhook, status=201, page="create_webhook",
        creates="/v1/webhook/{id}",
    ),
    Operation(
        "listWebhooks", "GET", "/v1/webhook", list_all,
        "List the webhooks, oldest first.",
        list[WebhookView], query=Paged, provenance="assumed",
    ),
    Operation(
        "getWebhook", "GET", "/v1/webhook/{id}", read,
        "Read a webhook.",
        WebhookView, provenance="assumed",
    ),
    Operation(
        "replaceWebhook", "PUT", "/v1/webhook/{id}", edit,
        "Edit a webhook; name, payloadUrl and events are required, the rest may stay.",
        WebhookView, body=CreateWebhook, provenance="assumed",
    ),
    Operation(
        "editWebhook", "PATCH", "/v1/webhook/{id}", edit,
        "Edit the fields in the body.",
        WebhookView, body=EditWebhook, provenance="assumed",
    ),
    Operation(
        "deleteWebhook", "DELETE", "/v1/webhook/{id}", delete,
        "Delete a webhook; its pending deliveries are dropped.",
        None, status=204, provenance="assumed",
    ),
    Operation(
        "testWebhook", "POST", "/v1/webhook/{id}/test", test,
        "Send a test event, and answer with its delivery.",
        dict[str, Any], body=SendTest, provenance="assumed",
    ),
)  # fmt: skip
