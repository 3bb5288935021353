"""Expectations of a test about its deliveries, and the checks at its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from emulator.errors import UnknownNameError
from emulator.scenario import comparison, matchers
from emulator.scenario.steps.expectations import ExpectStep
from emulator.scenario.steps.step import RunContext
from emulator.scenario.value_types import (
    READERS,
    Answered,
    Duration,
    FieldName,
    PayloadPath,
    SentEvent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.records import Delivery
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.webhook import Webhook
    from emulator.emulator import Emulator
    from emulator.pytest_plugin.options import TestlifyOptions
    from emulator.workspace.workspace import Workspace


_MOST_SHOWN = 10


class ExpectOptions(TypedDict, total=False):
    """The conditions of ``expect`` besides the event type.

    Attributes:
        candidate: the candidate, or the id of the invitation.
        assessment: the assessment, or its id; also matches events of its candidates.
        webhook: the webhook, or its id.
        fields: name of a field, at any place of the payload -> the value, as for *where*.
        where: path in the payload -> the value, an object that equals it, or a matcher of scenario
            files, ``{"at_least": 10}``.
        attempt: number of the attempt, from 1.
        answered: the answer to the attempt: 200, ``2xx``, ``timeout``, ``refused``.
        count: the exact number of attempts; by default at least one.
        within: seconds to wait for them, in the time of the clock.
    """

    candidate: Candidate | str
    assessment: Assessment | str
    webhook: Webhook | str
    fields: Mapping[str, Any]
    where: Mapping[str, Any]
    attempt: int
    answered: int | str
    count: int
    within: float


class Demands:
    """The expectations of one test.

    Args:
        workspace: the workspace of the test.
        emulator: the emulator of the workspace.
    """

    def __init__(self, workspace: Workspace, emulator: Emulator) -> None:
        self._workspace = workspace
        self._context = RunContext(
            workspace, emulator.journal, guard=emulator.guard, folder=Path.cwd()
        )
        self._asked: set[str] = set()  # ids of deliveries that an expectation matched

    async def expect(self, event: str, demand: ExpectOptions) -> tuple[list[Delivery], str]:
        """Return the matching deliveries, and an error if their number is wrong.

        The caller raises the error, so that the traceback ends in the test.

        Raises:
            UnknownNameError: *demand* has an unknown key.
            InvalidInputError: an invalid demand.
            NotFoundError: no such candidate, assessment or webhook.
        """
        for name in demand:
            if name not in ExpectOptions.__annotations__:
                raise UnknownNameError("demand", name, ExpectOptions.__annotations__)
        step = self._step(event, **demand)
        complaint = await step.run(self._context)
        found = {one.delivery.id: one.delivery for one in step.matching(self._context)}
        self._asked.update(found)
        return list(found.values()), complaint

    def _step(
        self,
        event: str,
        *,
        candidate: Candidate | str | None = None,
        assessment: Assessment | str | None = None,
        webhook: Webhook | str | None = None,
        fields: Mapping[str, Any] | None = None,
        where: Mapping[str, Any] | None = None,
        attempt: int | None = None,
        answered: int | str | None = None,
        count: int | None = None,
        within: float = 0.0,
    ) -> ExpectStep:
        state, context = self._workspace.state, self._context
        named: dict[str, Any] = {}
        for key, one, find, names in (
            ("candidate", candidate, state.candidate, context.ids["candidate"]),
            ("assessment", assessment, state.assessment, context.ids["assessment"]),
            ("webhook", webhook, state.webhook, context.ids["webhook"]),
        ):
            if one is not None:
                id_ = find(one if isinstance(one, str) else one.id).id
                named[key] = names[id_] = id_  # steps refer to names; in tests, the ids are names
        read_field, read_path = READERS[FieldName], READERS[PayloadPath]
        read_demand = READERS[matchers.Matcher]
        return ExpectStep(
            event=READERS[SentEvent](event),
            fields={read_field(name): read_demand(one) for name, one in (fields or {}).items()},
            where={read_path(path): read_demand(value) for path, value in (where or {}).items()},
            attempt=attempt,
            answered=None if answered is None else READERS[Answered](answered),
            count=count,
            within=Duration(within),
            **named,
        )

    async def left(self, options: TestlifyOptions) -> str:
        """Return the violations of *options* at the end of the test; empty if there are none."""
        lines: list[str] = []
        if options.fail_on_undelivered:
            await self._workspace.settle()
            lines += self._undelivered()
        if options.fail_on_refused:
            for one in self._workspace.state.refused:
                lines.append(
                    f"the payload of {one.event} did not fit its schema, so it was not sent:"
                )
                lines += [f"  {violation}" for violation in one.violations]
        return "\n".join(lines)

    def _undelivered(self) -> list[str]:
        left = [
            delivery
            for delivery in self._workspace.deliveries()
            if not delivery.succeeded and delivery.id not in self._asked
        ]
        if not left:
            return []
        count = "1 delivery that was" if len(left) == 1 else f"{len(left)} deliveries that were"
        lines = [f"the test ended with {count} not accepted, and no expect() matched:"]
        lines += [f"  {comparison.sent([one])[-1].headline}" for one in left[:_MOST_SHOWN]]
        if len(left) > _MOST_SHOWN:
            lines.append(f"  and {len(left) - _MOST_SHOWN} more")
        return lines
