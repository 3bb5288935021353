from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.domain import assessment, candidate
from emulator.domain.commands import moving
from emulator.domain.lifecycle import NEW
from emulator.scenario.dry_run import refusals
from emulator.scenario.loading import read
from emulator.scenario.steps.step import Step
from emulator.scenario.steps.table import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.domain.lifecycle import Lifecycle

    Text = Callable[..., str]

MADE = "  - create_assessment: {as: job}\n  - invite: {as: ada, to: job}\n"
VARIABLES = {"CONSUMER_URL": "http://127.0.0.1:9"}


def _problems(text: str) -> list[str]:
    """Return line and message of each problem."""
    said = refusals(read("a.yaml", text.encode(), VARIABLES)).splitlines()
    return [line.removeprefix("a.yaml:") for line in said if line.startswith("a.yaml:")]


def _step(lifecycle: Lifecycle, verb: str) -> str:
    if verb == "create":
        return "create_assessment: {as: x}"
    if verb == "schedule":
        return "invite: {as: x, to: job, scheduled: 1d}"
    if verb == "invite":
        return "invite: {as: x, to: job}" if lifecycle is candidate.LIFECYCLE else "invite: {to: x}"
    return f"{moving(lifecycle.subject, verb).name}: x"


def _way(lifecycle: Lifecycle, state: str) -> list[str]:
    """Return the commands of a shortest way to *state*."""
    ways: dict[str, list[str]] = {NEW: []}
    while state not in ways:
        for row in lifecycle.rows:
            if row.state in ways:
                ways.setdefault(row.next_state, [*ways[row.state], row.command])
    return ways[state]


@pytest.mark.parametrize("lifecycle", [candidate.LIFECYCLE, assessment.LIFECYCLE])
def test_a_command_is_a_problem_exactly_where_the_table_has_no_row(
    lifecycle: Lifecycle, scenario: Text
) -> None:
    for state in lifecycle.states:
        for command in lifecycle.commands:
            if command == "invite" and lifecycle is candidate.LIFECYCLE:
                continue
            commands = [*_way(lifecycle, state), command]
            lines = [f"  - {_step(lifecycle, one)}" for one in commands]
            if lifecycle is candidate.LIFECYCLE:
                lines.insert(0, "  - create_assessment: {as: job}")
            problems = _problems(scenario("\n".join(lines) + "\n"))
            legal = lifecycle.legal(state)
            if command in legal:
                assert problems == []
            else:
                named = ", ".join(sorted(legal)) or "none"
                at = f"{6 + len(lines)}:5: {lifecycle.subject} x is {state}: {command!r}"
                assert problems == [f"{at} is not legal; legal: {named}"]


def test_the_line_has_its_caret(scenario: Text) -> None:
    text = scenario(MADE + "  - start: ada\n")
    assert refusals(read("a.yaml", text.encode(), VARIABLES)) == (
        "a.yaml:9:5: candidate ada is INVITED: 'start' is not legal; legal: enroll, expire\n"
        "      - start: ada\n"
        "        ^"
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("  - wait: 30d\n", True),
        ("  - wait: 29d\n", False),
        ("  - wait: 29d\n  - wait: 24h\n", True),
        ("  - set_clock: 2026-01-31T00:00:00Z\n", True),
        ("  - set_clock: 2026-01-30T23:59:59Z\n", False),
        ("  - expect_none: {event: candidate.rejected, for: 30d}\n", True),
        # It stops at the match, so the state is unknown.
        ("  - expect: {event: candidate.invitation_expired, within: 30d}\n", False),
        ("  - repeat: {times: 30, steps: [{wait: 1d}]}\n", True),
    ],
)
def test_an_invitation_runs_out_when_its_time_is_over(
    before: str, expected: bool, scenario: Text
) -> None:
    problems = _problems(scenario(MADE + before + "  - enroll: ada\n"))
    assert bool(problems) is expected
    assert all("ada is INVITATION_EXPIRED" in problem for problem in problems)


def test_the_validity_is_that_of_the_assessment_at_the_invitation(scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job, validity_days: 2}\n"
        "  - invite: {as: ada, to: job}\n"
        "  - update_assessment: {assessment: job, validity_days: 3}\n"
        "  - invite: {as: ben, to: job}\n"
        "  - wait: 2d\n"
        "  - enroll: ada\n"
        "  - enroll: ben\n"
    )
    assert [problem.partition(": ")[2][:13] for problem in _problems(scenario(steps))] == [
        "candidate ada"
    ]


