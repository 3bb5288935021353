"""The base class of steps, and the context of a run."""

from __future__ import annotations

import asyncio
from itertools import islice, takewhile
from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.errors import EmulatorError, UnknownNameError
from emulator.scenario.variables import Room

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Reversible
    from pathlib import Path

    from emulator.delivery.records import Delivery
    from emulator.delivery.transports.address_guard import Guard
    from emulator.domain.candidate import Candidate
    from emulator.journal.journal import Journal
    from emulator.scenario.dry_run import DryRun
    from emulator.scenario.scenario import PlacedStep
    from emulator.workspace.state import DeliveryKey
    from emulator.workspace.workspace import Workspace


TURN = 50
"""Number of steps after which the run yields to other tasks of the event loop."""


class Names:
    """The names that a scenario gives to subjects and webhooks.

    Attributes:
        ids: ``assessment``, ``candidate`` or ``webhook`` -> name -> id.
    """

    def __init__(self) -> None:
        self.ids: dict[str, dict[str, str]] = {"assessment": {}, "candidate": {}, "webhook": {}}

    def id_of(self, kind: str, name: str) -> str:
        """Return the id of the *kind* that the scenario calls *name*.

        Raises:
            UnknownNameError: no step so far gives this name.
        """
        if name not in self.ids[kind]:
            raise UnknownNameError(kind, name, self.ids[kind])
        return self.ids[kind][name]


class RunContext(Names):
    """The data that the steps of a run share.

    Args:
        workspace: the workspace of the run; steps can name its webhooks.
        journal: the journal of the workspace, to wait for entries.
        guard: decides which addresses a probe may call.
        folder: the folder of the scenario file; commands run there.

    Attributes:
        variables: captured variables, name -> value.
        is_parallel: the workspace does not settle between steps.
        set_up: makes a candidate known to the consumer before the invitation, if there is a hook.
    """

    def __init__(
        self, workspace: Workspace, journal: Journal, *, guard: Guard, folder: Path
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.journal = journal
        self.guard = guard
        self.folder = folder
        self.ids["webhook"] = {
            webhook.name: webhook.id for webhook in workspace.state.webhooks.values()
        }
        self.variables: dict[str, str] = {}
        self.is_parallel = False
        self._room = Room()
        self._played = 0
        self.set_up: Callable[[Candidate], Awaitable[None]] | None = None
        self._first = workspace.state.message_count
        self._refused = len(workspace.state.refused)
        self._misfires = workspace.state.misfire_count

    async def play(self, placed: PlacedStep) -> list[str]:
        """Run a step, let the workspace settle, and return the failures.

        Raises:
            EmulatorError: the step could not be executed.
        """
        self._played += 1
        if self._played % TURN == 0:
            await asyncio.sleep(0)
        try:
            wrong = [await placed.ready(self.variables, self._room).run(self)]
        except EmulatorError:
            await self._settle()
            raise
        await self._settle()
        state = self.workspace.state
        for one in state.refused[self._refused :]:
            wrong.append(f"the payload of {one.event} does not fit its schema, so it was not sent:")
            wrong += [f"  {violation}" for violation in one.violations]
        self._refused = len(state.refused)
        misfires = islice(reversed(state.misfires), state.misfire_count - self._misfires)
        wrong += [f"{event} was not sent: {why}" for event, why in reversed([*misfires])]
        self._misfires = state.misfire_count
        return [one for one in wrong if one]

    async def _settle(self) -> None:
        if not self.is_parallel:
            await self.workspace.settle()

    def deliveries(
        self, *, after: int = 0, event: str | None = None, subject: str | None = None
    ) -> list[Delivery]:
        """Return the deliveries of the run, in the order of their messages.

        Args:
            after: only deliveries of messages after this number.
            event: only deliveries of this event; ignored if *subject* is given.
            subject: only deliveries about the candidate or assessment with this id.
        """
        state, first = self.workspace.state, max(after, self._first)
        keys: Reversible[DeliveryKey] = state.deliveries
        if subject is not None:
            keys = state.by_subject.get(subject, ())
        elif event is not None:
            keys = state.by_event.get(event, ())
        late = takewhile(lambda key: key[0] > first, reversed(keys))
        return [state.deliveries[key] for key in reversed([*late])]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step; the docstring of the class describes it, its fields are the keys in the file.

    Attributes:
        example: an example in YAML.
        bare: the field that a value without keys is for, if the step has such a short form.
        others: the field that takes all unknown keys as a mapping; by default they are refused.
        is_expectation: whether the step fails if the consumer misbehaves.
        is_settling: the step waits for deliveries or moves the clock, and can't be in `parallel`.
        passes_time: the time of the workspace passes during the step.
        changes: the fields that name a subject that the step creates, changes or removes -> the
            kind of the subject: ``assessment``, ``candidate`` or ``webhook``. If the effect of the
            step is not known before the run, neither is the state of these subjects.
    """

    example: ClassVar[str]
    bare: ClassVar[str | None] = None
    others: ClassVar[str | None] = None
    is_expectation: ClassVar[bool] = False
    is_settling: ClassVar[bool] = False
    passes_time: ClassVar[bool] = False
    changes: ClassVar[dict[str, str]]

    def __repr__(self) -> str:
        """Leave out the fields, which may contain secrets."""
        return f"<{type(self).__name__}>"

    async def run(self, context: RunContext) -> str | None:
        """Execute the step.

        Returns:
            The failure of the consumer, if any; the run continues.

        Raises:
            EmulatorError: the step could not be executed; the run ends.
        """
        raise NotImplementedError

    def dry_run(self, dry_run: DryRun) -> None:
        """Execute the part of the step whose effect is known before the run.

        Raises:
            EmulatorError: a run would refuse the step.
        """
        raise NotImplementedError
