"""A result as plain text, for a terminal or a log; never coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.durations import show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.delivery.records import Delivery
    from emulator.scenario.result import Result, StepResult

_MARKS = {"passed": "✓", "failed": "✗", "skipped": "-"}
_VERDICTS = {"passed": "passed", "failed": "FAILED", "no_evidence": "NO EVIDENCE"}
_LONGEST = 100
"""Characters of a step's detail."""

_MOST = 4
"""Deliveries named on the line of a step."""


def lines(result: Result) -> list[str]:
    """Return a whole result: its title, a line a step with what was wrong below it, a summary."""
    told = [heading(result.title, result.file)]
    for step in result.steps:
        told += step_lines(step, result.file)
    told.append(summary(result))
    return told


def heading(title: str, file: str) -> str:
    """Return the line that a scenario starts with."""
    return f"{_printable(title)} ({_printable(file)})"


def step_lines(step: StepResult, file: str) -> list[str]:
    """Return the lines of one step: what it was, what it caused, what was wrong.

    Args:
        step: what it came to.
        file: of the scenario; a failed step names its place in it.
    """
    detail = _printable(step.detail)
    if len(detail) > _LONGEST:
        detail = f"{detail[:_LONGEST]}..."
    told = [f"  {_MARKS[step.status]} {step.name} {detail}".rstrip() + _caused(step.deliveries)]
    if step.message:
        told.append(f"      {_printable(file)}:{step.line}")
        told += [f"      {_printable(line)}" for line in step.message.splitlines()]
    return told


def summary(result: Result) -> str:
    """Return the last line: the verdict, counts, why, and the seed to run it again with."""
    counts = [
        f"{count} {status}"
        for status in _MARKS
        if (count := sum(step.status == status for step in result.steps))
    ]
    sent = sum(len(step.deliveries) for step in result.steps)
    reason = f": {_printable(result.reason)}" if result.reason else ""
    return (
        f"{_VERDICTS[result.verdict]}{reason} ({', '.join(counts)}; {_counted(sent)}; "
        f"{show(round(result.duration_ms) / 1000)}; seed {result.seed})"
    )


def total(results: Iterable[Result]) -> str:
    """Return one line over several results: how many came to which verdict."""
    verdicts = [result.verdict for result in results]
    counts = [
        f"{count} {_VERDICTS[verdict].lower()}"
        for verdict in _VERDICTS
        if (count := verdicts.count(verdict))  # type: ignore[arg-type]
    ]
    word = "scenario" if len(verdicts) == 1 else "scenarios"
    return f"{len(verdicts)} {word}: {', '.join(counts) or 'none ran'}"


def _caused(deliveries: tuple[Delivery, ...]) -> str:
    if not deliveries:
        return ""
    told = [
        f"{one.event} {', '.join(attempt.answer for attempt in one.attempts) or one.status}"
        for one in deliveries[:_MOST]
    ]
    more = f"; {len(deliveries) - _MOST} more" if len(deliveries) > _MOST else ""
    return f"  -> {'; '.join(told)}{more}"


def _counted(sent: int) -> str:
    return f"{sent} delivery" if sent == 1 else f"{sent} deliveries"


def _printable(text: str) -> str:
    """Return *text* without what would move a terminal's cursor or change its colours."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
