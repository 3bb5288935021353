"""Steps that register, change, remove and test webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.delivery.profiles import signing
from emulator.delivery.signing import SigningScheme, checked_secret
from emulator.domain.webhook import checked_headers, wanted
from emulator.errors import InvalidInputError
from emulator.scenario.steps.step import Context, Step
from emulator.scenario.value_types import (
    EventName,
    EventWord,
    GenerationName,
    NewWebhook,
    PayloadUrl,
    WebhookName,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.delivery.profiles import Profile
    from emulator.domain.events import Generation
    from emulator.scenario.scenario import Consumer
    from emulator.workspace.workspace import Workspace

Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]


def unfit(webhook: AddWebhook | Consumer, generation: Generation) -> Iterator[tuple[str, str]]:
    """Yield each key of a new webhook whose value *generation* does not take, and the reason."""
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


def signing_profile(
    workspace: Workspace, secret: str | None, generation: str | None
) -> Profile | None:
    """Return the profile of a webhook that signs though its generation does not; else None.

    Args:
        secret: to sign with.
        generation: the workspace's when left out.
    """
    settings = workspace.state.settings
    usual = settings.profile_of(generation or settings.generation)  # type: ignore[arg-type]
    return signing(usual) if secret and usual.signature is None else None


class AddWebhook(Step, frozen=True, kw_only=True, rename={"as_": "as"}):
    """Register one more webhook, beside the file's consumers."""

    example: ClassVar[str] = (
        'add_webhook: {as: second, payload_url: "http://127.0.0.1:1/", '
        "events: [candidate.completed]}"
    )

    as_: NewWebhook | None = None
    payload_url: PayloadUrl
    events: list[EventWord]
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    secret: Secret | None = None
    generation: GenerationName | None = None

    def __post_init__(self) -> None:
        """Refuse headers that can't be sent, before anything runs."""
        checked_headers(self.headers.items())

    async def run(self, context: Context) -> str:
        """Register it and keep its id under its name."""
        workspace = context.workspace
        webhook = workspace.add_webhook(
            name=self.as_ or f"webhook {len(workspace.state.webhook_numbers) + 1}",
            payload_url=self.payload_url,
            events=self.events,
            headers=self.headers,
            secret=self.secret,
            generation=self.generation,  # type: ignore[arg-type]
            profile=signing_profile(workspace, self.secret, self.generation),
        )
        if self.as_ is not None:
            context.webhooks[self.as_] = webhook.id
        return ""


class EditWebhook(Step, frozen=True):
    """Change a webhook; later attempts go by it, those of pending deliveries too."""

    example: ClassVar[str] = "edit_webhook: {webhook: consumer 1, headers: {X-Token: n3w}}"

    webhook: WebhookName
    payload_url: PayloadUrl | None = None
    events: list[EventWord] | None = None
    headers: dict[str, str] | None = None
    secret: Secret | None = None
    generation: GenerationName | None = None

    def __post_init__(self) -> None:
        """Refuse an edit of nothing, and headers that can't be sent, before anything runs."""
        if not self._changes():
            message = (
                "nothing to change; expected payload_url, events, headers, secret or generation"
            )
            raise InvalidInputError(message)
        checked_headers((self.headers or {}).items())

    async def run(self, context: Context) -> str:
        """Change it."""
        context.workspace.edit_webhook(context.webhook(self.webhook), **self._changes())
        return ""

    def _changes(self) -> dict[str, object]:
        given = msgspec.structs.asdict(self)
        del given["webhook"]
        return {key: value for key, value in given.items() if value is not None}


class RemoveWebhook(Step, frozen=True):
    """Delete a webhook; what is pending for it is dropped."""

    example: ClassVar[str] = "remove_webhook: consumer 1"
    bare: ClassVar[str | None] = "webhook"

    webhook: WebhookName

    async def run(self, context: Context) -> str:
        """Delete it."""
        context.workspace.remove_webhook(context.webhook(self.webhook))
        return ""


class TestWebhook(Step, frozen=True):
    """Send the test ping to a webhook, or a sample of an event type."""

    __test__: ClassVar[bool] = False  # not one of pytest's
    example: ClassVar[str] = "test_webhook: consumer 1"
    bare: ClassVar[str | None] = "webhook"

    webhook: WebhookName
    event: EventName | None = None

    async def run(self, context: Context) -> str:
        """Send it, and wait for the end of its attempt."""
        await context.workspace.send_test(context.webhook(self.webhook), self.event)
        return ""
