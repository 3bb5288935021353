from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from emulator.conformance.target import Target
from emulator.load.load_run import Goal, LoadResult, PhaseResult
from emulator.load.measurements import Measurements, Second
from emulator.load.rate import Rate
from emulator.load.thresholds import parse
from emulator.load.worker_protocol import Difference, Reconciled
from emulator.reports.formats import FORMATS
from emulator.reports.from_checks import secrets_of
from emulator.reports.from_load import TITLE, cases_of, exit_code
from emulator.reports.report import report

if TYPE_CHECKING:
    from emulator.reports.report import Report

RATE = Rate(10, 20)


def _report(result: LoadResult, *expected: str) -> Report:
    goal = Goal(RATE, 2, None, False, tuple(map(parse, expected)))
    target = Target(url="http://127.0.0.1:9/hook", headers={"X-Token": "s3cret"}, seed=1)
    started = datetime(2026, 1, 1, tzinfo=UTC)
    cases = cases_of(result, goal, target)
    return report(TITLE, cases, started=started, duration_ms=2_000, secrets=secrets_of(target))


def _phase(*errors: str) -> PhaseResult:
    """Return a phase of two seconds with one accepted message each, and messages that failed."""
    measured = Measurements()
    for at in range(2):
        second = Second()
        for error in ("", *errors):
            second.scheduled += 1
            second.sent += 1
            second.note(late=0.001, took=0.05, error=error)
        measured.add(second.tick(at))
    return PhaseResult(RATE, 2, measured, measured.total())


def _unanswered() -> PhaseResult:
    measured, second = Measurements(), Second()
    for _ in range(5):
        second.scheduled += 1
        second.sent += 1
        second.note(late=0, took=0.001, error="refused")
    measured.add(second.tick(0))
    return PhaseResult(RATE, 2, measured, measured.total())


def test_a_consumer_that_never_answered_is_no_evidence() -> None:
    report = _report(LoadResult([_unanswered()]), "errors<1%")
    assert report.word == "no evidence"
    assert report.cases[0].message == "no answers: refused"
    assert exit_code(report) == 2


def test_each_expectation_is_a_case_with_the_measured_value() -> None:
    report = _report(LoadResult([_phase("status 500")]), "p99<1s", "errors<1%")
    _, latency, errors = report.cases
    assert (latency.status, latency.message) == ("passed", "p99 was 51ms")
    assert (errors.status, errors.message) == ("failed", "errors was 50%; expected errors<1%")
    assert exit_code(report) == 1


def test_lost_updates_are_first() -> None:
    lost = Difference("a@example.com", "COMPLETED", "msg_1", "status 'ENROLLED'")
    report = _report(LoadResult([_phase()], None, Reconciled(9, 2, (lost,), 30)))
    assert report.cases[0].message.splitlines() == [
        "30 of 9 candidates differ from the acknowledged state",
        "a@example.com: COMPLETED was acknowledged (msg_1); status 'ENROLLED'",
        "and 29 more",
        "2 candidates were left out, because a message was not accepted",
    ]
    assert exit_code(report) == 1


def test_the_rate_that_was_sustained_is_a_case() -> None:
    report = _report(LoadResult([_phase()], (40.0, 43.5)), "p99<1s")
    assert report.cases[-1].name == "sustains 40/s"
    assert report.cases[-1].message == "40/s met p99<1s; 43.5/s did not"
    nothing = _report(LoadResult([_phase()], (0.0, 10.0)), "p99<1s")
    assert exit_code(nothing) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_the_figures_and_masks_secrets(name: str) -> None:
    document = FORMATS[name].document(_report(LoadResult([_phase("status 500")]), "p99<1s"))
    assert b"s3cret" not in document
    if name == "html":
        assert document.count(b"<polyline") == 6
        assert b"Messages a second" in document
