"""Steps that inject and clear faults."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from emulator.delivery.faults.fault import Count, Fault, Probability
from emulator.errors import InvalidInputError
from emulator.scenario.steps.step import Context, Step
from emulator.scenario.value_types import (
    CandidateName,
    FaultWords,
    RouteName,
    SentEvent,
    WebhookName,
)


class On(msgspec.Struct, frozen=True):
    """The attempts or calls that a fault applies to, in the scenario's own names."""

    event: SentEvent | None = None
    candidate: CandidateName | None = None
    webhook: WebhookName | None = None
    attempt: Count | None = None
    route: RouteName | None = None
    nth: Count | None = None
    probability: Probability | None = None


class SetFault(Step, frozen=True, rename={"fault": "settings"}):
    """Inject a fault from here on: one of those of 'list faults', and optionally `on`."""

    example: ClassVar[str] = (
        "fault: {duplicate: {times: 1}, on: {event: candidate.completed, attempt: 1}}"
    )
    others: ClassVar[str | None] = "settings"

    fault: FaultWords
    on: On = On()

    def __post_init__(self) -> None:
        """Check that `on` goes with the fault.

        Raises:
            InvalidInputError: it has a key of faults of the other side.
        """
        known = type(self._fault.on).__struct_fields__
        for key in self._on():
            if key not in known:
                message = (
                    f"{key!r} does not go with {self._fault.kind!r}, a fault of the "
                    f"{self._fault.side} side; known: {', '.join(known)}"
                )
                raise InvalidInputError(message, path=f"$.on.{key}")

    @property
    def _fault(self) -> Fault:
        assert isinstance(self.fault, Fault)  # noqa: S101 - its reader made it
        return self.fault

    def _on(self) -> dict[str, Any]:
        given = msgspec.structs.asdict(self.on)
        return {key: value for key, value in given.items() if value is not None}

    async def run(self, context: Context) -> str:
        """Set it."""
        on = self._on()
        if self.on.candidate is not None:
            on["candidate"] = context.candidate(self.on.candidate)
        if self.on.webhook is not None:
            on["webhook"] = context.webhook(self.on.webhook)
        fault = self._fault
        context.workspace.inject(msgspec.structs.replace(fault, on=type(fault.on)(**on)))
        return ""


class ClearFaults(Step, frozen=True):
    """Remove all faults."""

    example: ClassVar[str] = "clear_faults: {}"

    async def run(self, context: Context) -> str:
        """Remove them."""
        context.workspace.clear_faults()
        return ""
