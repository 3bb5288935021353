from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from emulator.delivery.signing import SigningScheme, verify
from emulator.emulator import Emulator
from emulator.receiver import Receiver
from emulator.scenario.loading import read
from emulator.scenario.run import play as play_in
from emulator.scenario.run import register, run, run_in
from emulator.workspace.entry_data import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.scenario.result import ScenarioResult, StepResult

    Play = Callable[..., tuple[ScenarioResult, Receiver]]
    Text = Callable[..., str]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MADE = "  - create_assessment: {as: job}\n  - invite: {as: ada, to: job, email: ada@example.com}\n"


def _statuses(result: ScenarioResult) -> list[str]:
    return [step.status for step in result.steps]


def test_an_illegal_command_fails_and_stops_the_scenario(play: Play, scenario: Text) -> None:
    result, _ = play(scenario(MADE + "  - start: ada\n  - enroll: ada\n  - wait: 1d\n"))
    assert _statuses(result) == ["passed", "passed", "failed", "skipped", "skipped"]
    id_ = result.steps[1].deliveries[0].message.subject
    assert result.steps[2].message == (
        f"candidate {id_} is INVITED: 'start' is not legal; legal: enroll, expire"
    )
    assert (result.verdict, result.exit_code) == ("failed", 1)
    assert result.reason == "1 of 5 steps failed; first 'start' at line 9"


def test_an_illegal_command_before_anything_was_sent_proves_nothing(
    play: Play, scenario: Text
) -> None:
    steps = "  - create_assessment: {as: job}\n  - unarchive_assessment: job\n"
    result, _ = play(scenario(steps))
    assert result.verdict == "no_evidence"
    assert result.reason == "nothing was sent; first 'unarchive_assessment' at line 8"


def test_a_failed_expectation_does_not_stop_the_scenario(play: Play, scenario: Text) -> None:
    expect = "  - expect: {event: candidate.status_changed, answered: 4xx}\n"
    result, receiver = play(scenario(MADE + expect + "  - enroll: ada\n" + expect))
    assert _statuses(result) == ["passed", "passed", "failed", "passed", "failed"]
    assert len(receiver.requests) == 2


def test_a_failed_expectation_shows_the_nearest_delivery_field_by_field(
    play: Play, scenario: Text
) -> None:
    steps = (
        "  - enroll: ada\n"
        "  - expect:\n"
        "      event: candidate.status_changed\n"
        "      candidate: ada\n"
        "      where: {data.candidateStatus: ENROLLED, data.emial: ada@example.com}\n"
        "      answered: 4xx\n"
        "      within: 5s\n"
    )
    result, _ = play(scenario(MADE + steps))
    assert result.steps[-1].message == (
        "expected at least 1 candidate.status_changed of ada with data.candidateStatus "
        "'ENROLLED', data.emial 'ada@example.com' answered 4xx within 5s; got 0\n"
        "  nearest: delivery 2-1 candidate.status_changed, attempt 1: 200\n"
        "    = event: 'candidate.status_changed'\n"
        "    = candidate: 'ada'\n"
        "    = data.candidateStatus: 'ENROLLED'\n"
        "    x data.emial: expected 'ada@example.com', got absent, near: 'email'\n"
        "    x answered: expected 4xx, got 200"
    )


def test_more_deliveries_than_expected_are_listed(play: Play, scenario: Text) -> None:
    expect = "  - expect: {event: candidate.status_changed, count: 1, within: 1d}\n"
    result, _ = play(scenario(MADE + "  - enroll: ada\n" + expect))
    assert result.steps[-1].message == (
        "expected exactly 1 candidate.status_changed within 1d; got 2\n"
        "  delivery 1-1 candidate.status_changed, attempt 1: 200\n"
        "  delivery 2-1 candidate.status_changed, attempt 1: 200"
    )
    moved = [entry for entry in result.entries if entry.kind == "clock.moved"]
    assert not moved  # too many do not become fewer: no time was spent on it


def test_an_expectation_that_no_webhook_can_meet_is_reported(play: Play, scenario: Text) -> None:
    expect = "  - expect: {event: candidate.rejected}\n"
    result, _ = play(scenario("  - create_assessment:\n" + expect))
    assert result.steps[-1].message == (
        "expected at least 1 candidate.rejected; got 0\n"
        "  no webhook subscribes to 'candidate.rejected'\n"
        "  nothing was sent so far"
    )


