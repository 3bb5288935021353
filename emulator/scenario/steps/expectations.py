"""Steps that demand something of what was sent and how it was answered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from emulator.domain.events import event_type
from emulator.durations import show
from emulator.errors import InvalidInputError
from emulator.scenario import matching
from emulator.scenario.steps.step import Context, Step
from emulator.scenario.words import Answered, CandidateName, Duration, EventName, PayloadPath

if TYPE_CHECKING:
    from emulator.delivery.records import Delivery

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Expect(Step, frozen=True):
    """Demand deliveries: at least one, or exactly `count`, of the whole run so far."""

    example: ClassVar[str] = (
        "expect: {event: candidate.completed, candidate: ada, where: {data.status: COMPLETED}, "
        "answered: 2xx, count: 1, within: 5s}"
    )
    is_expectation: ClassVar[bool] = True

    event: EventName
    candidate: CandidateName | None = None
    where: dict[PayloadPath, Any] = msgspec.field(default_factory=dict)
    answered: Answered | None = None
    count: Count | None = None
    within: Duration = Duration(0)

    def __post_init__(self) -> None:
        """Refuse what can never be met, before anything runs."""
        if self.candidate is not None and event_type(self.event).subject != "candidate":
            message = f"{self.event!r} is about no candidate"
            raise InvalidInputError(message, path="$.candidate")

    async def run(self, context: Context) -> str:
        """Settle, look, and look again whenever something happened, up to `within`."""
        workspace = context.workspace
        await workspace.settle()
        if self._is_decided(context) or not self.within:
            pass
        elif workspace.state.settings.clock == "virtual":
            limit = workspace.now() + timedelta(seconds=self.within)
            while not self._is_decided(context) and await workspace.advance_to_next(limit):
                pass
            if not self._is_decided(context):
                await workspace.advance((limit - workspace.now()).total_seconds())
        else:
            await context.journal.until(
                workspace.name, lambda: self._is_decided(context), self.within
            )
        found = self._matching(context)
        return "" if self._is_met(len(found)) else self._told(context, found)

    def _comparisons(self, context: Context, delivery: Delivery) -> list[matching.Comparison]:
        subject = context.candidates[self.candidate] if self.candidate is not None else None
        found = [matching.same("event", self.event, delivery.event)]
        if subject is not None:
            came = context.candidate_name(delivery.message.subject)
            found.append(matching.same("candidate", self.candidate, came))
        found += matching.fields(self.where, delivery)
        if self.answered is not None:
            found.append(matching.answer(self.answered, delivery))
        return found

    def _matching(self, context: Context) -> list[Delivery]:
        return [
            one
            for one in context.deliveries()
            if one.event == self.event
            and all(part.is_equal for part in self._comparisons(context, one))
        ]

    def _is_met(self, found: int) -> bool:
        return found >= 1 if self.count is None else found == self.count

    def _is_decided(self, context: Context) -> bool:
        """Whether it is met, or can't be met any more: what was sent stays sent."""
        found = len(self._matching(context))
        return self._is_met(found) or (self.count is not None and found > self.count)

    def _told(self, context: Context, found: list[Delivery]) -> str:
        wanted = "at least 1" if self.count is None else f"exactly {self.count}"
        within = f" within {show(self.within)}" if self.within else ""
        lines = [f"expected {wanted} {self._demand()}{within}; came {len(found)}"]
        if found:
            lines += [f"  {matching.headline(one)}" for one in found[: matching.MOST_SHOWN]]
        else:
            wanting = context.workspace.state.wanting(self.event)
            if not wanting:
                lines.append(f"  no webhook wants {self.event!r}")
            rated = [(self._comparisons(context, one), one) for one in context.deliveries()]
            lines += matching.nearest(rated)
        return "\n".join(lines)

    def _demand(self) -> str:
        parts = [str(self.event)]
        if self.candidate is not None:
            parts.append(f"of {self.candidate}")
        if self.where:
            parts.append("with " + ", ".join(f"{k} {v!r}" for k, v in self.where.items()))
        if self.answered is not None:
            parts.append(f"answered {self.answered}")
        return " ".join(parts)
