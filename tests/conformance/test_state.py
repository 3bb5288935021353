"""A consumer whose state has words of its own is graded in these words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator import conformance
from emulator.conformance.fuzzing import fuzz as fuzzing
from emulator.conformance.state import ConsumerState, StateMap, StatusName
from emulator.conformance.target import Target
from emulator.paths import ABSENT
from emulator.scenario.probes import Look
from emulator.scenario.value_types import PayloadPath
from tests.consumers.completions_only import EVENTS, PROBE, TOKEN, application
from tests.consumers.core import HOOK, Consumer
from tests.consumers.starlette_app import starlette_app
from tests.consumers.starting import started

if TYPE_CHECKING:
    from emulator.conformance.grading import CheckResult

STAGE = PayloadPath("$.application.stage")
OWN = StateMap(STAGE, PayloadPath("$.history.length"), {StatusName("COMPLETED"): "done"})
REACHED: dict[str, Any] = {
    "url": "/webhooks/testlify",
    "headers": {"X-Webhook-Token": TOKEN},
    "events": EVENTS,
    "probe": PROBE,
    "claims": ["dedupes"],
    "within": 0.2,
}


def of_completions(app: Any, state_map: StateMap = OWN, **options: Any) -> dict[str, CheckResult]:
    results = conformance.run(
        app, only=["effects"], **(REACHED | {"state_map": state_map} | options)
    )
    return {result.check.id: result for result in results}


def right() -> Any:
    consumer = Consumer()
    consumer.configure(None, None, None)
    return starlette_app(consumer)


def of_all(only: str, state_map: StateMap) -> CheckResult:
    probe = "/candidates/{email}?assessment={assessment_id}"
    (found,) = conformance.run(
        right(), url=HOOK, probe=probe, only=[only], state_map=state_map, within=0.2,
        claims=["dedupes", "orders"],
    )  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("body", "status", "completions"),
    [
        (b'{"application": {"stage": "done"}, "history": [1, 2]}', "done", 2),
        (b'{"application": {}, "history": null}', ABSENT, ABSENT),
        (b"[]", ABSENT, ABSENT),
    ],
)
def test_a_state_is_read_by_paths(body: bytes, status: object, completions: object) -> None:
    seen = OWN.state(Look(status=200, body=body))
    assert (seen.status, seen.completions, seen.trouble) == (status, completions, "")


@pytest.mark.parametrize(
    ("look", "trouble"),
    [
        (Look(status=404), ""),
        (Look(status=410, body=b"<html>"), ""),
        (Look(status=200, body=b"null"), ""),
        (Look(status=200, body=b"7"), "the probe answered no JSON object: '7'"),
        (Look(status=500), "the probe answered 500"),
        (Look(exit=3), "the probe's command ended with 3"),
        (Look(trouble="refused"), "refused"),
    ],
)
def test_an_unusable_probe_is_reported_as_trouble(look: Look, trouble: str) -> None:
    assert StateMap().state(look) == ConsumerState(trouble=trouble)


def test_effects_are_seen_in_the_words_of_the_consumer() -> None:
    found = of_completions(application())
    passed = {id_ for id_, one in found.items() if one.outcome == "passed"}
    assert passed >= {
        "effects.completed-lands",
        "effects.completion-counts",
        "effects.completion-counts-once-when-repeated",
        "effects.candidates-apart",
        "effects.assessments-apart",
    }
    assert {one.outcome for one in found.values()} == {"passed", "skipped"}


def test_a_bug_shows_in_the_words_of_the_consumer() -> None:
    found = of_completions(application(finds_by_assessment_alone=True))
    apart = found["effects.candidates-apart"]
    assert (apart.outcome, apart.message.partition(" to ")[0]) == (
        "failed",
        "the completion of another candidate changed the state of the candidate",
    )


def test_another_word_is_reported_with_its_meaning() -> None:
    hired = StateMap(STAGE, OWN.completions, {StatusName("COMPLETED"): "hired"})
    found = of_completions(application(), hired)["effects.completed-lands"]
    assert (found.outcome, found.message) == (
        "failed",
        "shows the status 'done'; expected 'hired' (COMPLETED)",
    )


def test_a_status_without_a_word_is_not_asked() -> None:
    words = StateMap(statuses={StatusName("COMPLETED"): "COMPLETED"})
    assert of_all("effects.completed-lands", words).outcome == "passed"
    enrolled = of_all("effects.enrolled-lands", words)
    assert (enrolled.outcome, enrolled.message) == (
        "skipped",
        "the consumer has no word for ENROLLED (probe.statuses)",
    )
    assert of_all("effects.candidates-apart", words).outcome == "passed"


def test_an_unreadable_state_skips_only_checks_that_read_it() -> None:
    words = StateMap(statuses={StatusName("INVITED"): "INVITED"})
    with started("right") as consumer:
        probe = f"{consumer.url}/candidates/{{email}}"
        results = conformance.run(
            consumer.hook, probe=probe, state_map=words, only=["withstands.chunked"]
        )
    assert [result.outcome for result in results] == ["passed"]


def test_a_state_without_a_count_skips_only_checks_that_count() -> None:
    words = StateMap(completions=PayloadPath("$.finished"))
    once = of_all("effects.completion-counts-once-when-repeated", words)
    assert once.outcome == "skipped"
    assert once.message.startswith(
        "the probe's answer has no '$.finished', only completions, email"
    )
    assert of_all("effects.late-in-progress", words).outcome == "passed"
    assert of_all("effects.candidates-apart", words).outcome == "passed"


def test_fuzz_looks_at_the_words_of_the_consumer() -> None:
    target = Target(
        app=right(), url=HOOK, probe="/candidates/{email}", within=0.02,
        state_map=StateMap(
            PayloadPath("$.invitations[0].status"),
            PayloadPath("$.finished"),
            {StatusName("INVITED"): "asked"},
        ),
    )  # fmt: skip
    fuzzed = fuzzing.fuzz(target, seed=1, examples=10, only="sequences", shrink_time=1)
    assert fuzzed.notes == ("the probe's answer has no '$.finished': completions are not checked",)
    (finding,) = fuzzed.findings
    assert "$.invitations[0].status is 'INVITED', expected 'asked'" in finding.title
    assert "finished" not in finding.scenario
