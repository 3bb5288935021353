"""A report with everything in it that a format could stumble over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from emulator.reports.report import Case, Report, ReportStep, report
from emulator.workspace.delivery_view import AttemptView, DeliveryView, RequestView, ResponseView

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.delivery.records import Reason

AT = datetime(2026, 1, 1, tzinfo=UTC)
STARTED = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
BODY = '{"data":{"firstName":"<b>Ada</b>"},"score":1}'
HOSTILE = (
    "</script></pre></title>]]><script>document.title = 'pwned'</script>"
    "<img src=\"http://elsewhere.example.com/x.png\" onerror='document.title = 1'>&amp;{{ 7 * 7 }}"
)
CONTROL = "bell \x07, escape \x1b[31m, null \x00, half \ud800, not a character \uffff"


def made_delivery(
    number: int,
    *answers: int | Reason,
    webhook: str = "ats",
    seconds: float = 0,
    body: str = BODY,
    **changes: Any,
) -> DeliveryView:
    """Make a delivery with an attempt for each answer, an hour between them."""
    at = AT + timedelta(seconds=seconds)
    attempts = tuple(
        AttemptView(
            number=place,
            trigger="scheduled",
            at=at + timedelta(hours=place - 1),
            faults=(),
            deliberate=False,
            request=RequestView(
                "http://127.0.0.1:9000/hook",
                {"Content-Type": "application/json", "X-Webhook-Token": "[redacted]"},
                body,
            ),
            success=answer == 200,
            reason="answered" if isinstance(answer, int) else answer,
            response=ResponseView(answer, {"Server": HOSTILE}, HOSTILE, cut=False)
            if isinstance(answer, int)
            else None,
            detail=None if isinstance(answer, int) else "nobody there",
            duration_ms=1.5,
        )
        for place, answer in enumerate(answers, start=1)
    )
    is_success = bool(answers) and answers[-1] == 200
    given: dict[str, Any] = {
        "id": f"{number}-1",
        "event": "candidate.invited",
        "generation": "v1",
        "webhook": webhook,
        "webhook_id": "w",
        "status": "succeeded" if is_success else "failed" if answers else "pending",
        "reason": None if is_success or not answers else f"answered {answers[-1]}",
        "message_id": f"msg_{number}",
        "created": at,
        "payload": json.loads(BODY),
        "attempts": attempts,
    }
    return DeliveryView(**given | changes)


@pytest.fixture(scope="session")
def delivery() -> Callable[..., DeliveryView]:
    return made_delivery


FAILED = Case(
    name=f"It fails {HOSTILE}",
    status="failed",
    file="scenarios/it, fails: 100%.yaml",
    line=1,
    message="1 of 5 steps failed; first 'expect' at line 9",
    duration_ms=1234.5678,
    steps=(
        ReportStep(1, "create_assessment", f"title: {HOSTILE}", 6, "passed", duration_ms=0.4),
        ReportStep(2, "invite", "as: ada", 7, "passed", "", (
            made_delivery(1, 503, 200),
            made_delivery(2, "refused", webhook="<b>audit</b>", seconds=1),
            made_delivery(3, webhook="late"),
            made_delivery(4, status="dropped", reason="webhook removed", seconds=30 * 86_400),
        ), 12.0),
        ReportStep(3, "wait", "2h", 8, "passed"),
        ReportStep(4, "expect", "event: invited", 9, "failed", f"expected 1; got 0\n  {CONTROL}"),
        ReportStep(5, "enroll", "ada", 10, "skipped"),
    ),
    labels={"seed": "7"},
    tags=("lifecycle",),
    journal=({"number": 1, "kind": "workspace.opened"}, {"number": 2, "data": HOSTILE}),
)  # fmt: skip
CHECK = Case(
    name="Answers within 15 s",
    id="accepts.fast",
    status="failed",
    message="took 16 s\nand then some",
    duration_ms=16_000,
    deliveries=(made_delivery(9, "answer_timeout"),),
)
CASES = (
    FAILED,
    Case("It passes", "passed", "b.yaml", 1, duration_ms=1, labels={"seed": "8"}),
    Case("Nobody is there", "incomplete", "c.yaml", 1, "the consumer never answered: refused"),
    CHECK,
    Case("It was stopped", "incomplete", "d.yaml", 1, "at 'wait', line 4", is_interrupted=True),
    Case("It never began", "skipped", "e.yaml", 1, "before it began", is_interrupted=True),
)


@pytest.fixture(scope="session")
def sample() -> Report:
    """Every status, steps and none, all that could break out of a format."""
    return report("Scenarios", CASES, started=STARTED, duration_ms=20_000.4)


@pytest.fixture(scope="session")
def passing() -> Report:
    cases = [Case("It passes", "passed", "b.yaml", 1, duration_ms=1)]
    return report("Scenarios", cases, started=STARTED, duration_ms=2)
