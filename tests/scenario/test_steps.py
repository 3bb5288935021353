"""What each step does when it runs, over a real socket."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from starlette.responses import JSONResponse

from emulator import faults, serving
from emulator.scenario.loading import read
from emulator.scenario.run import run
from emulator.workspace.entry_data import FaultSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from emulator.receiver import Receiver
    from emulator.scenario.result import ScenarioResult

    Play = Callable[..., tuple[ScenarioResult, Receiver]]
    Text = Callable[..., str]

MADE = "  - create_assessment: {as: job}\n  - invite: {as: ada, to: job, email: ada@example.com}\n"
DEAD = "http://127.0.0.1:1/"


def _messages(result: ScenarioResult) -> list[str]:
    return [step.message for step in result.steps if step.message]


# --- expect ---------------------------------------------------------------------------------


def test_each_attempt_counts_and_answered_is_about_that_attempt(play: Play, scenario: Text) -> None:
    steps = MADE + (
        "  - wait: 1d\n"
        "  - expect: {event: candidate.status_changed, count: 3}\n"
        "  - expect: {event: candidate.status_changed, answered: 503, count: 2}\n"
        "  - expect: {event: candidate.status_changed, answered: 2xx, count: 1}\n"
        "  - expect: {event: candidate.status_changed, attempt: 3, answered: 2xx, count: 1}\n"
        "  - expect: {event: candidate.status_changed, attempt: 2, answered: 2xx}\n"
    )
    text = scenario(steps, head="webhooks: v2\n")
    result, receiver = play(text, statuses=(503, 503, 200))
    assert _messages(result) == [
        (
            "expected at least 1 candidate.status_changed in attempt 2 answered 2xx; got 0\n"
            "  nearest: delivery 1-1 candidate.status_changed, attempt 3: 200\n"
            "    = event: 'candidate.status_changed'\n"
            "    x attempt: expected 2, got 3\n"
            "    = answered: 200\n"
            "  nearest: delivery 1-1 candidate.status_changed, attempt 2: 503\n"
            "    = event: 'candidate.status_changed'\n"
            "    = attempt: 2\n"
            "    x answered: expected 2xx, got 503"
        )
    ]
    assert len({request.header("svix-id") for request in receiver.requests}) == 1


def test_an_assessment_means_itself_and_its_candidates(play: Play, scenario: Text) -> None:
    steps = MADE + (
        "  - create_assessment: {as: other}\n"
        "  - invite: {as: ben, to: other}\n"
        "  - expect: {event: candidate.status_changed, assessment: job, candidate: ada, count: 1}\n"
        "  - expect: {event: assessment.created, assessment: other, count: 1}\n"
        "  - expect: {event: candidate.status_changed, assessment: job, candidate: ben}\n"
    )
    result, _ = play(scenario(steps, events="[candidate.status_changed, assessment.created]"))
    assert _messages(result) == [
        (
            "expected at least 1 candidate.status_changed of ben of job; got 0\n"
            "  nearest: delivery 4-1 candidate.status_changed, attempt 1: 200\n"
            "    = event: 'candidate.status_changed'\n"
            "    = candidate: 'ben'\n"
            "    x assessment: expected 'job', got 'other'\n"
            "  nearest: delivery 2-1 candidate.status_changed, attempt 1: 200\n"
            "    = event: 'candidate.status_changed'\n"
            "    x candidate: expected 'ben', got 'ada'\n"
            "    = assessment: 'job'"
        )
    ]


def test_an_assessment_has_the_tests_and_settings_of_its_step(play: Play, scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job, title: A, tests: [Java, Python Foundations],"
        " settings: {skipRegistration: true}}\n"
        "  - publish: job\n"
        "  - expect: {event: assessment.updated, where: {data.totalTestLibrary: 2,"
        " 'data.testLibrary[0].testLibraryTitle': Java, data.skipRegistration: true}}\n"
        "  - create_assessment: {as: other, template: Accounts Assistant}\n"
        "  - publish: other\n"
        "  - expect: {event: assessment.updated, where: {data.name: Accounts Assistant,"
        " data.totalTestLibrary: 3}}\n"
    )
    result, _ = play(scenario(steps, events="[assessment.updated]"))
    assert _messages(result) == []


def test_webhooks_are_distinguished_by_name(play: Play, scenario: Text) -> None:
    steps = (
        f"  - add_webhook: {{as: second, payload_url: '{DEAD}', events: [invited]}}\n"
        f"{MADE}"
        "  - expect: {event: candidate.invited, webhook: second, answered: refused, count: 1}\n"
        "  - expect: {event: candidate.invited, webhook: ats, answered: refused, count: 0}\n"
        "  - expect: {event: candidate.status_changed, webhook: ats, answered: 2xx, count: 1}\n"
        "  - expect: {event: candidate.status_changed, webhook: second}\n"
    )
    text = scenario(steps).replace("    events:", "    name: ats\n    events:", 1)
    result, _ = play(text)
    [message] = _messages(result)
    assert "x webhook: expected 'second', got 'ats'" in message


def test_a_matcher_that_does_not_fit_is_described_in_words(play: Play, scenario: Text) -> None:
    where = "data.email: {matches: '^ben@'}, data.totalScore: {at_least: 1}, data.x: {absent: true}"
    steps = f"{MADE}  - expect: {{event: candidate.status_changed, where: {{{where}}}}}\n"
    result, _ = play(scenario(steps))
    assert _messages(result) == [
        (
            "expected at least 1 candidate.status_changed with data.email matches '^ben@', "
            "data.totalScore at least 1, data.x absent; got 0\n"
            "  nearest: delivery 1-1 candidate.status_changed, attempt 1: 200\n"
            "    = event: 'candidate.status_changed'\n"
            "    x data.email: expected matches '^ben@', got 'ada@example.com'\n"
            "    x data.totalScore: expected at least 1, got 0\n"
            "    = data.x: absent"
        )
    ]


def test_expect_none_waits_and_ends_at_the_first_delivery(play: Play, scenario: Text) -> None:
    where = "where: {data.candidateStatus: INVITATION_EXPIRED}"
    none = f"  - expect_none: {{event: candidate.status_changed, {where}, for: %s}}\n"
    result, _ = play(scenario(MADE + none % "29d" + none % "10d"))
    assert _messages(result) == [
        (
            "expected no candidate.status_changed with data.candidateStatus 'INVITATION_EXPIRED' "
            "for 10d; got 1\n"
            "  delivery 2-1 candidate.status_changed, attempt 1: 200"
        )
    ]
    assert result.entries[-1].at.isoformat() == "2026-01-31T00:00:00+00:00"


def test_expect_none_includes_earlier_deliveries(play: Play, scenario: Text) -> None:
    steps = MADE + "  - expect_none: {event: candidate.status_changed, candidate: ada, for: 1d}\n"
    result, _ = play(scenario(steps))
    assert result.verdict == "failed"
    assert not [entry for entry in result.entries if entry.kind == "clock.moved"]


def test_expect_none_on_a_real_clock_really_waits(play: Play, scenario: Text) -> None:
    steps = MADE + "  - expect_none: {event: candidate.status_changed, answered: 5xx, for: 30ms}\n"
    result, _ = play(scenario(steps, head="clock: real\n"))
    assert result.verdict == "passed"
    assert result.steps[-1].duration_ms >= 30


# --- webhooks, payloads ---------------------------------------------------------------------


def test_a_webhook_is_edited_tested_and_removed(play: Play, scenario: Text) -> None:
    steps = (
        "  - edit_webhook: {webhook: consumer 1, headers: {X-Token: n3w}, events: [invited]}\n"
        "  - test_webhook: consumer 1\n"
        "  - test_webhook: {webhook: consumer 1, event: candidate.rejected}\n"
        f"{MADE}"
        "  - remove_webhook: consumer 1\n"
        "  - enroll: ada\n"
        "  - expect: {event: test, answered: 2xx, count: 1}\n"
        "  - expect: {event: candidate.invited, webhook: consumer 1, count: 1}\n"
    )
    result, receiver = play(scenario(steps, events="[candidate.status_changed, invited]"))
    assert _messages(result) == []
    assert [request.payload.get("event") for request in receiver.requests] == [
        None,
        "rejected",
        "invited",
    ]
    assert {request.header("x-token") for request in receiver.requests} == {"n3w"}


def test_a_step_shows_no_secret_in_its_words(play: Play, scenario: Text) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    steps = (
        f"  - add_webhook: {{as: b, payload_url: '{DEAD}', events: [created], secret: {secret}, "
        "generation: v2, headers: {X-Token: t0ken}}\n"
    )
    result, _ = play(scenario(steps))
    assert result.steps[0].detail == (
        f"as: b, payload_url: {DEAD}, events: [created], secret: [redacted], generation: v2, "
        "headers: {X-Token: [redacted]}"
    )
    placed = read("a", scenario(steps).encode(), {"CONSUMER_URL": DEAD}).steps[0]
    assert secret not in repr(placed)
    assert secret not in repr(placed.step)
    assert "t0ken" not in repr(placed)


def test_a_payload_is_sent_as_it_is(play: Play, scenario: Text, tmp_path: Path) -> None:
    (tmp_path / "body.bin").write_bytes(b'{"a": 1 ,\xff')
    steps = MADE + (
        "  - send: {event: candidate.status_changed, payload: {b: [1, null]}, candidate: ada}\n"
        "  - send: {payload: null}\n"
        "  - send: {event: candidate.rejected, data: body.bin, webhook: consumer 1}\n"
        "  - expect: {event: candidate.status_changed, candidate: ada, where: {'b[0]': 1}}\n"
        "  - expect: {event: test, answered: 2xx, count: 1}\n"
        "  - expect: {event: candidate.rejected, where: {a: 1}}\n"
    )
    result, receiver = play(scenario(steps), file=str(tmp_path / "given.yaml"))
    assert [request.body for request in receiver.requests[1:]] == [
        b'{"b":[1,null]}',
        b"null",
        b'{"a": 1 ,\xff',
    ]
    [message] = _messages(result)
    assert "x a: expected 1, got no JSON" in message
    assert all(one.message.is_deliberate for step in result.steps[2:5] for one in step.deliveries)


def test_a_payload_without_subscribers_fails_its_step(play: Play, scenario: Text) -> None:
    result, _ = play(scenario("  - send: {event: candidate.rejected, payload: {}}\n"))
    assert _messages(result) == ["no webhook subscribes to 'candidate.rejected'"]


def test_the_last_that_fits_is_redelivered_under_its_id(play: Play, scenario: Text) -> None:
    steps = MADE + (
        "  - invite: {as: ben, to: job}\n"
        "  - enroll: ada\n"
        "  - redeliver: {event: candidate.status_changed, candidate: ada}\n"
        "  - redeliver: {where: {data.candidateStatus: INVITED}, last: true}\n"
        "  - expect: {event: candidate.status_changed, attempt: 2, count: 2}\n"
    )
    result, receiver = play(scenario(steps))
    assert _messages(result) == []
    sent = [request.body for request in receiver.requests]
    assert sent[3:] == [sent[2], sent[1]]


def test_all_that_failed_is_redelivered(play: Play, scenario: Text) -> None:
    steps = MADE + (
        "  - wait: 1h\n"
        "  - enroll: ada\n"
        "  - redeliver: {failed_since: 30m}\n"
        "  - redeliver: {failed_since: 2h}\n"
        "  - redeliver: {failed_since: 2h}\n"
    )
    _, receiver = play(scenario(steps), statuses=(500, 500, 200))
    answers = [
        (request.payload["data"]["status"], request.answered) for request in receiver.requests
    ]
    assert answers == [
        ("INVITED", 500),
        ("ENROLLED", 500),
        ("ENROLLED", 200),
        ("INVITED", 200),
    ]


def test_nothing_to_redeliver_ends_the_scenario(play: Play, scenario: Text) -> None:
    steps = MADE + "  - redeliver: {event: candidate.rejected, candidate: ada}\n  - enroll: ada\n"
    result, _ = play(scenario(steps))
    [message] = _messages(result)
    assert message.startswith(
        "nothing to redeliver: no candidate.rejected of ada\n"
        "  no webhook subscribes to 'candidate.rejected'\n"
        "  nearest: delivery 1-1"
    )
    assert result.steps[-1].status == "skipped"


# --- the clock ------------------------------------------------------------------------------


def test_the_clock_is_set_forward_with_all_that_is_due_on_the_way(
    play: Play, scenario: Text
) -> None:
    steps = (
        "  - set_clock: 2025-05-01T12:00:00+02:00\n"
        + MADE
        + (
            "  - set_clock: 2025-06-15T00:00:00Z\n"
            "  - expect: {event: candidate.status_changed, count: 2}\n"
        )
    )
    result, _ = play(scenario(steps))
    assert _messages(result) == []
    at = [entry.at.isoformat() for entry in result.entries if entry.kind.startswith("candidate.")]
    assert at == ["2025-05-01T10:00:00+00:00", "2025-05-31T10:00:00+00:00"]


def test_the_clock_goes_not_back_while_something_waits(play: Play, scenario: Text) -> None:
    result, _ = play(scenario(MADE + "  - set_clock: 2025-06-15T00:00:00Z\n"))
    [message] = _messages(result)
    assert message.startswith("the clock can't go back while timers are set")


@pytest.mark.parametrize("year", [2025, 2095])
def test_a_real_clock_can_not_be_set(year: int, play: Play, scenario: Text) -> None:
    text = scenario(f"  - set_clock: {year}-06-15T00:00:00Z\n", head="clock: real\n")
    result, _ = play(text)
    assert _messages(result) == ["the clock is real; only a virtual clock can be set"]


# --- probe, capture -------------------------------------------------------------------------


class Consumer:
    """Accepts deliveries and returns their number, one more at each request."""

    def __init__(self) -> None:
        self.looks = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            self.looks += 1
            answer = JSONResponse({"looks": self.looks, "candidates": [{"id": "c-1"}]})
        else:
            answer = JSONResponse({})
        await answer(scope, receive, send)


def _played(text: str, tmp_path: Path) -> ScenarioResult:
    async def main() -> ScenarioResult:
        async with serving.serving(Consumer(), serving.listen("127.0.0.1", 0)) as url:
            known = {"CONSUMER_URL": url, "PYTHON": sys.executable}
            return await run(read(str(tmp_path / "a.yaml"), text.encode(), known))

    return asyncio.run(main())


def test_a_probe_looks_until_it_is_as_expected(scenario: Text, tmp_path: Path) -> None:
    expect = "expect: {status: 200, json: {looks: {at_least: 3}, 'candidates[0].id': c-1}}"
    steps = f'{MADE}  - probe: {{get: "${{CONSUMER_URL}}/x", {expect}, within: 30s}}\n'
    result = _played(scenario(steps), tmp_path)
    assert (result.verdict, _messages(result)) == ("passed", [])


def test_a_probe_that_is_not_as_expected_shows_each_field(scenario: Text, tmp_path: Path) -> None:
    expect = (
        "expect: {status: 404, json: {looks: 7, candidate: {any: true}}, body: {matches: nope}}"
    )
    steps = f'{MADE}  - probe: {{get: "http://127.0.0.1:1/", {expect}, within: 0s}}\n'
    steps += f'  - probe: {{get: "${{CONSUMER_URL}}/x", {expect}, within: 0s}}\n'
    result = _played(scenario(steps), tmp_path)
    nobody, wrong = _messages(result)
    assert nobody.startswith(
        "not as expected within 0ms: http://127.0.0.1:1/\n  x status: expected"
    )
    _, *fields = wrong.splitlines()
    assert fields == [
        "  x status: expected 404, got 200",
        '  x body: expected matches \'nope\', got \'{"looks":1,"candidates":[{"id":"c-1"}]}\'',
        "  x looks: expected 7, got 1",
        "  x candidate: expected any value, got absent, near: 'candidates'",
    ]


def test_a_probe_runs_a_command_in_the_folder_of_the_file(scenario: Text, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"done": [1, 2]}')
    script = "print(open('state.json').read()); raise SystemExit(3)"
    command = f'command: ["${{PYTHON}}", -c, "{script}"]'
    steps = MADE + (
        f"  - probe: {{{command}, expect: {{exit: 3, json: {{'done[1]': 2}}}}}}\n"
        f"  - probe: {{{command}, expect: {{exit: 3, stdout: {{matches: '^.*]}}$'}}}}}}\n"
        f"  - probe: {{{command}, expect: {{json: {{done: [1, 2]}}}}, within: 0s}}\n"
        "  - probe: {command: [no-such-program], expect: {exit: 0}, within: 0s}\n"
        "  - probe: {command: [echo, x], expect: {json: {a: 1}}, within: 0s}\n"
    )
    result = _played(scenario(steps), tmp_path)
    assert [message.splitlines()[1:] for message in _messages(result)] == [
        ["  x exit: expected 0, got 3", "  = done: [1,2]"],
        ["  x exit: expected 0, got can't be run: no such file or directory"],
        ["  = exit: 0", "  x a: expected 1, got no JSON"],
    ]


def test_probes_leave_no_trace_in_the_journal(scenario: Text, tmp_path: Path) -> None:
    probe = '  - probe: {get: "${CONSUMER_URL}/x", expect: {json: {looks: {at_least: %d}}}}\n'
    one = _played(scenario(MADE + probe % 1), tmp_path)
    other = _played(scenario(MADE + probe % 3), tmp_path)
    assert [entry.kind for entry in one.entries] == [entry.kind for entry in other.entries]


def test_a_value_is_captured_from_a_payload_a_look_and_a_command(
    scenario: Text, tmp_path: Path
) -> None:
    steps = MADE + (
        "  - capture: {as: LINK, from: {candidate: ada}, path: data.inviteLink}\n"
        '  - capture: {as: ID, get: "${CONSUMER_URL}/x", json: "candidates[0].id"}\n'
        '  - capture: {as: WORD, command: [echo, " twelve "]}\n'
        "  - capture: {as: TIME, from: {}, path: timestamp}\n"
        '  - send: {payload: {link: "${LINK}", id: "${ID}", word: "${WORD}!", time: ${TIME}}}\n'
        '  - expect: {event: test, where: {link: "${LINK}", id: c-1, word: twelve!, '
        "time: {at_least: 1767225600000}}, count: 1}\n"
    )
    result = _played(scenario(steps), tmp_path)
    assert (result.verdict, _messages(result)) == ("passed", [])
    assert result.steps[6].detail.startswith("payload: {link: ${LINK}, id: ${ID}")


def test_a_captured_value_overrides_a_set_value_after_its_step(play: Play, scenario: Text) -> None:
    steps = MADE + (
        "  - send: {payload: '${WHO}'}\n"
        "  - capture: {as: WHO, from: {event: candidate.status_changed}, path: data.firstName}\n"
        "  - send: {payload: '${WHO} ${WHO:-x}'}\n"
    )
    _, receiver = play(scenario(steps), variables={"WHO": "set"})
    name = receiver.requests[0].payload["data"]["firstName"]
    assert [request.payload for request in receiver.requests[1:]] == ["set", f"{name} {name}"]


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("from: {event: test}, path: data", "nothing to capture from: no test\n"),
        ("from: {}, path: data.x", "no 'data.x' in delivery 1-1 candidate.status_changed: absent"),
        ("from: {}, path: data.resultLink", "nothing at 'data.resultLink'; expected text"),
        ("from: {}, path: data", "no single value at 'data'; expected text"),
        ("command: [no-such-program], within: 0s", "nothing to capture within 0ms at no-such-pro"),
        ("command: ['false'], within: 0s", "nothing to capture within 0ms at false: exit 1"),
        (
            "command: [echo, x], json: a, within: 0s",
            "nothing to capture within 0ms at echo x: no J",
        ),
    ],
)
def test_a_capture_without_a_value_ends_the_scenario(
    capture: str, expected: str, play: Play, scenario: Text
) -> None:
    steps = f"{MADE}  - capture: {{as: X, {capture}}}\n  - send: {{payload: '${{X}}'}}\n"
    result, _ = play(scenario(steps))
    [message] = _messages(result)
    assert message.startswith(expected)
    assert result.steps[-1].status == "skipped"


def test_a_captured_value_that_does_not_fit_fails_its_step_at_its_place(
    play: Play, scenario: Text
) -> None:
    steps = MADE + "  - capture: {as: X, command: [echo, soon]}\n  - wait: ${X}\n"
    result, _ = play(scenario(steps))
    assert _messages(result) == [
        (
            "given.yaml:10:11: not a duration: 'soon'; expected a number and a unit, "
            "as in 150ms 10s 5m 2h 30d\n"
            "      - wait: ${X}\n"
            "              ^"
        )
    ]


def test_a_captured_name_has_to_be_known_when_it_is_used(play: Play, scenario: Text) -> None:
    steps = MADE + "  - capture: {as: X, command: [echo, adda]}\n  - enroll: ${X}\n"
    result, _ = play(scenario(steps))
    assert _messages(result) == ["no candidate 'adda'; near: 'ada'"]


# --- blocks ---------------------------------------------------------------------------------


def test_a_repeat_settles_after_each_step_and_counts_its_rounds(play: Play, scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - repeat:\n"
        "      times: 3\n"
        "      as: i\n"
        "      steps:\n"
        '        - invite: {as: "c${i}", to: job, first_name: "No ${i}"}\n'
        "        - expect: {event: candidate.status_changed, answered: 2xx, count: ${i}}\n"
        "  - enroll: c2\n"
        "  - expect: {event: candidate.status_changed, candidate: c2, count: 2}\n"
    )
    result, receiver = play(scenario(steps))
    assert _messages(result) == []
    names = [request.payload["data"]["firstName"] for request in receiver.requests]
    assert names == ["No 1", "No 2", "No 3", "No 2"]
    assert result.steps[1].detail == "times: 3, as: i, 2 steps"


def test_a_name_given_in_every_round_moves_on(play: Play, scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - repeat: {times: 2, steps: [{invite: {as: one, to: job}}, {enroll: one}]}\n"
        "  - start: one\n"
        "  - expect: {event: candidate.status_changed, candidate: one, count: 3}\n"
    )
    result, _ = play(scenario(steps))
    assert _messages(result) == []


def test_rounds_nest(play: Play, scenario: Text) -> None:
    steps = (
        "  - repeat:\n      times: 2\n      as: a\n      steps:\n"
        '        - repeat: {times: 2, as: b, steps: [{send: {payload: "${a}${b}"}}]}\n'
    )
    _, receiver = play(scenario(steps))
    assert [request.payload for request in receiver.requests] == ["11", "12", "21", "22"]


def test_a_failed_expectation_in_a_repeat_names_round_and_line_and_the_run_continues(
    play: Play, scenario: Text
) -> None:
    steps = (
        "  - repeat:\n      times: 2\n      as: i\n      steps:\n"
        "        - send: {payload: 1}\n"
        "        - expect: {event: test, count: 2}\n"
    )
    result, receiver = play(scenario(steps))
    assert _messages(result) == [
        (
            "round 1, line 12, expect: expected exactly 2 test; got 1\n"
            "  delivery 1-1 test, attempt 1: 200"
        )
    ]
    assert len(receiver.requests) == 2


def test_a_refused_command_in_a_repeat_ends_the_scenario(play: Play, scenario: Text) -> None:
    steps = MADE + (
        "  - repeat:\n      times: 2\n      steps:\n"
        "        - expect: {event: candidate.status_changed, count: 7}\n"
        "        - enroll: ada\n"
        "  - start: ada\n"
    )
    result, _ = play(scenario(steps))
    [message] = _messages(result)
    assert message.startswith("round 1, line 12, expect: expected exactly 7")
    last = message.splitlines()[-1]
    assert last.startswith("round 2, line 13, enroll: candidate ")
    assert last.endswith("is ENROLLED: 'enroll' is not legal; legal: disqualify, expire, start")
    assert result.steps[-1].status == "skipped"


def test_steps_in_parallel_are_done_in_their_order_before_anything_settles(
    play: Play, scenario: Text
) -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - parallel:\n"
        '      - repeat: {times: 20, as: i, steps: [{invite: {as: "c${i}", to: job}}]}\n'
        "      - invite: {as: last, to: job, first_name: Last}\n"
        "      - test_webhook: consumer 1\n"
        "  - expect: {event: candidate.status_changed, answered: 2xx, count: 21}\n"
        "  - enroll: last\n"
    )
    result, receiver = play(scenario(steps), delay=0.01)
    assert _messages(result) == []
    kinds = [entry.kind for entry in result.entries]
    assert kinds.index("attempt.started") > max(
        at for at, kind in enumerate(kinds[:60]) if kind == "candidate.invited"
    )
    assert len(receiver.requests) == 23
    # Lockstep again: the next step's attempts are one after the other.
    assert [delivery.event for delivery in result.steps[1].deliveries][-1] == "test"


def test_lockstep_is_back_after_parallel(play: Play, scenario: Text) -> None:
    more = (
        f"  - add_webhook: {{as: b{number}, payload_url: '${{CONSUMER_URL}}', events: [invited]}}\n"
        for number in range(4)
    )
    steps = "".join(more) + (
        "  - create_assessment: {as: job}\n"
        "  - parallel: [{send: {payload: 1}}, {send: {payload: 2}}]\n"
        "  - invite: {to: job}\n"
    )
    result, _ = play(scenario(steps), delay=0.005)
    last = [entry.kind for entry in result.entries if entry.kind.startswith("attempt.")][-10:]
    assert last == ["attempt.started", "attempt.finished"] * 5


def test_failures_in_parallel_are_reported_for_every_branch(play: Play, scenario: Text) -> None:
    steps = MADE + (
        "  - parallel:\n"
        "      - start: ada\n"
        "      - probe: {command: ['false'], expect: {exit: 0}, within: 0s}\n"
        "      - enroll: ada\n"
        "      - complete: ada\n"
    )
    result, receiver = play(scenario(steps))
    [message] = _messages(result)
    starts = [line[:24] for line in message.splitlines() if line.startswith("line")]
    assert starts == [
        "line 10, start: candidat",
        "line 11, probe: not as e",
        "line 13, complete: candi",
    ]
    assert len(receiver.requests) == 2


def test_the_expectations_in_blocks_count_as_evidence(play: Play, scenario: Text) -> None:
    inside = "{times: 1, steps: [{expect: {event: candidate.status_changed}}]}"
    result, _ = play(scenario(MADE + f"  - repeat: {inside}\n"))
    assert result.verdict == "passed"


# --- generations ----------------------------------------------------------------------------


def test_v2_delivers_signed_and_tries_again_on_the_virtual_clock(
    play: Play, scenario: Text
) -> None:
    steps = MADE + (
        "  - expect: {event: candidate.status_changed, answered: 2xx, within: 5s}\n"
        "  - expect: {event: candidate.status_changed, count: 2}\n"
    )
    result, receiver = play(scenario(steps, head="webhooks: v2\n"), statuses=(500, 200))
    assert _messages(result) == []
    assert all(request.header("svix-signature") for request in receiver.requests)
    attempts = [entry.at.second for entry in result.entries if entry.kind == "attempt.started"]
    assert attempts == [0, 5]


def test_a_fault_is_shown_as_in_the_file(play: Play, scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - fault: {duplicate: {times: 1}, on: {event: candidate.status_changed, attempt: 1}}\n"
        "  - invite: {as: ada, to: job}\n"
        "  - expect: {event: candidate.status_changed, candidate: ada, answered: 2xx, count: 2}\n"
        "  - clear_faults: {}\n"
    )
    result, receiver = play(scenario(steps))
    assert [step.status for step in result.steps] == ["passed"] * 5
    assert result.steps[1].detail == (
        "duplicate: {times: 1}, on: {event: candidate.status_changed, attempt: 1}"
    )
    assert len(receiver.requests) == 2


def test_a_fault_of_the_provider_api_is_set_with_its_route(play: Play, scenario: Text) -> None:
    steps = "  - fault: {api_error: {status: 429}, on: {route: inviteCandidates, nth: 1}}\n"
    result, _ = play(scenario(steps))
    [fault] = [entry.data.fault for entry in result.entries if isinstance(entry.data, FaultSet)]
    on = faults.CallMatch(route="POST /v1/assessment/candidate/invites", nth=1)
    assert fault == faults.ApiError(status=429, on=on)


def test_a_payload_that_a_fault_changed_is_shown_as_sent(play: Play, scenario: Text) -> None:
    """Expectations and captures use the body that the consumer received, not the original."""
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - fault: {mutate: {set: {data.email: 3}}, on: {event: candidate.status_changed}}\n"
        "  - invite: {as: ada, to: job, email: ada@example.com}\n"
        "  - expect: {event: candidate.status_changed, where: {data.email: 3}, count: 1}\n"
        "  - expect: {event: candidate.status_changed, count: 0, "
        "where: {data.email: ada@example.com}}\n"
        "  - capture: {as: SENT, from: {event: candidate.status_changed}, path: data.email}\n"
        "  - expect: {event: candidate.status_changed, where: {data.email: '${SENT}'}, count: 0}\n"
        "  - clear_faults: {}\n"
        "  - fault: {corrupt: {how: invalid_utf8}}\n"
        "  - enroll: ada\n"
        "  - expect: {event: candidate.status_changed, where: {data.status: ENROLLED}, count: 0}\n"
    )
    result, receiver = play(scenario(steps))
    assert [(step.status, step.message) for step in result.steps] == [("passed", "")] * 11
    assert receiver.requests[0].payload["data"]["email"] == 3


def test_fields_are_found_by_name(play: Play, scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job, title: Cook}\n"
        "  - invite: {as: ada, to: job, email: ada@example.com}\n"
        "  - expect: {event: candidate.status_changed, fields: {candidateStatus: INVITED, "
        "email: {matches: ada}, assessment: Cook}}\n"
        "  - capture: {as: PERSON, from: {candidate: ada}, field: candidateId}\n"
        "  - expect: {event: candidate.status_changed, fields: {candidateId: '${PERSON}', "
        "firstName: Nobody}}\n"
    )
    result, receiver = play(scenario(steps))
    assert [step.status for step in result.steps[:4]] == ["passed"] * 4
    data = receiver.requests[0].payload["data"]
    assert result.steps[4].message.startswith(
        "expected at least 1 candidate.status_changed with "
        f"candidateId {data['candidateId']!r}, firstName 'Nobody'; got 0"
    )
    assert f"x firstName: expected 'Nobody', got {data['firstName']!r}" in result.steps[4].message
