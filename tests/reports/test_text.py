from __future__ import annotations

from datetime import UTC, datetime

from emulator.delivery.records import Attempt, Delivery, Message, Outcome
from emulator.reports import text
from emulator.scenario.result import Result, StepResult

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _delivery(number: int, *outcomes: Outcome) -> Delivery:
    message = Message(number, "msg_1", "candidate.invited", "v1", "s", "p", AT, b"{}", (1,))
    attempts = tuple(
        Attempt(place, "scheduled", AT, "http://127.0.0.1:9", (("X-Token", "s3cret"),), outcome)
        for place, outcome in enumerate(outcomes, start=1)
    )
    return Delivery(message, "w", 1, attempts=attempts)


STEPS = (
    StepResult(1, "create_assessment", "", 6, "passed"),
    StepResult(
        2, "invite", "to: job", 7, "passed",
        deliveries=(
            _delivery(1, Outcome("answered", 503), Outcome("answered", 200)),
            _delivery(2, Outcome("refused")),
            _delivery(3),
        ),
    ),
    StepResult(3, "expect", "event: x, " + "y" * 200, 8, "failed", "expected 1; came 0\n  near"),
    StepResult(4, "enroll", "a\x1b[31mda", 9, "skipped"),
)  # fmt: skip


def test_a_result_is_told_line_by_line() -> None:
    result = Result(
        "It happens", "a.yaml", 7, STEPS, "failed", "1 of 4 steps failed", (), duration_ms=1234.4
    )
    assert text.lines(result) == [
        "It happens (a.yaml)",
        "  ✓ create_assessment",
        (
            "  ✓ invite to: job  -> candidate.invited 503, 200; candidate.invited refused; "
            "candidate.invited pending"
        ),
        f"  ✗ expect event: x, {'y' * 90}...",
        "      a.yaml:8",
        "      expected 1; came 0",
        "        near",
        "  - enroll a\\x1b[31mda",
        "FAILED: 1 of 4 steps failed (2 passed, 1 failed, 1 skipped; 3 deliveries; 1.234s; seed 7)",
    ]


def test_a_pass_and_no_evidence_have_their_summaries() -> None:
    passed = Result("t", "f", 1, STEPS[:1], "passed", duration_ms=12)
    assert text.summary(passed) == "passed (1 passed; 0 deliveries; 12ms; seed 1)"
    one = StepResult(1, "invite", "", 1, "passed", deliveries=(_delivery(1),))
    nothing = Result("t", "f", 1, (one,), "no_evidence", "nobody answered", duration_ms=0)
    assert text.summary(nothing) == (
        "NO EVIDENCE: nobody answered (1 passed; 1 delivery; 0ms; seed 1)"
    )


def test_many_deliveries_are_counted_after_the_fourth() -> None:
    step = StepResult(
        1, "invite", "", 1, "passed", deliveries=tuple(_delivery(n) for n in range(1, 8))
    )
    [line] = text.step_lines(step, "f")
    assert line == "  ✓ invite  -> " + "; ".join(["candidate.invited pending"] * 4) + "; 3 more"


def test_several_results_come_to_one_line() -> None:
    passed = Result("t", "f", 1, (), "passed")
    failed = Result("t", "f", 1, (), "failed")
    nothing = Result("t", "f", 1, (), "no_evidence")
    assert text.total([passed, nothing, failed, passed]) == (
        "4 scenarios: 2 passed, 1 failed, 1 no evidence"
    )
    assert text.total([passed]) == "1 scenario: 1 passed"
    assert text.total([]) == "0 scenarios: none ran"
