"""A report as plain text without colours, for a terminal or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.durations import show
from emulator.printing import printable
from emulator.reports.report import STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.reports.report import Case, Step
    from emulator.workspace.delivery_view import DeliveryView

_MARKS = {"passed": "✓", "failed": "✗", "skipped": "-", "incomplete": "?"}
_LONGEST = 100
"""Characters of a step's detail."""

_MOST = 4
"""Deliveries named on the line of a step."""


def lines(case: Case) -> list[str]:
    """Return a whole case: its name, a line a step with what was wrong below it, a summary."""
    told = [heading(case.heading, case.file)]
    for step in case.steps:
        told += step_lines(step, case.file)
    told.append(summary(case))
    return told


def heading(name: str, file: str) -> str:
    """Return the line that a case starts with."""
    return f"{printable(name)} ({printable(file)})" if file else printable(name)


def step_lines(step: Step, file: str) -> list[str]:
    """Return the lines of one step: what it was, what it caused, what was wrong.

    Args:
        step: what it came to.
        file: of the case; a failed step names its place in it.
    """
    detail = printable(step.detail)
    if len(detail) > _LONGEST:
        detail = f"{detail[:_LONGEST]}..."
    told = [f"  {_MARKS[step.status]} {step.name} {detail}".rstrip() + _caused(step.deliveries)]
    if step.message:
        told.append(f"      {printable(file)}:{step.line}")
        told += [f"      {printable(line)}" for line in step.message.splitlines()]
    return told


def summary(case: Case) -> str:
    """Return the last line: the verdict, why, counts, and what to run it again with."""
    verdict = case.word if case.status in ("passed", "skipped") else case.word.upper()
    reason = f": {printable(case.message)}" if case.message else ""
    counts = [
        f"{count} {status}"
        for status in _MARKS
        if (count := sum(step.status == status for step in case.steps))
    ]
    parts = [", ".join(counts)] if counts else []
    parts += [_counted(len(case.sent)), show(round(case.duration_ms) / 1000)]
    parts += [f"{key} {value}" for key, value in case.labels.items()]
    return f"{verdict}{reason} ({'; '.join(parts)})"


def total(cases: Sequence[Case], noun: str = "scenario") -> str:
    """Return one line over several cases: how many came to which verdict."""
    # In the order of STATUSES, so that what is worst is not last.
    words = [case.word for status in STATUSES for case in cases if case.status == status]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    counted = f"{len(cases)} {noun}{'' if len(cases) == 1 else 's'}"
    return f"{counted}: {', '.join(counts) or 'none ran'}"


def _caused(deliveries: tuple[DeliveryView, ...]) -> str:
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
