"""Steps that register, change, remove and test webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from emulator.delivery.profiles import signing
from emulator.delivery.signing import SigningScheme, checked_secret
from emulator.domain.webhook import checked_headers, wanted
from emulator.errors import InvalidInputError
from emulator.scenario.steps.step import RunContext, Step
from emulator.scenario.value_types import (
    EventName,
    EventWord,
    GenerationName,
    NewWebhook,
    PayloadUrl,
    WebhookName,
)
from emulator.workspace.commands import webhooks
from emulator.workspace.entry_data import WebhookRemoved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.domain.events import Generation
    from emulator.scenario.dry_run import DryRun
    from emulator.scenario.scenario import Consumer
    from emulator.workspace.entry_data import Settings
    from emulator.workspace.state import State

Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]


def unfit(webhook: AddWebhookStep | Consumer, generation: Generation) -> Iterator[tuple[str, str]]:
    """Yield each key of a new webhook with a value that *generation* refuses, and the reason."""
    try:
        wanted(webhook.events, generation)
    except InvalidInputError as error:
        yield "events", error.message
    if webhook.secret is None:
        return
    try:
        checked_secret(SigningScheme("standard"), webhook.secret)
    except InvalidInputError as error:
        yield "secret", error.message


def registration(
    webhook: AddWebhookStep | Consumer, name: str, generation: str | None, settings: Settings
) -> dict[str, Any]:
    """Return the arguments of `Workspace.add_webhook`; a secret signs in v1, too.

    Args:
        webhook: the webhook in the file.
        name: a readable name.
        generation: by default that of the workspace.
        settings: the settings of the workspace.
    """
    usual = settings.profile_of(generation or settings.generation)  # type: ignore[arg-type]
    is_unsigned = webhook.secret is not None and usual.signature is None
    return {
        "name": name,
        "payload_url": webhook.payload_url,
        "events": webhook.events,
        "headers": webhook.headers,
        "secret": webhook.secret,
        "generation": generation,
        "profile": signing(usual) if is_unsigned else None,
    }


class AddWebhookStep(Step, frozen=True, kw_only=True, rename={"as_": "as"}):
    """Register a webhook in addition to the file's consumers."""

    example: ClassVar[str] = (
        'add_webhook: {as: second, payload_url: "http://127.0.0.1:1/", '
        "events: [candidate.completed]}"
    )
    changes: ClassVar[dict[str, str]] = {"as": "webhook"}

    as_: NewWebhook | None = None
    payload_url: PayloadUrl
    events: list[EventWord]
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    secret: Secret | None = None
    generation: GenerationName | None = None

    def __post_init__(self) -> None:
        """Refuse headers that can't be sent."""
        checked_headers(self.headers.items())

    async def run(self, context: RunContext) -> None:
        """Register the webhook, and store its id under its name."""
        webhook = context.workspace.add_webhook(**self._asked(context.workspace.state))
        if self.as_ is not None:
            context.ids["webhook"][self.as_] = webhook.id

    def dry_run(self, dry_run: DryRun) -> None:
        """Register the webhook."""
        id_ = dry_run.add_webhook(**self._asked(dry_run.state))
        if self.as_ is not None:
            dry_run.ids["webhook"][self.as_] = id_
            dry_run.removed.pop(self.as_, None)  # in a repeat, the name moves to the new webhook

    def _asked(self, state: State) -> dict[str, Any]:
        name = self.as_ or f"webhook {len(state.webhook_numbers) + 1}"
        return registration(self, name, self.generation, state.settings)


class EditWebhookStep(Step, frozen=True):
    """Edit a webhook; later attempts use the changes, also those of pending deliveries."""

    example: ClassVar[str] = "edit_webhook: {webhook: consumer 1, headers: {X-Token: n3w}}"
    changes: ClassVar[dict[str, str]] = {"webhook": "webhook"}

    webhook: WebhookName
    payload_url: PayloadUrl | None = None
    events: list[EventWord] | None = None
    headers: dict[str, str] | None = None
    secret: Secret | None = None
    generation: GenerationName | None = None

    def __post_init__(self) -> None:
        """Refuse an edit without changes, and headers that can't be sent."""
        if not self._changes():
            message = (
                "nothing to change; expected payload_url, events, headers, secret or generation"
            )
            raise InvalidInputError(message)
        checked_headers((self.headers or {}).items())

    async def run(self, context: RunContext) -> None:
        """Edit the webhook."""
        context.workspace.edit_webhook(context.id_of("webhook", self.webhook), **self._changes())

    def dry_run(self, dry_run: DryRun) -> None:
        """Edit the webhook."""
        id_ = dry_run.id_of("webhook", self.webhook)
        edited = webhooks.edit_webhook(dry_run.state, dry_run.now, id_, self._changes())
        dry_run.commit([("webhook.edited", edited)])

    def _changes(self) -> dict[str, object]:
        given = msgspec.structs.asdict(self)
        del given["webhook"]
        return {key: value for key, value in given.items() if value is not None}


class RemoveWebhookStep(Step, frozen=True):
    """Delete a webhook; its pending deliveries are dropped."""

    example: ClassVar[str] = "remove_webhook: consumer 1"
    bare: ClassVar[str | None] = "webhook"
    changes: ClassVar[dict[str, str]] = {"webhook": "webhook"}

    webhook: WebhookName

    async def run(self, context: RunContext) -> None:
        """Delete the webhook."""
        context.workspace.remove_webhook(context.id_of("webhook", self.webhook))

    def dry_run(self, dry_run: DryRun) -> None:
        """Delete the webhook, and note the line."""
        dry_run.commit(
            [("webhook.removed", WebhookRemoved(dry_run.id_of("webhook", self.webhook)))]
        )
        dry_run.removed[self.webhook] = dry_run.line


class TestWebhookStep(Step, frozen=True):
    """Send the test ping to a webhook, or a sample of an event type."""

    __test__: ClassVar[bool] = False  # not one of pytest's
    example: ClassVar[str] = "test_webhook: consumer 1"
    bare: ClassVar[str | None] = "webhook"
    changes: ClassVar[dict[str, str]] = {}

    webhook: WebhookName
    event: EventName | None = None

    async def run(self, context: RunContext) -> None:
        """Send it, and wait for the end of the attempt."""
        await context.workspace.send_test(context.id_of("webhook", self.webhook), self.event)

    def dry_run(self, dry_run: DryRun) -> None:
        """Check that the webhook is there."""
        dry_run.id_of("webhook", self.webhook)
