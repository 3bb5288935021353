"""Steps that send a given payload, or redeliver a message."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from emulator.domain.events import TEST_EVENT
from emulator.errors import InvalidInputError, NotFoundError
from emulator.scenario.steps.selection import OfMessages
from emulator.scenario.steps.step import RunContext, Step
from emulator.scenario.value_types import CandidateName, DataFile, Duration, SentEvent, WebhookName
from emulator.workspace.commands import deliveries

if TYPE_CHECKING:
    from emulator.scenario.dry_run import DryRun


class SendStep(Step, frozen=True):
    """Send a payload unchanged, whether or not it fits a schema."""

    example: ClassVar[str] = (
        "send: {event: candidate.completed, payload: {data: {status: COMPLETED}}, "
        "webhook: consumer 1}"
    )
    changes: ClassVar[dict[str, str]] = {}

    event: SentEvent = SentEvent(TEST_EVENT)
    payload: Any = msgspec.UNSET
    data: DataFile | None = None
    webhook: WebhookName | None = None
    candidate: CandidateName | None = None

    def __post_init__(self) -> None:
        """Refuse a step without exactly one of `payload` and `data`."""
        if (self.payload is msgspec.UNSET) is (self.data is None):
            message = "expected either 'payload' or 'data', a file"
            raise InvalidInputError(message)

    async def run(self, context: RunContext) -> None:
        """Send the payload; without `webhook`, to all webhooks that subscribe to the event type."""
        context.workspace.send(
            self.payload if self.data is None else bytes(self.data),
            event=self.event,
            webhook=None if self.webhook is None else context.id_of("webhook", self.webhook),
            candidate=None
            if self.candidate is None
            else context.id_of("candidate", self.candidate),
        )

    def dry_run(self, dry_run: DryRun) -> None:
        """Check that a webhook receives it, unless the webhooks are not known."""
        webhook = None if self.webhook is None else dry_run.id_of("webhook", self.webhook)
        if webhook is not None or "webhook" not in dry_run.unforeseen:
            deliveries.deliberate(dry_run.state, dry_run.now, b"", self.event, webhook, None)


class RedeliverStep(OfMessages, frozen=True):
    """Redeliver the last matching delivery, or all that failed since some time ago."""

    example: ClassVar[str] = "redeliver: {event: candidate.completed, candidate: ada}"

    last: Literal[True] = True
    failed_since: Duration | None = None

    def __post_init__(self) -> None:
        """Refuse `failed_since` together with any other key."""
        super().__post_init__()
        keys = (self.event, self.candidate, self.assessment, self.webhook)
        if self.failed_since is not None and (self.where or any(keys)):
            message = "'failed_since' selects all failed deliveries and excludes other keys"
            raise InvalidInputError(message)

    async def run(self, context: RunContext) -> None:
        """Redeliver."""
        workspace = context.workspace
        if self.failed_since is not None:
            workspace.redeliver_failed(workspace.now() - timedelta(seconds=self.failed_since))
            return
        found = self.matching(context)
        if not found:
            lines = [f"nothing to redeliver: no {self.demanded()}", *self.nearest(context)]
            raise NotFoundError("\n".join(lines))
        await workspace.redeliver(found[-1].delivery.id)

    def dry_run(self, dry_run: DryRun) -> None:
        """Check the webhook; whether a delivery matches depends on the consumer's answers."""
        if self.webhook is not None:
            dry_run.id_of("webhook", self.webhook)
