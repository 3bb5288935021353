"""Converts the result of a load test into the records that reports show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.load.measurements import percentile
from emulator.load.thresholds import milliseconds, share
from emulator.reports.report import Case, Chart, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.conformance.target import Target
    from emulator.load.load_run import Goal, LoadResult, PhaseResult
    from emulator.load.measurements import Second
    from emulator.load.thresholds import Expectation
    from emulator.load.worker_protocol import Reconciled
    from emulator.reports.report import Report

TITLE = "Load test of a consumer"

MOST_NAMED = 20
"""The most candidates with a lost state that the report names."""

_PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)


def cases_of(result: LoadResult, goal: Goal, target: Target) -> list[Case]:
    """Return the cases of a load test, lost updates first; secrets are not masked yet.

    Args:
        result: the results so far.
        goal: rate, time and expectations.
        target: the consumer.
    """
    cases = [] if result.reconciled is None else [reconciliation(result.reconciled)]
    cases += [_phase(phase, target) for phase in result.phases]
    if result.sustained is not None:
        cases.append(_knee(result.sustained, goal))
    elif result.phases:
        cases += [
            _expectation(expectation, result.phases[-1].total) for expectation in goal.expectations
        ]
    return cases


def exit_code(report: Report) -> int:
    """Return 1 if an expectation failed, 2 if there is no evidence, otherwise 0."""
    if report.count("failed"):
        return 1
    return 0 if report.count("passed") and not report.count("incomplete") else 2


def reconciliation(found: Reconciled) -> Case:
    """Return the comparison of the consumer's state with the acknowledged messages."""
    named = [
        f"{lost.email}: {lost.acknowledged} was acknowledged ({lost.message}); {lost.found}"
        for lost in found.differences[:MOST_NAMED]
    ]
    if found.missing > len(named):
        named.append(f"and {found.missing - len(named)} more")
    head = f"{found.missing} of {found.compared} candidates differ from the acknowledged state"
    undecided = f"{found.undecided} candidates were left out, because a message was not accepted"
    lines = [head, *named] if found.missing else [f"{found.compared} candidates compared"]
    if found.undecided:
        lines.append(undecided)
    status = "failed" if found.missing else "passed" if found.compared else "incomplete"
    return Case(
        id="load.reconciled",
        name="keeps the messages that it acknowledged",
        status=status,  # type: ignore[arg-type]
        message="\n".join(lines),
        cause=head if found.missing else "",
    )


def figures(total: Second) -> dict[str, str]:
    """Return the measurements for people."""
    shown = {
        "scheduled": f"{total.scheduled}",
        "sent": f"{total.sent}",
        "accepted": f"{total.accepted}",
    }
    for percent in _PERCENTILES:
        name = "max" if percent == 100 else f"p{percent:g}"
        shown[name] = milliseconds(percentile(total.latency, percent))
    shown["service p99"] = milliseconds(percentile(total.service, 99))
    shown["lateness p99"] = milliseconds(percentile(total.lateness, 99))
    return shown | {f"error: {name}": f"{count}" for name, count in total.errors.most_common()}


def _phase(phase: PhaseResult, target: Target) -> Case:
    total = phase.total
    name = f"POST {target.name} at {phase.rate} for {phase.seconds:.3g}s"
    failed = share(total.failed / total.scheduled if total.scheduled else 0)
    return Case(
        id="load.sent",
        name=name,
        status="passed" if total.answered else "incomplete",
        message="" if total.answered else f"no answers: {', '.join(total.errors)}",
        duration_ms=phase.seconds * 1000,
        labels={"rate kept": f"{phase.kept:.4g}/s", "not accepted": failed, **figures(total)},
        charts=tuple(_charts(phase)),
    )


def _charts(phase: PhaseResult) -> Iterator[Chart]:
    seconds: Mapping[int, Second] = dict(sorted(phase.measurements.seconds.items()))
    if len(seconds) < 2:
        return
    asked = [(float(at), phase.rate.at(at + 0.5, phase.seconds)) for at in seconds]
    kept = [(float(at), float(one.sent)) for at, one in seconds.items()]
    failed = [(float(at), float(one.failed)) for at, one in seconds.items()]
    yield Chart(
        "Latency by the second in which messages were due",
        "ms",
        tuple(Series(f"p{percent}", _over_time(seconds, percent)) for percent in (50, 90, 99)),
    )
    yield Chart(
        "Messages a second",
        "",
        (
            Series("asked", tuple(asked)),
            Series("sent", tuple(kept)),
            Series("not accepted", tuple(failed)),
        ),
    )


def _over_time(seconds: Mapping[int, Second], percent: int) -> tuple[tuple[float, float], ...]:
    return tuple(
        (float(at), round(percentile(one.latency, percent) * 1000, 3))
        for at, one in seconds.items()
    )


def _expectation(expected: Expectation, total: Second) -> Case:
    is_met, value = expected.is_met(total), expected.shown(total)
    return Case(
        id=f"load.{expected.metric}",
        name=expected.text,
        status="incomplete" if not total.answered else "passed" if is_met else "failed",
        message=f"{expected.metric} was {value}"
        + ("" if is_met else f"; expected {expected.text}"),
        cause=f"{expected.text} not met",
    )


def _knee(sustained: tuple[float, float | None], goal: Goal) -> Case:
    good, bad = sustained
    limits = ", ".join(expectation.text for expectation in goal.expectations)
    above = "no rate broke it" if bad is None else f"{bad:.4g}/s did not"
    return Case(
        id="load.sustained",
        name=f"sustains {good:.4g}/s",
        status="passed" if good else "failed",
        message=f"{good:.4g}/s met {limits}; {above}",
    )
