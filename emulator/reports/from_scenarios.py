"""Converts results of scenarios into the records that reports show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.delivery.redaction import configured_secrets
from emulator.reports.report import Case, Report, ReportStep, Status, masked_record, report
from emulator.workspace import fold, journal_lines
from emulator.workspace.delivery_view import DeliveryView, delivery_view
from emulator.workspace.queries import changed_bodies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from emulator.delivery.records import Delivery
    from emulator.journal.entry import Entry
    from emulator.scenario.result import ScenarioResult, StepResult, Verdict
    from emulator.workspace.state import State

TITLE = "Scenarios"

_STATUSES: dict[Verdict, Status] = {
    "passed": "passed",
    "failed": "failed",
    "no_evidence": "incomplete",
    "interrupted": "incomplete",
}


def report_of(
    results: Sequence[ScenarioResult],
    *,
    started: datetime,
    duration_ms: float,
    secrets: Iterable[str] = (),
    checks: Iterable[Case] = (),
) -> Report:
    """Return the report of a run of scenarios, with secrets masked.

    Args:
        results: in the order of the run.
        started: wall time.
        duration_ms: real milliseconds.
        secrets: masked in addition to the secrets of webhooks in the journals.
        checks: checks of the consumers after the run.
    """
    known = {*secrets}
    for result in results:
        known |= _secrets(result.entries)
    return report(
        TITLE,
        (*map(_case, results), *checks),
        started=started,
        duration_ms=duration_ms,
        secrets=known,
        is_interrupted=any(result.verdict == "interrupted" for result in results),
    )


def step_of(step: StepResult, secrets: Iterable[str]) -> ReportStep:
    """Return the result of a step during the run, with *secrets* masked."""
    deliveries = {delivery.id: delivery_view(delivery) for delivery in step.deliveries}
    return masked_record(secrets, _step(step, deliveries))


def case_of(result: ScenarioResult, secrets: Iterable[str]) -> Case:
    """Return the result of a scenario during the run, with secrets masked, without its journal."""
    bare = msgspec.structs.replace(result, entries=())
    return masked_record({*secrets, *_secrets(result.entries)}, _case(bare))


def _case(result: ScenarioResult) -> Case:
    deliveries = _deliveries(result)
    is_interrupted = result.verdict == "interrupted"
    # An interrupted step has the status skipped, and a message.
    has_begun = not is_interrupted or any(
        step.status != "skipped" or step.message for step in result.steps
    )
    return Case(
        name=result.title,
        status=_STATUSES[result.verdict] if has_begun else "skipped",
        file=result.file,
        line=1,
        message=result.reason,
        duration_ms=result.duration_ms,
        steps=tuple(_step(step, deliveries) for step in result.steps),
        labels={"seed": str(result.seed)},
        journal=tuple(map(journal_lines.shown, result.entries)),
        is_interrupted=is_interrupted,
    )


def _step(step: StepResult, deliveries: dict[str, DeliveryView]) -> ReportStep:
    return ReportStep(
        number=step.number,
        name=step.name,
        detail=step.detail,
        line=step.line,
        status=step.status,
        message=step.message,
        deliveries=tuple(deliveries[delivery.id] for delivery in step.deliveries),
        duration_ms=step.duration_ms,
    )


def _deliveries(result: ScenarioResult) -> dict[str, DeliveryView]:
    """Return the deliveries by id at the end of the run; a step has them before their retries."""
    seen: list[Delivery] = [delivery for step in result.steps for delivery in step.deliveries]
    names: dict[int, str] = {}
    changed: dict[str, dict[int, bytes]] = {}
    state = folded(result.entries)
    if state is not None:
        seen += state.deliveries.values()
        names = {number: webhook.name for number, webhook in state.webhook_numbers.items()}
        changed = {
            delivery.id: changed_bodies(state, delivery) for delivery in state.deliveries.values()
        }
    return {
        one.id: delivery_view(one, names.get(one.webhook_number, ""), changed.get(one.id))
        for one in seen
    }


def folded(entries: Sequence[Entry]) -> State | None:
    """Return the state at the end of a journal; None if its beginning is missing."""
    if not entries or entries[0].kind != "workspace.opened":
        return None
    state = fold.opened(entries[0])
    for entry in entries[1:]:
        fold.apply(state, entry)
    return state


def _secrets(entries: Iterable[Entry]) -> set[str]:
    # Only from webhooks: headers of attempts and answers are not configured.
    return {
        secret
        for entry in entries
        if entry.kind.startswith("webhook.")
        for secret in configured_secrets(entry.data)
    }