def test_an_enrolled_candidate_does_not_expire(scenario: Text) -> None:
    assert _problems(scenario(MADE + "  - enroll: ada\n  - wait: 60d\n  - start: ada\n")) == []


@pytest.mark.parametrize(
    "step",
    [
        "  - parallel: [{enroll: ada}]\n",
        "  - parallel: [{repeat: {times: 2, steps: [{enroll: ada}]}}]\n",
        "  - capture: {as: X, command: [echo, ada]}\n  - enroll: ${X}\n",
        "  - capture: {as: X, command: [pwd]}\n  - complete: {candidate: ada, score: '${X}'}\n",
        "  - capture: {as: X, command: [echo, 40d]}\n  - wait: ${X}\n",
    ],
)
def test_an_unknown_state_is_not_reported_as_a_problem(step: str, scenario: Text) -> None:
    assert _problems(scenario(MADE + step + "  - start: ada\n")) == []


def test_names_given_in_parallel_are_unknown(scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - parallel: [{invite: {as: ada, to: job}}, {create_assessment: {as: other}}]\n"
        "  - start: ada\n"
        "  - unarchive_assessment: other\n"
    )
    assert _problems(scenario(steps)) == []


def test_each_round_of_a_repeat_is_checked_and_reported_once(scenario: Text) -> None:
    steps = "  - repeat: {times: 3, steps: [{publish: job}]}\n"
    [problem] = _problems(scenario(MADE + steps))
    assert problem.startswith("9:33: assessment job is SUBSCRIBED: 'publish'")


def test_a_subject_has_at_most_one_problem(scenario: Text) -> None:
    assert len(_problems(scenario(MADE + "  - start: ada\n  - complete: ada\n"))) == 1


def test_a_webhook_that_was_removed_is_not_reached_any_more(scenario: Text) -> None:
    steps = (
        "  - add_webhook: {as: b, payload_url: 'http://127.0.0.1:9', events: [invited]}\n"
        "  - remove_webhook: b\n"
        "  - test_webhook: b\n"
        "  - send: {payload: {}, webhook: b}\n"
        "  - expect: {event: test, webhook: b, count: 0}\n"
    )
    assert _problems(scenario(steps)) == [
        "9:5: the webhook 'b' is removed at line 8",
        "10:5: the webhook 'b' is removed at line 8",
    ]


def test_a_real_clock_can_not_be_set(scenario: Text) -> None:
    text = scenario("  - set_clock: 2026-01-31T00:00:00Z\n", head="clock: real\n")
    assert _problems(text) == ["8:5: the clock is real; only a virtual clock can be set"]


@pytest.mark.parametrize("name", STEPS)
def test_each_step_defines_how_much_of_it_is_known_before_a_run(name: str) -> None:
    assert STEPS[name].dry_run is not Step.dry_run
    assert set(STEPS[name].changes.values()) <= {"assessment", "candidate", "webhook"}


ADA_TWICE = (
    "  - create_assessment: {as: job}\n"
    "  - invite: {as: ada, to: job, email: ada@example.com}\n"
    "%s"
    "  - invite: {as: again, to: job, email: Ada@example.com}\n"
)


def test_a_second_invitation_is_refused_while_the_first_is_open(scenario: Text) -> None:
    assert _problems(scenario(ADA_TWICE % "")) == [
        "9:5: 'ada@example.com' is already invited to job: ada, INVITED"
    ]


