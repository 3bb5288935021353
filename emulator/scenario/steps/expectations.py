"""Steps that state expectations about requests and answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.durations import show
from emulator.scenario.comparison import MOST_SHOWN
from emulator.scenario.steps.selection import OfAttempts
from emulator.scenario.value_types import Duration, SentEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.scenario.comparison import Sent
    from emulator.scenario.dry_run import DryRun
    from emulator.scenario.steps.step import RunContext

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class ExpectStep(OfAttempts, frozen=True, kw_only=True):
    """Expect matching attempts in the run so far: at least one, or exactly `count`."""

    example: ClassVar[str] = (
        "expect: {event: candidate.completed, candidate: ada, where: {data.status: COMPLETED}, "
        "answered: 2xx, count: 1, within: 5s}"
    )
    is_expectation: ClassVar[bool] = True
    is_settling: ClassVar[bool] = True
    passes_time: ClassVar[bool] = True

    event: SentEvent
    count: Count | None = None
    within: Duration = Duration(0)

    async def run(self, context: RunContext) -> str:
        """Settle and check; check again after each change, for up to `within`."""
        await _until(context, lambda: self._is_decided(context), self.within)
        found = self.matching(context)
        return "" if self._is_met(len(found)) else self._told(context, found)

    def dry_run(self, dry_run: DryRun) -> None:
        """Let up to `within` pass: a matching attempt ends the step."""
        dry_run.pass_time(0, self.within)

    def _is_met(self, found: int) -> bool:
        return found >= 1 if self.count is None else found == self.count

    def _is_decided(self, context: RunContext) -> bool:
        """Whether the expectation is met, or can't be met any more."""
        found = len(self.matching(context))
        return self._is_met(found) or (self.count is not None and found > self.count)

    def _told(self, context: RunContext, found: list[Sent]) -> str:
        wanted = "at least 1" if self.count is None else f"exactly {self.count}"
        within = f" within {show(self.within)}" if self.within else ""
        lines = [f"expected {wanted} {self.demanded()}{within}; got {len(found)}"]
        lines += _listed(found) if found else self.nearest(context)
        return "\n".join(lines)


class ExpectNoneStep(OfAttempts, frozen=True, kw_only=True, rename={"for_": "for"}):
    """Expect no matching attempt in the run so far, nor during `for`."""

    example: ClassVar[str] = "expect_none: {event: candidate.rejected, candidate: ada, for: 1d}"
    is_expectation: ClassVar[bool] = True
    is_settling: ClassVar[bool] = True
    passes_time: ClassVar[bool] = True

    event: SentEvent
    for_: Duration = Duration(0)

    async def run(self, context: RunContext) -> str:
        """Let the time pass; a matching attempt ends the step."""
        await _until(context, lambda: bool(self.matching(context)), self.for_)
        found = self.matching(context)
        if not found:
            return ""
        time = f" for {show(self.for_)}" if self.for_ else ""
        return "\n".join(
            [f"expected no {self.demanded()}{time}; got {len(found)}", *_listed(found)]
        )

    def dry_run(self, dry_run: DryRun) -> None:
        """Let the whole time pass: only a failure ends the step earlier."""
        dry_run.pass_time(self.for_, self.for_)


def _listed(found: list[Sent]) -> list[str]:
    more = len(found) - MOST_SHOWN
    lines = [f"  {one.headline}" for one in found[:MOST_SHOWN]]
    return [*lines, f"  and {more} more"] if more > 0 else lines


async def _until(context: RunContext, is_decided: Callable[[], bool], within: float) -> None:
    """Settle; then let up to *within* seconds of the scenario's time pass until it is decided."""
    workspace = context.workspace
    await workspace.settle()
    if is_decided() or not within:
        return
    if workspace.state.settings.clock == "real":
        await context.journal.until(workspace.name, is_decided, within)
        return
    limit = workspace.now() + timedelta(seconds=within)
    while await workspace.advance_to_next(limit):
        if is_decided():
            return
    await workspace.advance((limit - workspace.now()).total_seconds())
