"""Scenario results as reports show them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from emulator.delivery.profiles import Profile
from emulator.reports.from_scenarios import case_of, report_of, step_of
from emulator.scenario.result import ScenarioResult, StepResult, Verdict

if TYPE_CHECKING:
    from emulator.reports.report import Report
    from tests.conftest import MakeWorkspace, Scripted

ONE = "http://one.example.com/"
STARTED = datetime(2026, 3, 4, tzinfo=UTC)


def report_on(*results: ScenarioResult, secrets: tuple[str, ...] = ()) -> Report:
    return report_of(results, started=STARTED, duration_ms=1, secrets=secrets)


def test_a_delivery_is_shown_as_it_was_in_the_end_of_the_run(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    """The step that sent it saw one attempt; the one that it was tried again in comes later."""

    async def main() -> ScenarioResult:
        workspace = make_workspace(transport, profile=Profile(retries=(5.0,)))
        transport.statuses[ONE] = [500, 200]
        workspace.add_webhook(
            name="ats", payload_url=ONE, events=["created"],
            headers={"X-Token": "s3cret-1"}, secret="s3cret-2",
        )  # fmt: skip
        workspace.create_assessment(title="Known as s3cret-1")
        await workspace.settle()
        sent = tuple(workspace.deliveries())
        await workspace.advance(60.0)
        step = StepResult(1, "create_assessment", "title: s3cret-2", 6, "passed", "", sent, 2.0)
        entries = tuple(workspace.entries())
        return ScenarioResult("It is sent", "a.yaml", 7, (step,), "passed", "", entries, 3.0)

    result = asyncio.run(main())
    [case] = report_on(result).cases
    [delivery] = case.steps[0].deliveries
    assert [attempt.answer for attempt in delivery.attempts] == ["500", "200"]
    assert (delivery.status, delivery.webhook) == ("succeeded", "ats")
    assert case.sent == [delivery]
    assert [one["kind"] for one in case.journal][:2] == ["workspace.opened", "webhook.added"]
    assert len(case.journal) == len(result.entries)
    assert b"s3cret" not in msgspec.json.encode(case)
    assert case.steps[0].detail == "title: [redacted]"
    assert "Known as [redacted]" in delivery.payload["data"].values()
    live = step_of(result.steps[0], ["s3cret-1", "s3cret-2"])
    assert [attempt.answer for attempt in live.deliveries[0].attempts] == ["500"]
    assert b"s3cret" not in msgspec.json.encode(live)
    bare = case_of(result, [])
    assert (bare.journal, len(bare.sent)) == ((), 1)
    assert b"s3cret" not in msgspec.json.encode(bare)


@pytest.mark.parametrize(
    ("verdict", "status", "word", "run"),
    [
        ("passed", "passed", "passed", "passed"),
        ("failed", "failed", "failed", "failed"),
        ("no_evidence", "incomplete", "no evidence", "no evidence"),
        ("interrupted", "incomplete", "interrupted", "interrupted"),
    ],
)
def test_each_verdict_has_its_status(verdict: Verdict, status: str, word: str, run: str) -> None:
    step = StepResult(1, "wait", "2h", 4, "passed")
    result = ScenarioResult("t", "a.yaml", 7, (step,), verdict, "why", duration_ms=3.0)
    made = report_on(result)
    [case] = made.cases
    assert (case.status, case.word, made.word) == (status, word, run)
    assert made.is_interrupted == (verdict == "interrupted")
    assert (case.name, case.place, case.message) == ("t", "a.yaml:1", "why")
    assert (case.labels, case.duration_ms) == ({"seed": "7"}, 3.0)


def test_a_scenario_that_never_began_is_skipped() -> None:
    steps = (StepResult(1, "wait", "2h", 4, "skipped"),)
    never = ScenarioResult("t", "a.yaml", 7, steps, "interrupted", "before it began")
    under_way = (StepResult(1, "wait", "2h", 4, "skipped", "interrupted while it ran"),)
    begun = ScenarioResult("t", "a.yaml", 7, under_way, "interrupted", "at 'wait', line 4")
    assert [case.status for case in report_on(never, begun).cases] == ["skipped", "incomplete"]


def test_secrets_that_no_journal_has_can_be_given() -> None:
    step = StepResult(1, "expect", "s3cret-3", 4, "failed", "no s3cret-3")
    result = ScenarioResult("t", "a.yaml", 7, (step,), "interrupted", "s3cret-3")
    assert b"s3cret" not in msgspec.json.encode(report_on(result, secrets=("s3cret-3",)))
