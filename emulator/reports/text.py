"""A report as plain text without colours, for a terminal or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.durations import show
from emulator.printing import printable
from emulator.reports.report import MARKS, STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.reports.report import Case, ReportStep
    from emulator.workspace.delivery_view import DeliveryView

_LONGEST = 100
"""Characters of a step's arguments that are shown."""

_MOST = 4
"""Deliveries that the line of a step names."""


def lines(case: Case) -> list[str]:
    """Return the lines of a case: its heading, its steps and a summary."""
    steps = [line for step in case.steps for line in step_lines(step, case.file)]
    return [heading(case.heading, case.file), *steps, summary(case)]


def heading(name: str, file: str) -> str:
    """Return the first line of a case."""
    return f"{printable(name)} ({printable(file)})" if file else printable(name)


def step_lines(step: ReportStep, file: str) -> list[str]:
    """Return the lines of a step: its name, the deliveries that it caused, why it failed.

    Args:
        step: the result of the step.
        file: the file of the case.
    """
    detail = printable(step.detail)
    if len(detail) > _LONGEST:
        detail = f"{detail[:_LONGEST]}..."
    found = [f"  {MARKS[step.status]} {step.name} {detail}".rstrip() + _caused(step.deliveries)]
    if step.message:
        found.append(f"      {printable(file)}:{step.line}")
        found += [f"      {printable(line)}" for line in step.message.splitlines()]
    return found


def summary(case: Case) -> str:
    """Return the last line of a case: the verdict, the reason, counts and the seed."""
    verdict = case.word if case.status in ("passed", "skipped") else case.word.upper()
    reason = f": {printable(case.message)}" if case.message else ""
    counts = [
        f"{count} {status}"
        for status in MARKS
        if (count := sum(step.status == status for step in case.steps))
    ]
    parts = [", ".join(counts)] if counts else []
    parts += [_counted(len(case.sent)), show(round(case.duration_ms) / 1000)]
    parts += [f"{key} {value}" for key, value in case.labels.items()]
    return f"{verdict}{reason} ({'; '.join(parts)})"


def total(cases: Sequence[Case], noun: str = "scenario") -> str:
    """Return a line with the number of cases for each verdict."""
    # In the order of STATUSES, so that failures are not last.
    words = [case.word for status in STATUSES for case in cases if case.status == status]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    counted = f"{len(cases)} {noun}{'' if len(cases) == 1 else 's'}"
    return f"{counted}: {', '.join(counts) or 'none ran'}"


def _caused(deliveries: tuple[DeliveryView, ...]) -> str:
    if not deliveries:
        return ""
    named = [
        f"{sent.event} {', '.join(attempt.answer for attempt in sent.attempts) or sent.status}"
        for sent in deliveries[:_MOST]
    ]
    more = f"; {len(deliveries) - _MOST} more" if len(deliveries) > _MOST else ""
    return f"  -> {'; '.join(named)}{more}"


def _counted(sent: int) -> str:
    return f"{sent} delivery" if sent == 1 else f"{sent} deliveries"