def test_within_advances_a_virtual_clock_and_stops_at_the_match(play: Play, scenario: Text) -> None:
    where = "where: {data.candidateStatus: INVITATION_EXPIRED}"
    expect = f"  - expect: {{event: candidate.status_changed, {where}, within: 300d}}\n"
    result, _ = play(scenario(MADE + expect))
    assert result.verdict == "passed"
    assert result.entries[-1].at.isoformat() == "2026-01-31T00:00:00+00:00"


def test_an_unmet_within_advances_the_clock_by_its_time(play: Play, scenario: Text) -> None:
    where = "where: {data.candidateStatus: INVITATION_EXPIRED}"
    expect = f"  - expect: {{event: candidate.status_changed, {where}, within: 2d}}\n"
    result, _ = play(scenario(MADE + expect))
    assert result.verdict == "failed"
    assert result.entries[-1].at.isoformat() == "2026-01-03T00:00:00+00:00"


def test_a_real_clock_really_waits(play: Play, scenario: Text) -> None:
    steps = "  - wait: 20ms\n  - expect: {event: candidate.status_changed, within: 1s}\n"
    result, _ = play(scenario(MADE + steps, head="clock: real\n"))
    assert result.verdict == "passed"
    assert result.steps[2].duration_ms >= 20


def test_within_on_a_real_clock_ends_in_time(play: Play, scenario: Text) -> None:
    steps = "  - expect: {event: candidate.status_changed, count: 2, within: 30ms}\n"
    result, _ = play(scenario(MADE + steps, head="clock: real\n"))
    assert result.verdict == "failed"
    assert result.steps[-1].duration_ms >= 30


def test_a_slow_answer_is_settled_before_the_next_step(play: Play, scenario: Text) -> None:
    steps = "  - expect: {event: candidate.status_changed, answered: 202}\n"
    result, _ = play(scenario(MADE + steps), statuses=(202,), delay=0.05)
    assert result.verdict == "passed"
    assert [delivery.status for delivery in result.steps[1].deliveries] == ["succeeded"]


def test_a_refused_consumer_can_be_expected_but_proves_nothing(scenario: Text) -> None:
    text = scenario(MADE + "  - expect: {event: candidate.status_changed, answered: refused}\n")
    variables = {"CONSUMER_URL": "http://127.0.0.1:1"}
    result = asyncio.run(run(read("a.yaml", text.encode(), variables)))
    assert _statuses(result) == ["passed", "passed", "passed"]
    assert (result.verdict, result.exit_code) == ("no_evidence", 2)


def test_a_scenario_without_an_expectation_proves_nothing(play: Play, scenario: Text) -> None:
    result, _ = play(scenario(MADE))
    assert (result.verdict, result.exit_code) == ("no_evidence", 2)
    assert result.reason == "nothing was expected, so nothing was proved; add an 'expect' step"


def test_a_payload_that_does_not_fit_fails_the_step_that_caused_it(
    play: Play, scenario: Text, tmp_path: Path
) -> None:
    (tmp_path / "v1").mkdir()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["missing"],
    }
    (tmp_path / "v1" / "candidate.status_changed.json").write_text(json.dumps(schema))
    result, receiver = play(scenario(MADE), overlay=tmp_path)
    assert not receiver.requests
    assert _statuses(result) == ["passed", "failed"]
    assert result.steps[1].message == (
        "the payload of candidate.status_changed does not fit its schema, so it was not sent:\n"
        "  $: lacks the key 'missing'"
    )
    assert result.verdict == "no_evidence"


def test_a_mutation_without_a_place_fails_the_step_in_which_it_fires(
    play: Play, scenario: Text
) -> None:
    steps = (
        "  - fault: {mutate: {set: {data.emial.x: 1}}, on: {nth: 2}}\n"
        "  - enroll: ada\n"
        "  - start: ada\n"
        "  - expect: {event: candidate.status_changed, "
        "where: {data.candidateStatus: IN_PROGRESS}}\n"
    )
    result, receiver = play(scenario(MADE + steps))
    assert _statuses(result) == [*["passed"] * 4, "failed", "failed"]
    assert result.steps[4].message == (
        "candidate.status_changed was not sent: the fault 'mutate' can't be applied: no "
        "'data.emial.x' in the payload; near: 'data.email'"
    )
    [delivery] = result.steps[4].deliveries
    assert (delivery.status, delivery.attempts) == ("dropped", ())
    assert len(receiver.requests) == 2


