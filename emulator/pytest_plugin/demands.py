"""What a test demands of its deliveries, and what it left unsaid when it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from emulator.scenario import matching
from emulator.scenario.steps.expectations import Expect
from emulator.scenario.steps.step import Context
from emulator.scenario.words import (
    READERS,
    Answered,
    CandidateName,
    Duration,
    EventName,
    PayloadPath,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.records import Attempt, Delivery
    from emulator.domain.candidate import Candidate
    from emulator.domain.webhook import Webhook
    from emulator.journal.journal import Journal
    from emulator.pytest_plugin.options import TestlifyOptions
    from emulator.workspace.workspace import Workspace


_MOST_SHOWN = 10


class Demand(TypedDict, total=False):
    """What ``expect`` takes beside the event type.

    Attributes:
        candidate: whom it is about, or the id of that invitation.
        webhook: to which, or its id.
        where: path in the payload -> the value there, or anything that equals it.
        attempt: number of an attempt that the delivery has; *answered* is of that one then.
        answered: how the last attempt ended: 200, ``2xx``, ``timeout``, ``refused``.
        count: how many exactly; at least one when left out.
        within: seconds to wait for them; on a virtual clock, of its time.
    """

    candidate: Candidate | str
    webhook: Webhook | str
    where: Mapping[str, Any]
    attempt: int
    answered: int | str
    count: int
    within: float


class _Expect(Expect, frozen=True):
    """The scenario step, and what only a test can name."""

    webhook: str | None = None
    attempt: int | None = None

    def _comparisons(self, context: Context, delivery: Delivery) -> list[matching.Comparison]:
        found = super()._comparisons(context, delivery)
        if self.webhook is not None:
            found.append(matching.same("webhook", self.webhook, delivery.webhook_id))
        if self.attempt is not None:
            found = [part for part in found if part.field != "answered"]
            found.append(self._attempted(delivery))
        return found

    def _attempted(self, delivery: Delivery) -> matching.Comparison:
        made = {one.number: one for one in delivery.attempts}
        one: Attempt | None = made.get(self.attempt or 0)
        expected = str(self.answered) if self.answered is not None else "made"
        is_equal = one is not None and (self.answered is None or self.answered.fits(one.outcome))
        came = one.answer if one else f"not made, {len(made)} so far"
        return matching.Comparison(f"attempt {self.attempt}", expected, came, is_equal)


class Demands:
    """The demands of one test on one workspace.

    Args:
        workspace: fresh; all that is sent in it counts.
        journal: the workspace's, to wait on.
    """

    def __init__(self, workspace: Workspace, journal: Journal) -> None:
        self._workspace = workspace
        self._context = Context(workspace, journal)
        self._asked: set[str] = set()  # ids of deliveries that the test spoke of

    async def expect(self, event: str, demand: Demand) -> tuple[list[Delivery], str]:
        """Return the deliveries that *demand* matches, and what is wrong with their number.

        Who asserts raises it, so that the traceback ends in the test.

        Raises:
            InvalidInputError: a demand that can't be understood.
            NotFoundError: no such candidate or webhook.
        """
        step = self._step(event, **demand)
        complaint = await step.run(self._context)
        found = step._matching(self._context)  # noqa: SLF001 - of our own class
        self._asked.update(one.id for one in found)
        return found, complaint

    def _step(
        self,
        event: str,
        *,
        candidate: Candidate | str | None = None,
        webhook: Webhook | str | None = None,
        where: Mapping[str, Any] | None = None,
        attempt: int | None = None,
        answered: int | str | None = None,
        count: int | None = None,
        within: float = 0.0,
    ) -> _Expect:
        state = self._workspace.state
        name = None
        if candidate is not None:
            id_ = candidate if isinstance(candidate, str) else candidate.id
            name = CandidateName(state.candidate(id_).id)
            self._context.candidates[name] = name
        if webhook is not None:
            webhook = state.webhook(webhook if isinstance(webhook, str) else webhook.id).id
        read_event, read_path = READERS[EventName], READERS[PayloadPath]
        return _Expect(
            event=read_event(event),
            candidate=name,
            where={read_path(path): value for path, value in (where or {}).items()},
            answered=None if answered is None else READERS[Answered](answered),
            count=count,
            within=Duration(within),
            webhook=webhook,
            attempt=attempt,
        )

    async def left(self, options: TestlifyOptions) -> str:
        """Return what the options forbid a test to end with, empty when it is all well."""
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
            one
            for one in self._workspace.deliveries()
            if not one.succeeded and one.id not in self._asked
        ]
        if not left:
            return []
        count = "1 delivery that was" if len(left) == 1 else f"{len(left)} deliveries that were"
        lines = [f"the test ended with {count} not accepted, and no expect() asked for:"]
        lines += [f"  {matching.headline(one)}" for one in left[:_MOST_SHOWN]]
        if len(left) > _MOST_SHOWN:
            lines.append(f"  and {len(left) - _MOST_SHOWN} more")
        return lines
