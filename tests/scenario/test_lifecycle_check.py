from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.domain import assessment, candidate
from emulator.domain.lifecycle import NEW
from emulator.scenario.lifecycle_check import illegal
from emulator.scenario.loading import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.domain.lifecycle import Lifecycle

    Text = Callable[..., str]

MADE = "  - create_assessment: {as: job}\n  - invite: {as: ada, to: job}\n"
VARIABLES = {"CONSUMER_URL": "http://127.0.0.1:9"}


def _told(text: str) -> list[str]:
    """Return line and message of each problem."""
    said = illegal(read("a.yaml", text.encode(), VARIABLES)).splitlines()
    return [line.removeprefix("a.yaml:") for line in said if line.startswith("a.yaml:")]


_STEPS = {
    "update": "update_assessment: x",
    "publish": "publish: x",
    "archive": "archive_assessment: x",
    "unarchive": "unarchive_assessment: x",
    "delete": "delete_assessment: x",
    "create": "create_assessment: {as: x}",
}


def _step(lifecycle: Lifecycle, command: str) -> str:
    if command == "schedule":
        return "invite: {as: x, to: job, scheduled: 1d}"
    if command == "invite":
        return "invite: {as: x, to: job}" if lifecycle is candidate.LIFECYCLE else "invite: {to: x}"
    return (
        _STEPS.get(command, f"{command}: x")
        if lifecycle is assessment.LIFECYCLE
        else (f"{command}: x")
    )


def _way(lifecycle: Lifecycle, state: str) -> list[str]:
    """Return the commands of a shortest way to *state*."""
    ways: dict[str, list[str]] = {NEW: []}
    while state not in ways:
        for row in lifecycle.rows:
            if row.state in ways:
                ways.setdefault(row.next_state, [*ways[row.state], row.command])
    return ways[state]


@pytest.mark.parametrize("lifecycle", [candidate.LIFECYCLE, assessment.LIFECYCLE])
def test_a_command_is_complained_of_exactly_where_the_table_has_no_row(
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
            told = _told(scenario("\n".join(lines) + "\n"))
            legal = lifecycle.legal(state)
            if command in legal:
                assert told == []
            else:
                named = ", ".join(sorted(legal)) or "none"
                at = f"{6 + len(lines)}:5: {lifecycle.subject} x is {state}: {command!r}"
                assert told == [f"{at} is not legal; legal: {named}"]


def test_the_line_has_its_caret(scenario: Text) -> None:
    text = scenario(MADE + "  - start: ada\n")
    assert illegal(read("a.yaml", text.encode(), VARIABLES)) == (
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
        # It stops at the match, so nobody knows.
        ("  - expect: {event: candidate.invitation_expired, within: 30d}\n", False),
        ("  - repeat: {times: 30, steps: [{wait: 1d}]}\n", True),
    ],
)
def test_an_invitation_runs_out_when_its_time_is_over(
    before: str, expected: bool, scenario: Text
) -> None:
    told = _told(scenario(MADE + before + "  - enroll: ada\n"))
    assert bool(told) is expected
    assert all("ada is INVITATION_EXPIRED" in one for one in told)


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
    assert [one.partition(": ")[2][:13] for one in _told(scenario(steps))] == ["candidate ada"]


def test_who_enrolled_does_not_run_out(scenario: Text) -> None:
    assert _told(scenario(MADE + "  - enroll: ada\n  - wait: 60d\n  - start: ada\n")) == []


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
def test_what_can_not_be_known_is_not_complained_of(step: str, scenario: Text) -> None:
    assert _told(scenario(MADE + step + "  - start: ada\n")) == []


def test_names_given_in_parallel_are_unknown(scenario: Text) -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - parallel: [{invite: {as: ada, to: job}}, {create_assessment: {as: other}}]\n"
        "  - start: ada\n"
        "  - unarchive_assessment: other\n"
    )
    assert _told(scenario(steps)) == []


def test_each_round_of_a_repeat_is_looked_at_and_told_once(scenario: Text) -> None:
    steps = "  - repeat: {times: 3, steps: [{publish: job}]}\n"
    [told] = _told(scenario(MADE + steps))
    assert told.startswith("9:33: assessment job is SUBSCRIBED: 'publish'")


def test_one_complaint_a_subject_is_enough(scenario: Text) -> None:
    assert len(_told(scenario(MADE + "  - start: ada\n  - complete: ada\n"))) == 1


def test_a_webhook_that_was_removed_is_not_reached_any_more(scenario: Text) -> None:
    steps = (
        "  - add_webhook: {as: b, payload_url: 'http://127.0.0.1:9', events: [invited]}\n"
        "  - remove_webhook: b\n"
        "  - test_webhook: b\n"
        "  - send: {payload: {}, webhook: b}\n"
        "  - expect: {event: test, webhook: b, count: 0}\n"
    )
    assert _told(scenario(steps)) == [
        "9:5: the webhook 'b' is removed at line 8",
        "10:5: the webhook 'b' is removed at line 8",
    ]


def test_a_real_clock_can_not_be_set(scenario: Text) -> None:
    text = scenario("  - set_clock: 2026-01-31T00:00:00Z\n", head="clock: real\n")
    assert _told(text) == ["8:5: the clock is real; only a virtual one can be set"]