def test_a_mutation_creates_a_last_key_and_a_path_may_have_any_key(
    play: Play, scenario: Text
) -> None:
    steps = (
        "  - fault: {mutate: {set: {data.$ref: [1, 2], \"data['a b']\": 3}}}\n"
        "  - enroll: ada\n"
        "  - expect: {event: candidate.status_changed, where: {data.$ref.length: 2, "
        "\"$.data['a b']\": 3, \"data['$ref'][1]\": 2}}\n"
    )
    result, receiver = play(scenario(MADE + steps))
    assert result.verdict == "passed", result
    assert json.loads(receiver.requests[-1].body)["data"]["$ref"] == [1, 2]


def test_the_callers_seed_takes_the_place_of_the_files(play: Play, scenario: Text) -> None:
    (one, _), (other, _) = play(scenario(MADE)), play(scenario(MADE), seed=8)
    assert (one.seed, other.seed) == (7, 8)
    bodies = [result.steps[1].deliveries[0].message.body for result in (one, other)]
    assert bodies[0] != bodies[1]


def test_a_missing_seed_is_drawn_and_reported(play: Play, scenario: Text) -> None:
    result, _ = play(scenario(MADE).replace("seed: 7\n", ""))
    again, _ = play(scenario(MADE), seed=result.seed)
    assert again.steps[1].deliveries[0].message.body == result.steps[1].deliveries[0].message.body


def test_headers_of_the_consumer_are_sent(play: Play, scenario: Text) -> None:
    text = scenario(MADE).replace(
        "    events:", "    headers: {X-Webhook-Token: ${TOKEN:-s3cret}}\n    events:"
    )
    _, receiver = play(text)
    assert receiver.requests[0].header("x-webhook-token") == "s3cret"


def test_each_step_is_reported_as_it_ends(play: Play, scenario: Text) -> None:
    played: list[StepResult] = []
    result, _ = play(scenario(MADE + "  - start: ada\n  - enroll: ada\n"), on_step=played.append)
    assert tuple(played) == result.steps
    assert [(step.number, step.name, step.detail, step.line) for step in played] == [
        (1, "create_assessment", "as: job", 7),
        (2, "invite", "as: ada, to: job, email: ada@example.com", 8),
        (3, "start", "ada", 9),
        (4, "enroll", "ada", 10),
    ]


def test_two_consumers_hear_of_the_same_message(play: Play, scenario: Text) -> None:
    more = "  - {payload_url: '${CONSUMER_URL}', events: [invited], name: other}\n"
    text = scenario(MADE).replace("steps:\n", f"{more}steps:\n")
    result, receiver = play(text)
    assert [delivery.event for delivery in result.steps[1].deliveries] == [
        "candidate.status_changed",
        "candidate.invited",
    ]
    assert len(receiver.requests) == 2


def test_a_webhook_with_a_secret_is_signed_in_each_generation(play: Play, scenario: Text) -> None:
    """A consumer of the file, and a webhook that a step adds; neither shows its secret."""
    url = "${CONSUMER_URL}"
    add = f"  - add_webhook: {{payload_url: '{url}', events: [invited], secret: {SECRET}}}\n"
    text = scenario(add + MADE, events=f"[candidate.status_changed]\n    secret: {SECRET}")
    _, receiver = play(text)
    assert len(receiver.requests) == 2
    for request in receiver.requests:
        seen = verify(
            SigningScheme("standard"), SECRET, request.headers, request.body, now=time.time()
        )
        assert seen.holds
    assert SECRET not in repr(read("a", text.encode(), {"CONSUMER_URL": "http://a"}))


