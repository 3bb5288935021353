"""Webhooks: the documented settings page, with additions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.redaction import MASK, shown_headers
from emulator.domain.events import EVENT_TYPES, EventType, Generation
from emulator.errors import EmulatorError, InvalidInputError
from emulator.server.http import emulator_of
from emulator.server.json_views import webhook_view
from emulator.server.ui.frame import form, show, workspace_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.domain.webhook import Webhook
    from emulator.emulator import Emulator
    from emulator.server.html import Form
    from emulator.workspace.workspace import Workspace

_SECTION = "webhooks"


async def index(request: Request) -> Response:
    """Show the webhooks of one generation, and the form that adds one."""
    workspace, emulator = workspace_of(request), emulator_of(request)
    generation = _generation(request, workspace)
    webhooks = workspace.state.webhooks.values()
    return show(
        request,
        "webhooks",
        _SECTION,
        generation=generation,
        counts={
            one: sum(webhook.generation == one for webhook in webhooks) for one in ("v1", "v2")
        },
        webhooks=[
            (webhook_view(workspace, one), _warning(emulator, one.payload_url))
            for one in webhooks
            if one.generation == generation
        ],
        events=_events(emulator, generation),
    )


async def edit(request: Request) -> Response:
    """Show one webhook, with the form that edits it; secrets only when they are asked for."""
    workspace, emulator = workspace_of(request), emulator_of(request)
    webhook = _webhook(request, workspace)
    is_open = request.query_params.get("show") == "secrets"
    headers = dict(webhook.headers) if is_open else shown_headers(webhook.headers)
    return show(
        request,
        "webhook",
        _SECTION,
        webhook=webhook,
        view=webhook_view(workspace, webhook),
        warning=_warning(emulator, webhook.payload_url),
        headers="\n".join(f"{name}: {value}" for name, value in headers.items()),
        secret=webhook.secret if is_open else None,
        is_open=is_open,
        is_signing=workspace.state.profile(webhook).signature is not None,
        events=_events(emulator, webhook.generation),
    )


async def ask_delete(request: Request) -> Response:
    """Ask whether a webhook is to be deleted."""
    workspace = workspace_of(request)
    view = webhook_view(workspace, _webhook(request, workspace))
    return show(request, "webhook_delete", _SECTION, webhook=view)


@form(index)
async def add(_: Request, workspace: Workspace, given: Form) -> str:
    """Register a webhook."""
    webhook = workspace.add_webhook(
        name=given.get("name", ""),
        payload_url=given.get("url", ""),
        events=given.getlist("events"),
        headers=_headers(given.get("headers", "")),
        secret=given.get("secret") or None,
        generation="v2" if given.get("generation") == "v2" else "v1",
    )
    return f"webhooks?generation={webhook.generation}"


@form(edit)
async def save(request: Request, workspace: Workspace, given: Form) -> str:
    """Edit a webhook."""
    webhook = _webhook(request, workspace)
    workspace.edit_webhook(
        webhook.id,
        name=given.get("name", ""),
        payload_url=given.get("url", ""),
        events=given.getlist("events"),
        headers=_headers(given.get("headers", ""), dict(webhook.headers)),
    )
    return f"webhooks?generation={webhook.generation}"


@form(edit)
async def rotate(request: Request, workspace: Workspace, given: Form) -> str:
    """Give a webhook a new secret, and show it."""
    webhook = _webhook(request, workspace)
    workspace.rotate_secret(webhook.id, given.get("secret") or None)
    return f"webhooks/{webhook.id}?show=secrets"


@form(ask_delete)
async def delete(request: Request, workspace: Workspace, _: Form) -> str:
    """Delete a webhook."""
    webhook = _webhook(request, workspace)
    workspace.remove_webhook(webhook.id)
    return f"webhooks?generation={webhook.generation}"


@form(index)
async def test(request: Request, workspace: Workspace, given: Form) -> str:
    """Send a test event, and show its delivery."""
    delivery = await workspace.send_test(request.path_params["id"], given.get("event") or None)
    return f"deliveries/{delivery.id}"


def _webhook(request: Request, workspace: Workspace) -> Webhook:
    return workspace.state.webhook(request.path_params["id"])


def _generation(request: Request, workspace: Workspace) -> Generation:
    given = getattr(request.state, "given", request.query_params)
    asked = given.get("generation", workspace.state.settings.generation)
    return "v2" if asked == "v2" else "v1"


def _events(emulator: Emulator, generation: Generation) -> dict[str, list[EventType]]:
    """Return the event types of a generation by their subject."""
    known = emulator.contracts.events(generation)
    found: dict[str, list[EventType]] = {}
    for one in EVENT_TYPES.values():
        if one.id in known:
            found.setdefault(one.subject, []).append(one)
    return found


def _warning(emulator: Emulator, url: str) -> str | None:
    try:
        return emulator.refusal(url)
    except EmulatorError:  # an application in this process
        return None


def _headers(text: str, before: dict[str, str] | None = None) -> dict[str, str]:
    """Return the headers that lines of ``Name: value`` have; a masked value stays as it was.

    Raises:
        InvalidInputError: a line without a colon.
    """
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            message = f"not a header: {line[:80]!r}; expected one like 'X-Webhook-Token: s3cret'"
            raise InvalidInputError(message, path="$.headers")
        value = value.strip()
        found[name.strip()] = (before or {}).get(name.strip(), value) if value == MASK else value
    return found
