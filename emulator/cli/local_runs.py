"""Runs scenarios for ``run``, several at once, and shows them in the given order."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any

from emulator.cli.aliveness import answered, lingered, noticed
from emulator.delivery.redaction import masked
from emulator.durations import show
from emulator.reports import text
from emulator.reports.from_checks import lines_of
from emulator.reports.from_scenarios import case_of, step_of
from emulator.scenario.result import ScenarioResult, StepResult
from emulator.scenario.run import run
from emulator.scenario.scenario import secrets_of
from emulator.scenario.steps.expectations import ExpectStep
from emulator.scenario.steps.waiting import WaitStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.conformance.grading import CheckResult
    from emulator.conformance.target import Target
    from emulator.reports.progress import Screen
    from emulator.scenario.scenario import Scenario
    from emulator.workspace.workspace import Workspace

_LONGEST = 60
"""The most characters of a step on the progress line."""


class _LocalRun:
    """The state of a scenario.

    Attributes:
        seed: chosen before the run, so that an interrupted run has it, too.
        begun: when the run began; None before.
        workspace: the workspace of the run; keeps its journal if the run is interrupted.
        steps: the results of the steps that ended.
        lines: lines that wait for scenarios before this one, each with its status.
    """

    def __init__(self, scenario: Scenario, seed: int | None) -> None:
        seed = scenario.document.seed if seed is None else seed
        self.scenario = scenario
        self.seed = secrets.randbits(32) if seed is None else seed
        self.begun: float | None = None
        self.steps: list[StepResult] = []
        self.workspace: Workspace | None = None
        self.result: ScenarioResult | None = None
        self.is_over = False  # and says nothing more
        self.lines: list[tuple[str, str]] = []

    def under_way(self) -> tuple[str, float | None]:
        """Return the current step, and the real seconds that it may take, if known."""
        if self.begun is None or len(self.steps) == len(self.scenario.steps):
            return "", None
        placed = self.scenario.steps[len(self.steps)]
        activity = f"{placed.name} {placed.detail}"
        if self.scenario.document.clock == "virtual":
            return activity, None
        if isinstance(placed.step, WaitStep):
            return activity, placed.step.duration
        return activity, placed.step.within if isinstance(placed.step, ExpectStep) else None

    def interrupted(self) -> ScenarioResult:
        """Return the result of an interrupted run."""
        reason = "before it began"
        steps = list(self.steps)
        for number, placed in enumerate(self.scenario.steps[len(steps) :], start=len(steps) + 1):
            is_under_way = self.begun is not None and number == len(self.steps) + 1
            message = "interrupted while it ran" if is_under_way else ""
            if is_under_way:
                reason = f"at {placed.name!r}, line {placed.line}"
            step = StepResult(number, placed.name, placed.detail, placed.line, "skipped", message)
            steps.append(step)
        return ScenarioResult(
            title=self.scenario.title,
            file=self.scenario.file,
            seed=self.seed,
            steps=tuple(steps),
            verdict="interrupted",
            reason=reason,
            entries=() if self.workspace is None else tuple(self.workspace.entries()),
            duration_ms=0.0 if self.begun is None else (time.perf_counter() - self.begun) * 1000,
        )


class LocalRuns:
    """The scenarios of a call of ``run``.

    Args:
        scenarios: in the order in which they are shown.
        screen: where they are shown.
        seed: takes precedence over the seeds of the scenarios.
        options: further arguments of `scenario.run.run`.

    Attributes:
        secrets: the secrets in the scenarios.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        screen: Screen,
        *,
        seed: int | None,
        **options: Any,
    ) -> None:
        self.secrets = {one for each in scenarios for one in secrets_of(each)}
        self._screen = screen
        self._options = options
        self._all = [_LocalRun(scenario, seed) for scenario in scenarios]
        self._shown = 0  # how many are over and shown

    @property
    def results(self) -> list[ScenarioResult]:
        """The results of the scenarios, in order."""
        return [one.result for one in self._all if one.result is not None]

    async def all(self, jobs: int) -> None:
        """Run all scenarios, *jobs* at once.

        Raises:
            EmulatorError: an argument is wrong.
        """
        places = asyncio.Semaphore(jobs)
        try:
            async with asyncio.TaskGroup() as group:
                for one in self._all:
                    group.create_task(self._run(one, places))
        except BaseExceptionGroup as several:
            # The first error is raised; the others are cancellations, or have the same reason.
            raise several.exceptions[0] from None

    async def linger(self, seconds: float, target: Target) -> list[CheckResult]:
        """Check whether each consumer still answers after *seconds*, and show the results."""
        self._screen.under_way(f"linger {show(seconds)}", seconds)
        results = await lingered(self.results, seconds, target)
        self._screen.under_way("")
        for result in results:
            self._screen.line("\n".join(lines_of(result, target)), result.outcome)
        return results

    def interrupt(self) -> None:
        """Give each scenario without a result that of an interrupted run."""
        for one in self._all:
            if one.result is None:
                one.result = one.interrupted()
                for step in one.result.steps[len(one.steps) :]:
                    if step.message:
                        self._add_step(one, step)
                self._finish(one)

    async def _run(self, one: _LocalRun, places: asyncio.Semaphore) -> None:
        def on_step(step: StepResult) -> None:
            one.steps.append(step)
            self._add_step(one, step)

        def on_open(workspace: Workspace) -> None:
            one.workspace = workspace

        async with places:
            one.begun = time.perf_counter()
            heading = text.heading(one.scenario.title, one.scenario.file)
            self._add_line(one, masked(heading, self.secrets))
            result = await run(
                one.scenario, seed=one.seed, on_step=on_step, on_open=on_open, **self._options
            )
            one.result = noticed(result, answered(self.results))
            self._finish(one)

    def _add_step(self, one: _LocalRun, step: StepResult) -> None:
        shown = step_of(step, self.secrets)
        self._add_line(one, "\n".join(text.step_lines(shown, one.scenario.file)), shown.status)

    def _finish(self, one: _LocalRun) -> None:
        assert one.result is not None  # noqa: S101 - for the type checker
        case = case_of(one.result, self.secrets)
        if one.begun is not None:
            one.lines.append((text.summary(case), case.status))
        one.is_over = True
        self._show()

    def _add_line(self, one: _LocalRun, line: str, status: str = "") -> None:
        one.lines.append((line, status))
        self._show()

    def _show(self) -> None:
        """Show all lines of scenarios whose predecessors have ended."""
        for one in self._all[self._shown :]:
            for line in one.lines:
                self._screen.line(*line)
            one.lines.clear()
            if not one.is_over:
                activity, seconds = one.under_way()
                self._screen.under_way(masked(activity, self.secrets)[:_LONGEST], seconds)
                return
            self._shown += 1
        self._screen.under_way("")
