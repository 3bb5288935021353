"""Commands on webhooks: registration, edits, secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.signing import checked_secret, made_secret
from emulator.delivery.transports.asgi import SCHEME, destination_of
from emulator.domain.events import Generation
from emulator.domain.ids import chance, object_id
from emulator.domain.webhook import OldSecret, Webhook, checked_headers, checked_url, wanted
from emulator.errors import ConflictError, InvalidInputError
from emulator.workspace.commands.change import Record, text
from emulator.workspace.commands.faults import check_wire
from emulator.workspace.entry_data import WebhookConfigured

if TYPE_CHECKING:
    from emulator.delivery.profiles import Profile
    from emulator.workspace.entry_data import Settings
    from emulator.workspace.state import State

OVERLAP = timedelta(hours=24)
"""How long the previous secret is used after a rotation (documented by the vendor, Svix)."""


class Registration(msgspec.Struct, frozen=True):
    """The unchecked properties of a webhook.

    Attributes:
        generation: by default that of the workspace.
    """

    name: str
    payload_url: str
    events: Sequence[str]
    headers: Mapping[str, str] | None = None
    secret: str | None = None
    description: str = ""
    generation: Generation | None = None


def add_webhook(
    state: State, at: datetime, asked: Registration, profile: Profile | None = None
) -> Webhook:
    """Return a new webhook, with a generated secret if it has to sign and has no secret.

    Args:
        state: the state of the workspace.
        at: the workspace's time.
        asked: the properties of the webhook.
        profile: its own profile; by default the workspace's.

    Raises:
        InvalidInputError: an invalid property; the error names it.
        ConflictError: an active fault needs a socket, and the webhook has none.
    """
    webhook = _checked(state, at, asked)
    for active in state.faults.values():
        check_wire(active.fault, webhook)
    return _signing(state, webhook, profile or state.settings.profile_of(webhook.generation))


def added(webhook: Webhook, profile: Profile | None) -> list[Record]:
    """Return the records of a webhook that is registered, with its own profile if it has one."""
    records: list[Record] = [("webhook.added", webhook)]
    if profile is not None:
        configured = WebhookConfigured(webhook.id, webhook.number, profile)
        records.append(("webhook.configured", configured))
    return records


def _checked(state: State, at: datetime, asked: Registration) -> Webhook:
    number = len(state.webhook_numbers) + 1
    draw = chance(state.settings.seed, "webhook", number)
    generation = asked.generation or state.settings.generation
    return Webhook(
        id=object_id(at, draw),
        number=number,
        name=text(asked.name, "$.name"),
        payload_url=_url(asked.payload_url),
        events=tuple(asked.events),
        event_types=wanted(asked.events, generation, state.settings.event_names),
        generation=generation,
        headers=checked_headers((asked.headers or {}).items()),
        secret=asked.secret,
        description=asked.description,
        endpoint_id=object_id(at, draw),
        subscription_id=object_id(at, draw),
        created_at=at,
        modified_at=at,
    )


def edit_webhook(state: State, at: datetime, id_: str, changes: Mapping[str, Any]) -> Webhook:
    """Return a webhook with *changes*.

    Raises:
        NotFoundError: no such webhook.
        InvalidInputError: an invalid property; the error names it.
    """
    before = state.webhook(id_)
    registered = Registration(
        name=before.name,
        payload_url=before.payload_url,
        events=before.events,
        headers=dict(before.headers),
        secret=before.secret,
        description=before.description,
        generation=before.generation,
    )
    checked = _checked(state, at, msgspec.structs.replace(registered, **changes))
    edited = msgspec.structs.replace(
        checked,
        id=before.id,
        number=before.number,
        endpoint_id=before.endpoint_id,
        subscription_id=before.subscription_id,
        created_at=before.created_at,
        old_secrets=before.old_secrets if checked.secret == before.secret else (),
    )
    for active in state.faults.values():
        check_wire(active.fault, edited)
    return _signing(state, edited, state.profile(edited))


def rotate_secret(state: State, at: datetime, id_: str, secret: str | None = None) -> Webhook:
    """Return a webhook with a new secret; the previous secret also signs for `OVERLAP`.

    Raises:
        NotFoundError: no such webhook.
        ConflictError: deliveries to the webhook are not signed.
        InvalidInputError: the secret does not fit the scheme.
    """
    before = state.webhook(id_)
    signature = state.profile(before).signature
    if signature is None:
        message = f"webhook {id_} signs nothing: its profile has no signature"
        raise ConflictError(message)
    if secret is None:
        # Depends on the previous secret, so that two rotations never draw the same secret.
        draw = chance(state.settings.seed, f"secret/{before.secret}", before.number)
        secret = made_secret(signature, draw, before.secret)
    old = before.old_secrets
    if before.secret is not None:
        old = (OldSecret(before.secret, at + OVERLAP), *old)
    return msgspec.structs.replace(
        before,
        secret=checked_secret(signature, secret),
        old_secrets=tuple(one for one in old if at < one.until),
        modified_at=at,
    )


def check_secrets(state: State, settings: Settings) -> None:
    """Check that the profiles of *settings* can sign with the secrets of all webhooks.

    Raises:
        ConflictError: the secret of a webhook does not fit the scheme.
    """
    for webhook in state.webhooks.values():
        if webhook.number not in state.profiles:
            check_secret(webhook, settings.profile_of(webhook.generation))


def check_secret(webhook: Webhook, profile: Profile) -> None:
    """Check that *profile* can sign with the secret of a webhook.

    Raises:
        ConflictError: the secret does not fit the scheme.
    """
    if profile.signature is None or webhook.secret is None:
        return
    try:
        checked_secret(profile.signature, webhook.secret)
    except InvalidInputError as error:
        message = f"webhook {webhook.id}: {error.message}"
        raise ConflictError(message) from None


def _signing(state: State, webhook: Webhook, profile: Profile) -> Webhook:
    """Return *webhook* with a secret that *profile* can sign with."""
    signature = profile.signature
    if signature is None:
        return webhook
    if webhook.secret is None:
        draw = chance(state.settings.seed, "secret", webhook.number)
        return msgspec.structs.replace(webhook, secret=made_secret(signature, draw))
    checked_secret(signature, webhook.secret)
    return webhook


def _url(url: str) -> str:
    if not url.startswith(SCHEME):  # URLs of applications are checked when they are mounted
        checked_url(url)
    try:
        destination_of(url)  # reject URLs that the transport can't use
    except InvalidInputError as error:
        raise InvalidInputError(error.message, path="$.payloadUrl") from None
    return url
