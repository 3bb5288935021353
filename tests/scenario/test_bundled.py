"""The bundled scenarios, each over a real socket."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from emulator import data
from emulator.scenario.library import bundled, read_all
from emulator.scenario.run import run
from emulator.workspace.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.receiver import Receiver
    from emulator.scenario.result import Result

NAMES = [one.name for one in bundled()]


def _body(name: str) -> bytes:
    return (data.scenarios() / f"{name}.yaml").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_scenario_passes_against_a_consumer_that_accepts(
    name: str, play: Callable[..., tuple[Result, Receiver]]
) -> None:
    result, receiver = play(_body(name))
    assert (result.verdict, result.reason, result.exit_code) == ("passed", "", 0)
    assert {step.status for step in result.steps} == {"passed"}
    assert len(receiver.requests) == sum(len(step.deliveries) for step in result.steps) > 0


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_have_the_same_canonical_journal(
    name: str, play: Callable[..., tuple[Result, Receiver]]
) -> None:
    (one, first), (other, second) = play(_body(name)), play(_body(name))
    assert first.url != second.url
    assert canonical(one.entries) == canonical(other.entries)
    assert [one.body for one in first.requests] == [one.body for one in second.requests]


_IN_A_PROCESS = """
import asyncio, hashlib
from emulator.receiver import Receiver
from emulator.scenario.library import read_all
from emulator.scenario.run import run
from emulator.workspace.canonical import canonical

async def main():
    async with Receiver() as receiver:
        (scenario,) = read_all(["invitation-expires"], {"CONSUMER_URL": receiver.url})
        return canonical((await run(scenario)).entries)

print(hashlib.sha256(asyncio.run(main())).hexdigest())
"""


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


@pytest.mark.parametrize("name", NAMES)
def test_a_consumer_that_is_not_there_is_no_pass(name: str) -> None:
    (scenario,) = read_all([name], {"CONSUMER_URL": "http://127.0.0.1:1/hook"})
    result = asyncio.run(run(scenario))
    assert (result.verdict, result.exit_code) == ("no_evidence", 2)
    assert result.reason == "the consumer never answered: refused"


@pytest.mark.parametrize("name", NAMES)
def test_a_consumer_that_answers_500_fails(
    name: str, play: Callable[..., tuple[Result, Receiver]]
) -> None:
    result, _ = play(_body(name), statuses=(500,))
    assert (result.verdict, result.exit_code) == ("failed", 1)
    failed = [step for step in result.steps if step.status == "failed"]
    assert {step.name for step in failed} == {"expect"}
    assert all("answered: expected 2xx, came 500" in step.message for step in failed)


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_scenario_starts_with_what_it_shows(name: str) -> None:
    lines = _body(name).decode().splitlines()
    assert lines[0].startswith("# ")
    assert next(line for line in lines if not line.startswith("#")).startswith("scenario: ")


def test_an_invitation_expires_by_itself_when_it_is_due(
    play: Callable[..., tuple[Result, Receiver]],
) -> None:
    result, _ = play(_body("invitation-expires"))
    moved = [entry for entry in result.entries if entry.kind == "candidate.moved"]
    assert [entry.at.isoformat() for entry in moved] == ["2026-01-31T00:00:00+00:00"]
    assert not any(step.name == "expire" for step in result.steps)