@pytest.mark.parametrize(
    "between",
    [
        "  - expire: ada\n",
        "  - wait: 30d\n",
        "  - parallel: [{expire: ada}]\n",
        "  - expect: {event: candidate.invitation_expired, within: 30d}\n",
        "  - capture: {as: X, command: [echo, ada]}\n  - expire: ${X}\n",
    ],
)
def test_a_second_invitation_may_follow_a_first_that_may_be_over(
    between: str, scenario: Text
) -> None:
    assert _problems(scenario(ADA_TWICE % between)) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            "  - send: {event: invited, payload: {}}\n",
            "7:5: no webhook subscribes to 'candidate.invited'",
        ),
        (
            "  - remove_webhook: consumer 1\n  - redeliver: {webhook: consumer 1}\n",
            "8:5: the webhook 'consumer 1' is removed at line 7",
        ),
        (
            (
                "  - remove_webhook: consumer 1\n"
                "  - fault: {duplicate: {copies: 1}, on: {webhook: consumer 1}}\n"
            ),
            "8:5: the webhook 'consumer 1' is removed at line 7",
        ),
        (
            "  - edit_webhook: {webhook: consumer 1, generation: v2, secret: weak}\n",
            (
                "7:65: not a secret to sign with; expected 'whsec_' and a key in base64"
                " with its padding"
            ),
        ),
        (
            "  - create_assessment: {as: job, tests: [Alchemy]}\n",
            "7:5: no test 'Alchemy' in the library",
        ),
        (
            "  - create_assessment: {as: job, settings: {titleSlug: a b}}\n",
            "7:56: expected 'str' matching regex '^[A-Za-z0-9_-]{0,200}$'",
        ),
        (
            "  - repeat: {times: 8, steps: [{wait: 3650d}]}\n",
            ("7:33: out of range: '2105-12-13T00:00:00+00:00'; expected a year from 2002 to 2099"),
        ),
        (
            f"{MADE}  - set_clock: 2025-12-31T00:00:00Z\n",
            "9:5: the clock can't go back while timers are set; reset first",
        ),
    ],
)
def test_each_refusal_of_a_command_is_reported(steps: str, expected: str, scenario: Text) -> None:
    assert _problems(scenario(steps)) == [expected]


TOO_MANY_POINTS = (
    f"{MADE}  - enroll: ada\n  - start: ada\n  - complete: {{candidate: ada, score: 99}}\n"
)


def test_a_problem_that_depends_on_chance_is_reported_if_the_file_has_a_seed(
    scenario: Text,
) -> None:
    [problem] = _problems(scenario(TOO_MANY_POINTS))
    assert problem.startswith("11:39: a score of 99 needs an 'of'; this assessment has ")
    assert _problems(scenario(TOO_MANY_POINTS).replace("seed: 7\n", "")) == []


def test_a_problem_that_depends_on_chance_is_unknown_after_assessments_in_any_order(
    scenario: Text,
) -> None:
    assert _problems(scenario("  - parallel: [{create_assessment: {}}]\n" + TOO_MANY_POINTS)) == []


@pytest.mark.parametrize(
    "unknown",
    [
        "  - parallel: [{edit_webhook: {webhook: consumer 1, events: [invited]}}]\n",
        (
            "  - capture: {as: X, command: [pwd]}\n"
            "  - add_webhook: {payload_url: 'http://127.0.0.1:${X}', events: [invited]}\n"
        ),
    ],
)
def test_subscriptions_are_unknown_after_unknown_webhooks(unknown: str, scenario: Text) -> None:
    assert _problems(scenario(unknown + "  - send: {event: invited, payload: {}}\n")) == []


SCHEDULED = "  - create_assessment: {as: job}\n  - invite: {as: ada, to: job, scheduled: %s}\n"


def test_a_scheduled_invitation_goes_out_when_its_time_has_come(scenario: Text) -> None:
    steps = SCHEDULED % "1d"
    assert _problems(scenario(f"{steps}  - wait: 24h\n  - enroll: ada\n")) == []
    [problem] = _problems(scenario(f"{steps}  - wait: 23h\n  - enroll: ada\n"))
    assert problem == "10:5: candidate ada is SCHEDULED: 'enroll' is not legal; legal: invite"
    [problem] = _problems(scenario(f"{steps}  - wait: 31d\n  - enroll: ada\n"))
    assert problem.startswith("10:5: candidate ada is INVITATION_EXPIRED")


def test_on_a_real_clock_the_steps_take_time(scenario: Text) -> None:
    enroll = "  - enroll: ada\n"
    assert _problems(scenario(SCHEDULED % "2s" + enroll, head="clock: real\n")) == []
    assert _problems(scenario(SCHEDULED % "2h" + enroll, head="clock: real\n")) != []


def test_a_time_that_was_uncertain_for_seconds_stays_known_by_days(scenario: Text) -> None:
    steps = (
        f"{MADE}"
        "  - expect: {event: candidate.status_changed, within: 5s}\n"
        "  - set_clock: 2026-01-31T00:00:%sZ\n"
        "  - enroll: ada\n"
    )
    assert _problems(scenario(steps % "04")) == []
    assert len(_problems(scenario(steps % "05"))) == 1
