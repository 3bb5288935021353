"""The base class of steps, and the context in which they run."""

from __future__ import annotations

import asyncio
from itertools import islice, takewhile
from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.errors import EmulatorError, UnknownNameError
from emulator.scenario.variables import Room

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Reversible
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
"""Steps after which the run yields to everything else on the event loop."""


class Names:
    """The scenario's names for subjects and webhooks.

    Attributes:
        assessments, candidates, webhooks: name -> id.
    """

    def __init__(self) -> None:
        self.assessments: dict[str, str] = {}
        self.candidates: dict[str, str] = {}
        self.webhooks: dict[str, str] = {}

    def assessment(self, name: str) -> str:
        """Return the id of the assessment that the scenario calls *name*.

        Raises:
            UnknownNameError: no step has made it so far.
        """
        return self._named("assessment", self.assessments, name)

    def candidate(self, name: str) -> str:
        """Return the id of the candidate that the scenario calls *name*.

        Raises:
            UnknownNameError: no step has invited them so far.
        """
        return self._named("candidate", self.candidates, name)

    def webhook(self, name: str) -> str:
        """Return the id of the webhook that the scenario calls *name*.

        Raises:
            UnknownNameError: it is not registered so far.
        """
        return self._named("webhook", self.webhooks, name)

    def _named(self, kind: str, known: Mapping[str, str], name: str) -> str:
        if name not in known:
            raise UnknownNameError(kind, name, known)
        return known[name]


class RunContext(Names):
    """What the steps of one run share.

    Args:
        workspace: in which they run; its webhooks can be named.
        journal: the workspace's, to wait on.
        guard: says where a probe may look.
        folder: of the scenario's file, in which commands run.

    Attributes:
        variables: what captures gave, name -> value.
        is_parallel: nothing is settled between steps.
        set_up: makes a candidate known to the consumer before the invitation; None without a hook.
    """

    def __init__(
        self, workspace: Workspace, journal: Journal, *, guard: Guard, folder: Path
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.journal = journal
        self.guard = guard
        self.folder = folder
        self.webhooks |= {one.name: one.id for one in workspace.state.webhooks.values()}
        self.variables: dict[str, str] = {}
        self.is_parallel = False
        self._room = Room()
        self._played = 0
        self.set_up: Callable[[Candidate], Awaitable[None]] | None = None
        self._first = workspace.state.message_count
        self._refused = len(workspace.state.refused)
        self._misfires = workspace.state.misfire_count

    async def play(self, placed: PlacedStep) -> list[str]:
        """Run a step and settle; return what was found wrong.

        Raises:
            EmulatorError: it could not be done.
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
            after: only those of later messages than this number.
            event: only those of that event; not looked at when there is a *subject*.
            subject: only those about the candidate or the assessment with that id.
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
    """One step; its docstring says what it does, its fields are the keys in the file.

    Attributes:
        example: of its use, as YAML.
        bare: the field that a value without a mapping stands for; None without such a form.
        others: the field that takes, as a mapping, the keys that are no fields; None refuses them.
        is_expectation: whether it can fail for the consumer's sake.
        is_settling: it waits for deliveries or moves the clock, so it can't run in parallel.
        passes_time: it lets the workspace's time pass.
        changes: the fields that name a subject which the step makes, moves or removes, with the
            kind of the subject: ``assessment``, ``candidate`` or ``webhook``. When the effect of
            the step is not known before the run, these subjects are not known either.
    """

    example: ClassVar[str]
    bare: ClassVar[str | None] = None
    others: ClassVar[str | None] = None
    is_expectation: ClassVar[bool] = False
    is_settling: ClassVar[bool] = False
    passes_time: ClassVar[bool] = False
    changes: ClassVar[dict[str, str]]

    def __repr__(self) -> str:
        """Leave out the fields, which may hold secrets."""
        return f"<{type(self).__name__}>"

    async def run(self, context: RunContext) -> str:
        """Do it.

        Returns:
            What was found wrong with the consumer, empty when nothing was; the run goes on.

        Raises:
            EmulatorError: it could not be done; the run ends.
        """
        raise NotImplementedError

    def dry_run(self, dry_run: DryRun) -> None:
        """Do the part of it whose effect is known before the run.

        Raises:
            EmulatorError: a run would refuse the step.
        """
        raise NotImplementedError
