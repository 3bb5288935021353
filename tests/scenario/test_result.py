from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.delivery.records import Attempt, Delivery, Message, Outcome, Reason
from emulator.scenario.result import ScenarioResult, StepResult, verdict

AT = datetime(2026, 1, 1, tzinfo=UTC)
PASSED = StepResult(1, "wait", "1h", 3, "passed")
FAILED = StepResult(2, "expect", "", 4, "failed", "no")


def _delivery(reason: Reason, status: int | None = None) -> Delivery:
    message = Message(1, "msg_1", "candidate.invited", "v1", "s", "p", AT, b"{}", (1,))
    attempt = Attempt(1, "scheduled", AT, "http://127.0.0.1:9", (), Outcome(reason, status))
    return Delivery(message, "w", 1, attempts=(attempt,))


@pytest.mark.parametrize(
    "reason",
    [
        "refused",
        "unreachable",
        "name_not_found",
        "address_forbidden",
        "connect_timeout",
        "answer_timeout",
        "tls_failed",
        "shutdown",
        "interrupted",
    ],
)
def test_a_consumer_that_never_answered_is_no_evidence(reason: Reason) -> None:
    said = verdict((PASSED, FAILED), [_delivery(reason)], is_expecting=True)
    hint = "; --allow-host permits deliveries to other machines"
    expected = f"the consumer never answered: {reason}"
    assert said == ("no_evidence", expected + hint * (reason == "address_forbidden"))


@pytest.mark.parametrize("reason", ["reset", "closed", "bad_answer", "app_failed"])
def test_a_consumer_that_breaks_off_was_there(reason: Reason) -> None:
    said, why = verdict((PASSED, FAILED), [_delivery(reason)], is_expecting=True)
    assert (said, why) == ("failed", "1 of 2 steps failed; first 'expect' at line 4")


def test_one_answer_is_evidence() -> None:
    deliveries = [_delivery("refused"), _delivery("answered", 500)]
    assert verdict((PASSED,), deliveries, is_expecting=True) == ("passed", "")


def test_nothing_sent_is_no_evidence() -> None:
    assert verdict((PASSED,), [], is_expecting=True) == ("no_evidence", "nothing was sent")


@pytest.mark.parametrize(("said", "code"), [("passed", 0), ("failed", 1), ("no_evidence", 2)])
def test_each_verdict_has_its_exit_code(said: str, code: int) -> None:
    result = ScenarioResult("t", "f", 1, (), said)  # type: ignore[arg-type]
    assert result.exit_code == code


def test_a_result_prints_without_its_journal() -> None:
    result = ScenarioResult("t", "a.yaml", 1, (PASSED,), "no_evidence", "nothing was sent")
    assert repr(result) == "<ScenarioResult a.yaml no_evidence (nothing was sent), 1 steps>"
