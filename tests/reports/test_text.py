from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.reports import text
from emulator.reports.report import Case, ReportStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.workspace.delivery_view import DeliveryView


def test_a_case_is_shown_line_by_line(delivery: Callable[..., DeliveryView]) -> None:
    deliveries = (delivery(1, 503, 200), delivery(2, "refused"), delivery(3))
    case = Case(
        "It happens",
        "failed",
        "a.yaml",
        message="1 of 4 steps failed",
        duration_ms=1234.4,
        labels={"seed": "7"},
        steps=(
            ReportStep(1, "create_assessment", "", 6, "passed"),
            ReportStep(2, "invite", "to: job", 7, "passed", deliveries=deliveries),
            ReportStep(
                3, "expect", "event: x, " + "y" * 200, 8, "failed", "expected 1; got 0\n  near"
            ),
            ReportStep(4, "enroll", "a\x1b[31mda", 9, "skipped"),
        ),
    )
    assert text.lines(case) == [
        "It happens (a.yaml)",
        "  ✓ create_assessment",
        (
            "  ✓ invite to: job  -> candidate.invited 503, 200; candidate.invited refused; "
            "candidate.invited pending"
        ),
        f"  ✗ expect event: x, {'y' * 90}...",
        "      a.yaml:8",
        "      expected 1; got 0",
        "        near",
        "  - enroll a\\x1b[31mda",
        "FAILED: 1 of 4 steps failed (2 passed, 1 failed, 1 skipped; 3 deliveries; 1.234s; seed 7)",
    ]


def test_each_verdict_has_its_summary(delivery: Callable[..., DeliveryView]) -> None:
    seed = {"seed": "1"}
    one = ReportStep(1, "invite", "", 1, "passed")
    passed = Case("t", "passed", "f", duration_ms=12, steps=(one,), labels=seed)
    assert text.summary(passed) == "passed (1 passed; 0 deliveries; 12ms; seed 1)"
    one = ReportStep(1, "invite", "", 1, "passed", deliveries=(delivery(1),))
    nothing = Case("t", "incomplete", "f", message="nobody answered", steps=(one,), labels=seed)
    assert text.summary(nothing) == (
        "NO EVIDENCE: nobody answered (1 passed; 1 delivery; 0ms; seed 1)"
    )
    stopped = Case("t", "incomplete", "f", message="at 'wait', line 4", is_interrupted=True)
    assert text.summary(stopped) == "INTERRUPTED: at 'wait', line 4 (0 deliveries; 0ms)"


def test_a_case_without_a_file_is_its_name() -> None:
    check = Case("Answers in time", "failed", message="too late", duration_ms=2_000)
    assert text.lines(check) == ["Answers in time", "FAILED: too late (0 deliveries; 2s)"]


def test_many_deliveries_are_counted_after_the_fourth(
    delivery: Callable[..., DeliveryView],
) -> None:
    step = ReportStep(1, "invite", "", 1, "passed", deliveries=tuple(map(delivery, range(1, 8))))
    [line] = text.step_lines(step, "f")
    assert line == "  ✓ invite  -> " + "; ".join(["candidate.invited pending"] * 4) + "; 3 more"


def test_several_cases_are_summed_up_in_a_line() -> None:
    passed, failed = Case("t", "passed"), Case("t", "failed")
    nothing = Case("t", "incomplete")
    stopped = Case("t", "incomplete", is_interrupted=True)
    assert text.total([passed, stopped, nothing, failed, passed]) == (
        "5 scenarios: 2 passed, 1 failed, 1 interrupted, 1 no evidence"
    )
    assert text.total([passed]) == "1 scenario: 1 passed"
    assert text.total([]) == "0 scenarios: none ran"
    assert text.total([failed], "check") == "1 check: 1 failed"


def test_a_consumer_s_text_is_no_command_of_the_ci_system() -> None:
    """GitHub Actions reads any line that starts so, blanks before it left out."""
    step = ReportStep(
        1, "probe", "", 2, "failed", "came:\n  ::error::x\n##[add-mask]a\nx ::error::"
    )
    assert text.step_lines(step, "f")[2:] == [
        "      came:",
        "      \\  ::error::x",
        "      \\##[add-mask]a",
        "      x ::error::",
    ]
