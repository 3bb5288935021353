"""Webhook settings that the provider's API does not have: secret, profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.delivery import ed25519
from emulator.server.control.operation import Asked, ControlOperation, Nothing, Page, Rows, rows
from emulator.server.control.profiles import AskedProfile, profile_from
from emulator.server.json_views import View, WebhookState, webhook_view

if TYPE_CHECKING:
    from emulator.domain.webhook import Webhook
    from emulator.server.operations import Call

_ALL = "/_emulator/workspaces/{workspace}/webhooks"


class Rotate(Asked, frozen=True):
    """The new secret; made when it is left out."""

    secret: str | None = None


class Secret(View, frozen=True):
    """The secret that a webhook signs with; of a private key, the public key as well."""

    secret: str | None
    public_key: str | msgspec.UnsetType = msgspec.UNSET


async def list_all(call: Call[Page, None]) -> Rows[WebhookState]:
    """List the webhooks, oldest first, with their profiles and how they do."""
    webhooks = list(call.workspace.state.webhooks.values())
    return rows(call.query, webhooks, lambda one: webhook_view(call.workspace, one))


async def set_profile(call: Call[Nothing, AskedProfile]) -> WebhookState:
    """Set how deliveries to one webhook are made; what is left out stays as it was."""
    workspace = call.workspace
    webhook = workspace.state.webhook(call.path("id"))
    asked = await call.body()
    profile = profile_from(asked, workspace.state.profile(webhook), path="$")
    workspace.configure_webhook(webhook.id, profile)
    await workspace.flush()
    return webhook_view(workspace, webhook)


async def clear_profile(call: Call[Nothing, None]) -> WebhookState:
    """Have one webhook delivered to as the workspace says again."""
    workspace = call.workspace
    webhook = workspace.state.webhook(call.path("id"))
    workspace.configure_webhook(webhook.id, None)
    await workspace.flush()
    return webhook_view(workspace, webhook)


def _shown(webhook: Webhook) -> Secret:
    secret = webhook.secret
    if secret is None or not ed25519.is_private(secret):
        return Secret(secret)
    return Secret(secret, ed25519.public_key(secret))


async def secret(call: Call[Nothing, None]) -> Secret:
    """Tell the secret that a webhook signs with: the one answer that is not redacted."""
    return _shown(call.workspace.state.webhook(call.path("id")))


async def rotate_secret(call: Call[Nothing, Rotate]) -> Secret:
    """Give a webhook a new secret; for 24 hours the one before signs, too."""
    id_ = call.path("id")
    call.workspace.state.webhook(id_)
    webhook = call.workspace.rotate_secret(id_, (await call.body()).secret)
    await call.workspace.flush()
    return _shown(webhook)


OPERATIONS = (
    ControlOperation(
        "listWebhookStates", "GET", _ALL, list_all,
        "List the webhooks, oldest first, with what the provider API does not show.",
        Rows[WebhookState], query=Page,
    ),
    ControlOperation(
        "setProfile", "PUT", f"{_ALL}/{{id}}/profile", set_profile,
        "Set how deliveries to one webhook are made; what is left out stays as it was.",
        WebhookState, body=AskedProfile,
    ),
    ControlOperation(
        "clearProfile", "DELETE", f"{_ALL}/{{id}}/profile", clear_profile,
        "Deliver to one webhook as the workspace says again.",
        WebhookState,
    ),
    ControlOperation(
        "getSecret", "GET", f"{_ALL}/{{id}}/secret", secret,
        "Show the secret that a webhook signs with: the one answer that is not redacted.",
        Secret,
    ),
    ControlOperation(
        "rotateSecret", "POST", f"{_ALL}/{{id}}/rotate-secret", rotate_secret,
        "Give a webhook a new secret; for 24 hours the one before signs, too.",
        Secret, body=Rotate,
    ),
)  # fmt: skip
