"""The bundled scenarios, each over a real socket."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from emulator import data
from emulator.domain import assessment, candidate, fidelity
from emulator.domain.lifecycle import NEW
from emulator.receiver import Receiver
from emulator.scenario.discovery import bundled, read_all
from emulator.scenario.dry_run import refusals
from emulator.scenario.run import run
from emulator.workspace.canonical import canonical
from emulator.workspace.entry_data import AssessmentChanged, CandidateChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.domain.lifecycle import Lifecycle
    from emulator.scenario.result import ScenarioResult

NAMES = [one.name for one in bundled()]


def _body(name: str) -> bytes:
    return (data.scenarios() / f"{name}.yaml").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_scenario_passes_and_two_runs_have_the_same_canonical_journal(
    name: str, play: Callable[..., tuple[ScenarioResult, Receiver]]
) -> None:
    (one, first), (other, second) = play(_body(name)), play(_body(name))
    assert (one.verdict, one.reason, one.exit_code) == ("passed", "", 0)
    assert {step.status for step in one.steps} == {"passed"}
    assert len(first.requests) == len(second.requests) > 0
    assert first.url != second.url
    assert canonical(one.entries) == canonical(other.entries)
    bodies = [[request.body for request in receiver.requests] for receiver in (first, second)]
    if b"parallel:" in _body(name):  # many in flight: they come as they come
        bodies = [sorted(body) for body in bodies]
    assert bodies[0] == bodies[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", [one for one in NAMES if b"${WEBHOOKS:-v1}" in _body(one)])
def test_a_bundled_scenario_that_is_not_about_v1_alone_runs_in_v2(
    name: str, play: Callable[..., tuple[ScenarioResult, Receiver]]
) -> None:
    result, receiver = play(_body(name), variables={"WEBHOOKS": "v2"})
    assert (result.verdict, result.reason) == ("passed", "")
    assert all(request.header("svix-signature") for request in receiver.requests)


def test_few_bundled_scenarios_are_only_about_v1() -> None:
    assert {name for name in NAMES if b"\nwebhooks: " not in _body(name)} == {
        "candidate-is-rejected-after-completion-and-rescored",
        "candidate-is-scored-again-after-completion",
        "failed-deliveries-are-sent-again",
        "irregular-assessments",
        "irregular-envelopes",
        "irregular-links",
        "irregular-scores-and-times",
        "result-link-comes-late",
    }


_IN_A_PROCESS = """
import asyncio, hashlib
from emulator.receiver import Receiver
from emulator.scenario.discovery import read_all
from emulator.scenario.run import run
from emulator.workspace.canonical import canonical

async def main():
    async with Receiver() as receiver:
        (scenario,) = read_all(["invitation-expires"], {"CONSUMER_URL": receiver.url})
        return canonical((await run(scenario)).entries)

