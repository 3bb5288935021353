"""Steps that contain other steps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.errors import ConflictError, EmulatorError
from emulator.scenario.scenario import PlacedStep, every
from emulator.scenario.steps.step import TURN, RunContext, Step
from emulator.scenario.value_types import VariableName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.scenario.dry_run import DryRun
    from emulator.scenario.tree import Node

BLOCKS = frozenset({"parallel", "repeat"})
"""Names of the steps that contain steps."""

MOST_STEPS = 100_000
"""The most steps of a scenario, including those of all rounds of `repeat`."""

IN_FLIGHT, PER_WEBHOOK = 64, 16
"""The most attempts under way during `parallel`, in total and for each webhook."""

MOST_AT_ONCE = 1_000
"""The most steps of a `parallel`: each entry of the journal wakes all that wait."""

Steps = Annotated[list[PlacedStep], msgspec.Meta(min_length=1)]
Times = Annotated[int, msgspec.Meta(ge=1, le=MOST_STEPS)]


class ParallelStep(Step, frozen=True):
    """Execute steps concurrently: nothing settles between them, and many attempts are in flight."""

    example: ClassVar[str] = "parallel: [{enroll: ada}, {test_webhook: consumer 1}]"
    bare: ClassVar[str | None] = "steps"
    changes: ClassVar[dict[str, str]] = {}

    steps: Annotated[list[PlacedStep], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]

    async def run(self, context: RunContext) -> str:
        """Start all steps in the order of the file, and settle at the end."""
        context.is_parallel = True
        try:
            with context.workspace.out_of_lockstep(IN_FLIGHT, PER_WEBHOOK):
                ended = await self._all(context)
                await context.workspace.settle()
        finally:
            context.is_parallel = False
        return _told(ended)

    def dry_run(self, dry_run: DryRun) -> None:
        """Forget the subjects that the steps change: the order of the steps is not known."""
        for placed in every(self.steps):
            dry_run.forget(placed)

    async def _all(self, context: RunContext) -> list[list[str] | BaseException]:
        branches: list[asyncio.Task[list[str]]] = []
        try:
            for number, one in enumerate(self.steps, start=1):
                branches.append(asyncio.create_task(_played(context, [one])))
                if number % TURN == 0:
                    await asyncio.sleep(0)
            return await asyncio.gather(*branches, return_exceptions=True)
        finally:
            for branch in branches:
                branch.cancel()


class RepeatStep(Step, frozen=True, rename={"as_": "as"}):
    """Execute steps several times; the variable that `as` names is the number of the round."""

    example: ClassVar[str] = (
        'repeat: {times: 3, as: i, steps: [{invite: {to: job, email: "c${i}@example.com"}}]}'
    )
    changes: ClassVar[dict[str, str]] = {}

    times: Times
    steps: Steps
    as_: VariableName | None = None

    async def run(self, context: RunContext) -> str:
        """Execute `steps`, which contains the steps of all rounds."""
        failures = await _played(context, self.steps, per_round=len(self.steps) // self.times)
        return "\n".join(failures)

    def dry_run(self, dry_run: DryRun) -> None:
        """Execute the steps of all rounds."""
        for placed in self.steps:
            dry_run.play(placed)


async def _played(
    context: RunContext, steps: Iterable[PlacedStep], per_round: int | None = None
) -> list[str]:
    """Execute steps one after the other, and return their failures.

    Raises:
        ConflictError: a step could not be executed; the message includes the failures so far.
    """
    failures: list[str] = []
    for number, placed in enumerate(steps):
        at = f"line {placed.line}, {placed.name}"
        if per_round is not None:
            at = f"round {number // per_round + 1}, {at}"
        try:
            wrong = await context.play(placed)
        except EmulatorError as error:
            raise ConflictError("\n".join([*failures, f"{at}: {error}"])) from None
        if wrong:
            failures.append("\n".join([f"{at}: {wrong[0]}", *wrong[1:]]))
    return failures


def _told(ended: list[list[str] | BaseException]) -> str:
    """Return the failures of concurrent steps, in one text.

    Raises:
        ConflictError: a step could not be executed; the message includes the other failures.
    """
    failures = []
    for one in ended:
        if isinstance(one, BaseException) and not isinstance(one, EmulatorError):
            raise one
        failures += [str(one)] if isinstance(one, BaseException) else one
    if any(isinstance(one, BaseException) for one in ended):
        raise ConflictError("\n".join(failures))
    return "\n".join(failures)


def size(steps: Node) -> int:
    """Return how many steps a list contains, with the rounds that the file specifies."""
    if not isinstance(steps.value, list):
        return 1
    total = 0
    for one in steps.value:
        ((name, body),) = one.value.items() if _is_step(one) else (("", one),)
        held = body.value.get("steps") if isinstance(body.value, dict) else body
        times = body.value.get("times") if isinstance(body.value, dict) else None
        is_counted = name == "repeat" and times is not None and isinstance(times.value, int)
        inner = size(held) if name in BLOCKS and held is not None else 1
        total += inner * (times.value if is_counted and times is not None else 1)
    return total


def _is_step(node: Node) -> bool:
    return isinstance(node.value, dict) and len(node.value) == 1
