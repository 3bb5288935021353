"""Steps that inject and clear faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from emulator.delivery.faults.fault import Count, Fault, Probability
from emulator.errors import InvalidInputError
from emulator.scenario.steps.step import Names, RunContext, Step
from emulator.scenario.value_types import (
    CandidateName,
    FaultWords,
    RouteName,
    SentEvent,
    WebhookName,
)
from emulator.workspace.commands import faults

if TYPE_CHECKING:
    from emulator.scenario.dry_run import DryRun


class On(msgspec.Struct, frozen=True):
    """The attempts or calls that a fault applies to, in the scenario's own names."""

    event: SentEvent | None = None
    candidate: CandidateName | None = None
    webhook: WebhookName | None = None
    attempt: Count | None = None
    route: RouteName | None = None
    nth: Count | None = None
    probability: Probability | None = None


class SetFaultStep(Step, frozen=True, rename={"fault": "settings"}):
    """Inject a fault from here on: a fault of 'list faults', optionally limited by `on`."""

    example: ClassVar[str] = (
        "fault: {duplicate: {times: 1}, on: {event: candidate.completed, attempt: 1}}"
    )
    others: ClassVar[str | None] = "settings"
    changes: ClassVar[dict[str, str]] = {}

    fault: FaultWords
    on: On = On()

    def __post_init__(self) -> None:
        """Check that `on` applies to the fault.

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

    async def run(self, context: RunContext) -> None:
        """Inject the fault."""
        context.workspace.inject(self._with_ids(context))

    def dry_run(self, dry_run: DryRun) -> None:
        """Check that the fault could be injected; commands do not depend on it."""
        faults.set_fault(dry_run.state, self._with_ids(dry_run))

    def _with_ids(self, names: Names) -> Fault:
        """Return the fault with ids in place of the scenario's names."""
        on = self._on()
        if self.on.candidate is not None:
            on["candidate"] = names.id_of("candidate", self.on.candidate)
        if self.on.webhook is not None:
            on["webhook"] = names.id_of("webhook", self.on.webhook)
        fault = self._fault
        return msgspec.structs.replace(fault, on=type(fault.on)(**on))


class ClearFaultsStep(Step, frozen=True):
    """Remove all faults."""

    example: ClassVar[str] = "clear_faults: {}"
    changes: ClassVar[dict[str, str]] = {}

    async def run(self, context: RunContext) -> None:
        """Remove them."""
        context.workspace.clear_faults()

    def dry_run(self, dry_run: DryRun) -> None:
        """Commands do not depend on faults."""