print(hashlib.sha256(asyncio.run(main())).hexdigest())
"""


@pytest.mark.slow
def test_another_process_has_the_same_canonical_journal() -> None:
    """Sets are hashed anew in each process, and must not show."""
    digests = set()
    for hash_seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        digests.add(
            subprocess.run(
                [sys.executable, "-c", _IN_A_PROCESS],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
    assert len(digests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_consumer_that_is_not_there_is_no_pass(name: str) -> None:
    (scenario,) = read_all([name], {"CONSUMER_URL": "http://127.0.0.1:1/hook"})
    result = asyncio.run(run(scenario))
    assert (result.verdict, result.exit_code) == ("no_evidence", 2)
    assert result.reason == "the consumer never answered: refused"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_consumer_that_answers_500_fails(
    name: str, play: Callable[..., tuple[ScenarioResult, Receiver]]
) -> None:
    result, _ = play(_body(name), statuses=(500,))
    assert (result.verdict, result.exit_code) == ("failed", 1)
    failed = [step for step in result.steps if step.status == "failed"]
    assert {step.name for step in failed} == {"expect"}
    assert any("answered: expected 2xx, got 500" in step.message for step in failed)


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_scenario_starts_with_its_description(name: str) -> None:
    first, second, *rest = _body(name).decode().splitlines()
    assert first == "# yaml-language-server: $schema=../schemas/scenario.json"
    assert second.startswith("# Shows ")
    assert next(line for line in rest if not line.startswith("#")).startswith("scenario: ")
    [scenario] = read_all([name], {"CONSUMER_URL": "http://127.0.0.1:9"})
    assert scenario.document.description
    assert [one.payload_url for one in scenario.document.consumer] == ["http://127.0.0.1:9"]


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_scenario_is_legal(name: str) -> None:
    [scenario] = read_all([name], {"CONSUMER_URL": "http://127.0.0.1:9"})
    assert refusals(scenario) == ""


# --- every path through both lifecycles ------------------------------------------------------


def _paths(lifecycle: Lifecycle) -> set[tuple[str, ...]]:
    """Return the commands of every way from the beginning to an end, each state seen once."""
    found: set[tuple[str, ...]] = set()

    def walk(state: str, seen: frozenset[str], commands: tuple[str, ...]) -> None:
        onward = [
            row for row in lifecycle.rows if row.state == state and row.next_state not in seen
        ]
        if not any(row for row in lifecycle.rows if row.state == state != row.next_state):
            found.add(commands)
        for row in onward:
            walk(row.next_state, seen | {row.next_state}, (*commands, row.command))

    walk(NEW, frozenset({NEW}), ())
    return found


@functools.cache
def _walked() -> dict[str, list[list[tuple[str, str, str]]]]:
    """Return, by kind of subject, the transitions in the scenarios: state, command, next state."""
    walks: dict[str, list[list[tuple[str, str, str]]]] = {"assessment": [], "candidate": []}

    async def main() -> None:
        async with Receiver() as receiver:
            for scenario in read_all(NAMES, {"CONSUMER_URL": receiver.url}):
                subjects: dict[str, list[tuple[str, str, str]]] = {}
                is_moved = False  # the entry before: an invitation that moved its assessment
                for entry in (await run(scenario)).entries:
                    if not isinstance(entry.data, AssessmentChanged | CandidateChanged):
                        continue
                    record = getattr(entry.data, entry.kind.partition(".")[0])
                    rows = subjects.setdefault(record.id, [])
                    if entry.kind == "candidate.invited" and not is_moved:
                        # A further invitation leaves its assessment as it is, without an entry.
                        to = subjects[record.assessment_id]
                        to.append((to[-1][2], "invite", to[-1][2]))
                    is_moved = entry.kind == "assessment.moved"
                    before = rows[-1][2] if rows else NEW
                    rows.append((before, entry.data.command, record.state))
                for rows in subjects.values():
                    kind = "assessment" if rows[0][1] == "create" else "candidate"
                    walks[kind].append(rows)

    asyncio.run(main())
    return walks


LIFECYCLES = [candidate.LIFECYCLE, assessment.LIFECYCLE]


@pytest.mark.slow
@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda one: one.subject)
def test_every_path_through_a_lifecycle_has_a_scenario(lifecycle: Lifecycle) -> None:
    walked = {
        tuple(command for before, command, after in rows if before != after)
        for rows in _walked()[lifecycle.subject]
    }
    paths = _paths(lifecycle)
    assert len(paths) >= 5
    assert paths - walked == set()


@pytest.mark.slow
@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda one: one.subject)
def test_every_documented_row_of_a_lifecycle_has_a_scenario(lifecycle: Lifecycle) -> None:
    walked = {row for rows in _walked()[lifecycle.subject] for row in rows}
    documented = [row for row in lifecycle.rows if row.provenance == "documented"]
    assert {(row.state, row.command, row.next_state) for row in documented} - walked == set()


NOT_SHOWN = {
    "v1.key-order": "a path finds a value wherever it stands",
}
"""Irregularities that no scenario can show, and why."""


@pytest.mark.parametrize("fact", fidelity.facts().irregularities, ids=lambda fact: fact.id)
def test_every_irregularity_that_a_value_can_show_has_a_scenario(fact: fidelity.Fact) -> None:
    shown = {name for name in NAMES if re.search(rf"{fact.id}\b(?!-)", _head(name))}
    assert bool(shown) is (fact.id not in NOT_SHOWN)


def _head(name: str) -> str:
    return "\n".join(line for line in _body(name).decode().splitlines() if line.startswith("#"))


@pytest.mark.slow
def test_five_hundred_completions_are_in_flight_side_by_side(
    play: Callable[..., tuple[ScenarioResult, Receiver]],
) -> None:
    result, _ = play(_body("five-hundred-complete-at-once"))
    started = finished = most = 0
    for entry in result.entries:
        started += entry.kind == "attempt.started"
        finished += entry.kind == "attempt.finished"
        most = max(most, started - finished)
    assert (started, finished) == (500, 500)
    assert most > 1


def test_an_invitation_expires_by_itself_when_it_is_due(
    play: Callable[..., tuple[ScenarioResult, Receiver]],
) -> None:
    result, _ = play(_body("invitation-expires"))
    moved = [entry for entry in result.entries if entry.kind == "candidate.moved"]
    assert [entry.at.isoformat() for entry in moved] == ["2026-01-31T00:00:00+00:00"]
    assert not any(step.name == "expire" for step in result.steps)