def test_a_scenario_played_in_a_used_workspace_looks_only_at_its_own_deliveries(
    scenario: Text,
) -> None:
    text = scenario(
        MADE.replace(", email: ada@example.com", "")
        + "  - expect: {event: candidate.status_changed, count: 1}\n"
    )

    async def main() -> list[ScenarioResult]:
        async with Receiver() as receiver, Emulator(seed=1, clock="virtual") as emulator:
            workspace = emulator.workspace()
            read_ = read("a.yaml", text.encode(), {"CONSUMER_URL": receiver.url})
            register(read_, workspace)
            return [await play_in(read_, emulator, workspace) for _ in range(2)]

    first, second = asyncio.run(main())
    assert (first.verdict, second.verdict) == ("passed", "passed")
    assert first.entries[0].kind == "assessment.created"
    assert second.entries[0].number == first.entries[-1].number + 1


def test_the_whole_lifecycle_of_an_assessment_has_its_steps(play: Play, scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job, title: One, validity_days: 3}\n"
        "  - publish: job\n"
        "  - update_assessment: {assessment: job, title: Two, validity_days: 5}\n"
        "  - archive_assessment: {assessment: job}\n"
        "  - unarchive_assessment: job\n"
        "  - delete_assessment: job\n"
        "  - expect: {event: assessment.updated, where: {data.assessmentTitle: Two}}\n"
    )
    result, receiver = play(scenario(steps, events="[created, updated, archived, deleted]"))
    assert [request.payload["event"] for request in receiver.requests] == [
        "created",
        "updated",
        "updated",
        "archived",
        "deleted",
    ]
    assert [step.message for step in result.steps[:-1]] == [""] * 6


def test_candidate_steps_take_their_details(play: Play, scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - invite: {as: ada, to: job, first_name: Ada, last_name: Example}\n"
        "  - invite: {as: ben, to: job}\n"
        "  - expire: ben\n"
        "  - enroll: {candidate: ada}\n"
        "  - start: ada\n"
        "  - complete: ada\n"
        "  - rescore: {candidate: ada, score: 1, of: 2, percentage: 50}\n"
        "  - reject: ada\n"
        "  - expect: {event: candidate.score_updated, where: {data.avgScorePercentage: 50}}\n"
    )
    events = "[candidate.status_changed, candidate.score_updated]"
    result, _ = play(scenario(steps, events=events))
    assert (result.verdict, result.reason) == ("passed", "")


def test_a_v2_consumer_that_names_no_event_gets_all(play: Play, scenario: Text) -> None:
    added = "  - add_webhook: {payload_url: ${CONSUMER_URL}, events: [], generation: v2}\n"
    result, receiver = play(scenario(added + MADE, head="webhooks: v2\n", events="[]"))
    assert [step.status for step in result.steps] == ["passed"] * 3
    assert len(receiver.requests) == 2 * 2  # created, status changed


def test_payloads_follow_the_variants_of_the_file(play: Play, scenario: Text) -> None:
    completed = "  - enroll: ada\n  - start: ada\n  - complete: ada\n"
    expected = (
        "  - expect: {event: candidate.status_changed, where: "
        "{'data.testLibrary[0].skills.length': {at_least: 1}}}\n"
    )
    result, _ = play(scenario(MADE + completed + expected, head="observed: [skills]\n"))
    assert result.verdict == "passed"
    plain, _ = play(scenario(MADE + completed + expected))
    assert plain.verdict == "failed"


def test_the_settings_of_a_run_leave_its_workspace_as_it_was(scenario: Text) -> None:
    text = scenario(
        MADE + "  - expect: {event: candidate.status_changed}\n",
        head="observed: [skills]\nreport_delay: 3m\n",
    )

    async def main() -> None:
        settings = Settings(seed=1, clock="virtual", observed=("score_drop",))
        async with Receiver() as receiver, Emulator() as emulator:
            workspace = emulator.workspace("a", settings)
            read_ = read("a.yaml", text.encode(), {"CONSUMER_URL": receiver.url})
            result = await run_in(read_, emulator, workspace)
            assert result.verdict == "passed"
            configured = [
                entry.data for entry in result.entries if entry.kind == "workspace.configured"
            ]
            during, after = (one.settings for one in configured)  # type: ignore[attr-defined]
            assert (during.observed, during.report_delay) == (("skills", "score_drop"), 180.0)
            assert after == workspace.state.settings
            assert (after.observed, after.report_delay) == (("score_drop",), 0.0)

    asyncio.run(main())
