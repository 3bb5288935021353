from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from emulator.reports import github, html, junit
from emulator.reports.report import Case, Finding, Report, ReportStep, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.workspace.delivery_view import DeliveryView

AT = datetime(2026, 1, 1, tzinfo=UTC)


def made(*cases: Case, is_interrupted: bool = False) -> Report:
    return report("t", cases, started=AT, duration_ms=1, is_interrupted=is_interrupted)


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "skipped"], "passed"),
        (["passed", "incomplete"], "no evidence"),
        (["incomplete", "failed", "passed"], "failed"),
        ([], "no evidence"),
    ],
)
def test_a_run_is_as_good_as_its_worst_case(statuses: list[str], word: str) -> None:
    assert made(*(Case("c", status) for status in statuses)).word == word  # type: ignore[arg-type]


def test_an_interrupted_run_is_reported_despite_failures() -> None:
    assert made(Case("c", "failed"), is_interrupted=True).word == "interrupted"


def test_findings_are_failures_first_and_then_undelivered_messages(
    delivery: Callable[..., DeliveryView],
) -> None:
    steps = (
        ReportStep(1, "invite", "as: ada", 7, "passed", "", (delivery(1, 200), delivery(2, 503))),
        ReportStep(2, "expect", "", 8, "failed", "got 0"),
    )
    found = made(
        Case("passes", "passed", deliveries=(delivery(3, 500, 502),)),
        Case("fails", "failed", "f.yaml", 1, "1 of 2", steps=steps),
        Case("check", "failed", message="too late"),
        Case("alone", "incomplete", "g.yaml", 1, "nobody answered"),
    ).findings
    assert found == [
        Finding(2, "expect", "f.yaml", 8, "got 0", "case-2-step-2", True),
        Finding(3, "check", "", None, "failed: too late", "case-3", True),
        Finding(4, "alone", "g.yaml", 1, "no evidence: nobody answered", "case-4", True),
        Finding(
            1, "candidate.invited to ats", "", None, "answered 502; 500, 502",
            "case-1-delivery-3-1", False,
        ),
        Finding(
            2, "candidate.invited to ats", "f.yaml", 1, "answered 503",
            "case-2-delivery-2-1", False,
        ),
    ]  # fmt: skip


def test_a_secret_is_masked_at_every_place(delivery: Callable[..., DeliveryView]) -> None:
    secret = 'p"länted <1>'
    echo = {"echo": secret}
    quoted = {"plain": secret, "json": msgspec.json.encode(echo).decode()}
    sent = delivery(1, 200, body=quoted["json"], reason=secret, event=secret, payload=echo)
    step = ReportStep(1, f"n {secret}", f"d {secret}", 1, "failed", f"m {secret}", (sent,))
    case = Case(
        f"It is {secret}", "failed", message=secret, steps=(step,), tags=(secret,),
        labels={"seed": secret}, journal=({"data": [{"body": quoted["json"]}, secret]},),
    )  # fmt: skip
    shown = report(f"Run of {secret}", [case], started=AT, duration_ms=1, secrets=[secret])
    plain = repr(msgspec.to_builtins(shown))
    assert "länted" not in plain
    assert plain.count("[redacted]") >= 12
    assert shown.cases[0].name == "It is [redacted]"


def test_text_that_utf_8_cannot_encode_is_escaped() -> None:
    shown = made(Case("half \ud800", "passed", "b\udcff.yaml", journal=({"a": ["\ud800"]},)))
    [case] = shown.cases
    assert (case.name, case.file, case.journal) == (
        "half \\ud800", "b\\udcff.yaml", ({"a": ["\\ud800"]},),
    )  # fmt: skip


def test_cases_with_equal_failures_share_a_cause() -> None:
    def failed(id_: str, message: str, cause: str = "") -> Case:
        return Case("b: t", "failed", message=f"{message}\nwhy: x", id=id_, cause=cause)

    error, silence = "answered 500; expected 2xx", "did not answer within 5s; expected 2xx"

    made = report(
        "Checks",
        [
            failed("a", "answered 500 to candidate.invited; expected 2xx", error),
            failed("b", "answered 500 to HTML; expected 4xx", "answered 500; expected 4xx"),
            failed("c", "answered 500 to candidate.completed; expected 2xx", error),
            failed("d", "has the candidate as 'X'; expected 'Y'"),
            failed("e", "did not answer within 5s to a body; expected 2xx", silence),
            failed("f", "did not answer within 5s to another; expected 2xx", silence),
            failed("g", "answered 500 to an expired one; expected 2xx", error),
            Case("fine", "passed"),
        ],
        started=datetime(2026, 1, 1, tzinfo=UTC),
        duration_ms=1,
    )
    assert [one.summary(made) for one in made.causes] == [
        "answered 500; expected 2xx (3 of 8; see a)",
        "did not answer within 5s; expected 2xx (2 of 8; see e)",
    ]
    shown = html.document(made).decode()
    assert "<td>answered 500; expected 2xx</td><td>3</td>" in shown
    assert '<a href="#case-1">a: b: t</a>' in shown
    assert b'name="cause" value="answered 500; expected 2xx (3 of 8; see a)"' in junit.document(
        made
    )
    assert "- answered 500; expected 2xx \\(3 of 8; see a\\)" in github.summary(made)
