"""Steps that inject and clear faults."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from emulator.delivery.faults.fault import Count, Match, Probability
from emulator.scenario.steps.step import Context, Step
from emulator.scenario.value_types import CandidateName, FaultWords, SentEvent, WebhookName


class On(msgspec.Struct, frozen=True):
    """What an attempt has to be, in the scenario's own names."""

    event: SentEvent | None = None
    candidate: CandidateName | None = None
    webhook: WebhookName | None = None
    attempt: Count | None = None
    nth: Count | None = None
    probability: Probability | None = None


class SetFault(Step, frozen=True, rename={"fault": "settings"}):
    """Have deliveries misbehave from here on: one of the faults of 'list faults', and `on`."""

    example: ClassVar[str] = (
        "fault: {duplicate: {times: 1}, on: {event: candidate.completed, attempt: 1}}"
    )
    others: ClassVar[str | None] = "settings"

    fault: FaultWords
    on: On = On()

    async def run(self, context: Context) -> str:
        """Set it."""
        on = msgspec.structs.asdict(self.on)
        if self.on.candidate is not None:
            on["candidate"] = context.candidate(self.on.candidate)
        if self.on.webhook is not None:
            on["webhook"] = context.webhook(self.on.webhook)
        fault: Any = self.fault
        context.workspace.inject(msgspec.structs.replace(fault, on=Match(**on)))
        return ""


class ClearFaults(Step, frozen=True):
    """Have deliveries behave again: all faults are taken away."""

    example: ClassVar[str] = "clear_faults: {}"

    async def run(self, context: Context) -> str:
        """Take them away."""
        context.workspace.clear_faults()
        return ""
