"""Converts results of checks into the records that reports show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.redaction import configured_secrets
from emulator.durations import show
from emulator.printing import printable
from emulator.reports.from_scenarios import folded
from emulator.reports.report import MARKS, Case, masked_record
from emulator.workspace import journal_lines
from emulator.workspace.delivery_view import delivery_view
from emulator.workspace.queries import changed_bodies

if TYPE_CHECKING:
    from emulator.conformance.grading import CheckResult
    from emulator.conformance.target import Target

TITLE = "Checks of a consumer"


def secrets_of(target: Target) -> set[str]:
    """Return the secrets of a consumer's configuration."""
    return configured_secrets({"headers": target.headers, "secret": target.secret})


def lines_of(result: CheckResult, target: Target) -> list[str]:
    """Return the lines that show a result during the run, with secrets masked."""
    case = masked_record(secrets_of(target), case_of(result.bare, target))
    took = f" ({show(round(case.duration_ms) / 1000)})" if case.duration_ms else ""
    message = [f"    {printable(line)}" for line in case.message.splitlines()]
    return [f"{MARKS[case.status]} {case.id}  {case.name}{took}", *message]


def case_of(result: CheckResult, target: Target) -> Case:
    """Return the result of a check as a case; its secrets are not masked yet."""
    check = result.check
    message, state = result.message, folded(result.entries)
    if result.outcome == "failed":
        message = f"{message}\nwhy: {check.why}"
    return Case(
        id=check.id,
        name=check.title,
        status=result.outcome,
        message=message,
        cause=result.cause,
        duration_ms=result.duration_ms,
        deliveries=tuple(
            delivery_view(delivery, "consumer", changed_bodies(state, delivery) if state else None)
            for delivery in result.deliveries
        ),
        tags=check.all_tags,
        labels={"severity": check.severity, "seed": str(target.seed)},
        journal=tuple(map(journal_lines.shown, result.entries)),
    )
