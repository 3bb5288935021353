"""A consumer that ends during a run, or later, fails; the finding names the deliveries before."""

from __future__ import annotations

import asyncio
import socket

from emulator.conformance.catalogue import CHECKS
from emulator.conformance.grading import CheckResult, grade
from emulator.conformance.quick_checks import run
from emulator.conformance.target import Target
from emulator.receiver import Receiver
from tests.consumers.dying import Dying

LINGER = "withstands.linger"
SENT = "sent before: candidate.completed by accepts.candidate.completed"


def graded(dying: Dying, *checks: str, linger: float = 0.0) -> list[CheckResult]:
    """Run checks one by one; wait after each completion until the consumer has ended."""

    def on_result(result: CheckResult) -> None:
        if any(b'"COMPLETED"' in delivery.message.body for delivery in result.deliveries):
            dying.wait()
        elif result.outcome == "failed":
            dying.revive()

    target = Target(url=dying.url, linger=linger)
    chosen = [CHECKS[name] for name in checks]
    return asyncio.run(grade(target, chosen, jobs=1, on_result=on_result))


def test_a_consumer_that_ends_some_time_after_the_last_request_fails() -> None:
    with Dying(after=0.3) as dying:
        completed, later = graded(dying, "accepts.candidate.completed", LINGER, linger=0.01)
    assert completed.outcome == "passed"
    assert (later.outcome, later.cause) == ("failed", "the consumer no longer answers")
    port = int(dying.url.split(":")[2].removesuffix("/hook"))
    assert later.message == (
        "the consumer no longer answers: [Errno 111] Connect call failed"
        f" ('127.0.0.1', {port})\n{SENT}"
    )


def test_the_first_check_after_the_end_fails_and_the_next_ones_are_incomplete() -> None:
    with Dying() as dying:
        results = run(
            dying.url,
            only=[f"accepts.candidate.{one}" for one in ("completed", "disqualified", "rejected")],
            jobs=1,
        )
    assert [result.outcome for result in results] == ["passed", "failed", "incomplete"]
    assert results[1].message.splitlines()[1] == SENT
    assert results[2].message.endswith(
        "; it no longer answers since accepts.candidate.disqualified"
    )


def test_a_consumer_that_restarts_and_ends_again_fails_again() -> None:
    with Dying() as dying:
        results = graded(
            dying,
            "accepts.candidate.completed",
            "accepts.candidate.disqualified",
            "accepts.candidate.invitation_expired",
            "accepts.candidate.score_updated",
            "accepts.assessment.created",
        )
    outcomes = [result.outcome for result in results]
    assert outcomes == ["passed", "failed", "passed", "passed", "failed"]
    assert results[-1].message.splitlines()[1] == (
        f"{SENT}; candidate.invitation_expired by accepts.candidate.invitation_expired;"
        " candidate.score_updated by accepts.candidate.score_updated"
    )


def test_a_consumer_that_hangs_later_fails_and_a_consumer_that_answers_passes() -> None:
    async def lingered(statuses: list[int]) -> CheckResult:
        async with Receiver(statuses=statuses) as receiver:
            target = Target(url=receiver.url, linger=0.01)
            (result,) = await grade(target, [CHECKS[LINGER]], sent=["a completion"])
        return result

    assert asyncio.run(lingered([500])).outcome == "passed"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        target = Target(url=url, linger=0.01, timeout=0.5)
        (result,) = asyncio.run(grade(target, [CHECKS[LINGER]], sent=["a completion"]))
    assert result.outcome == "failed"
    assert result.message == (
        "did not answer within 500ms 10ms after the last request\nsent before: a completion"
    )


def test_it_waits_and_only_if_it_is_asked_to() -> None:
    async def lingered(linger: float) -> CheckResult:
        async with Receiver() as receiver:
            (result,) = await grade(Target(url=receiver.url, linger=linger), [CHECKS[LINGER]])
        return result

    assert asyncio.run(lingered(0.3)).duration_ms >= 300
    skipped = asyncio.run(lingered(0.0))
    assert (skipped.outcome, skipped.message) == (
        "skipped",
        "no time is given to wait after the last request (--linger)",
    )


def test_it_is_the_last_of_all_checks() -> None:
    assert list(CHECKS)[-1] == LINGER
