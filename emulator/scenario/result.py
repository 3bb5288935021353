"""The result of a run: its steps, its verdict and the exit code."""

from __future__ import annotations

from typing import Literal

import msgspec

from emulator.delivery.records import Delivery
from emulator.journal.entry import Entry

StepStatus = Literal["passed", "failed", "skipped"]

Verdict = Literal["passed", "failed", "no_evidence", "interrupted"]
"""``no_evidence``: the run proved nothing about a consumer, so it did not pass."""

_EXIT_CODES: dict[Verdict, int] = {
    "passed": 0, "failed": 1, "no_evidence": 2, "interrupted": 130,
}  # fmt: skip

NOT_THERE = frozenset({
    "refused", "unreachable", "name_not_found", "address_forbidden", "connect_timeout",
    "answer_timeout", "tls_failed", "shutdown", "interrupted",
})  # fmt: skip
"""Outcomes of attempts that prove nothing about a consumer: it may not be running."""


class StepResult(msgspec.Struct, frozen=True):
    """The result of a step.

    Attributes:
        number: counts the steps from 1.
        name: the type of the step.
        detail: the value of the step in the file, on one line.
        line: the line in the file, from 1.
        message: the failure, in one or more lines; empty if there is none.
        deliveries: the deliveries that the step caused, after it settled.
        duration_ms: real time.
    """

    number: int
    name: str
    detail: str
    line: int
    status: StepStatus
    message: str = ""
    deliveries: tuple[Delivery, ...] = ()
    duration_ms: float = 0.0


class ScenarioResult(msgspec.Struct, frozen=True):
    """The result of a scenario.

    Attributes:
        title: the title of the scenario.
        file: the path as given.
        seed: the seed of the run; the same seed repeats the run.
        reason: a sentence that explains a verdict other than ``passed``; else empty.
        entries: the journal of the run, with secrets; redact it before you show it.
        duration_ms: real time.
    """

    title: str
    file: str
    seed: int
    steps: tuple[StepResult, ...]
    verdict: Verdict
    reason: str = ""
    entries: tuple[Entry, ...] = ()
    duration_ms: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 2 no evidence, 130 interrupted."""
        return _EXIT_CODES[self.verdict]

    def __repr__(self) -> str:
        """Leave out the journal, which contains secrets."""
        why = f" ({self.reason})" if self.reason else ""
        return f"<ScenarioResult {self.file} {self.verdict}{why}, {len(self.steps)} steps>"


def verdict(
    steps: tuple[StepResult, ...], deliveries: list[Delivery], *, is_expecting: bool
) -> tuple[Verdict, str]:
    """Return the verdict of a run, and why it is not ``passed``.

    No evidence takes precedence: without a running consumer, expectations fail, too.

    Args:
        steps: the results of the steps.
        deliveries: all deliveries of the run.
        is_expecting: whether any step checks the consumer.
    """
    failed = [step for step in steps if step.status == "failed"]
    outcomes = [
        attempt.outcome
        for delivery in deliveries
        for attempt in delivery.attempts
        if attempt.outcome
    ]
    if not outcomes:
        reason = "nothing was sent"
        return "no_evidence", f"{reason}; {_first(failed)}" if failed else reason
    if all(outcome.reason in NOT_THERE for outcome in outcomes):
        ends = ", ".join(dict.fromkeys(outcome.reason for outcome in outcomes))
        hint = "; --allow-host permits deliveries to other machines" if "forbidden" in ends else ""
        return "no_evidence", f"the consumer never answered: {ends}{hint}"
    if failed:
        return "failed", f"{len(failed)} of {len(steps)} steps failed; {_first(failed)}"
    if not is_expecting:
        return "no_evidence", "nothing was expected, so nothing was proved; add an 'expect' step"
    return "passed", ""


def _first(failed: list[StepResult]) -> str:
    return f"first {failed[0].name!r} at line {failed[0].line}"
