"""``--linger``: whether the consumer still answers some time after the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.consumers.dying import Dying

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.conftest import Cli

GONE = "the consumer no longer answers: "


def test_test_names_the_last_requests_before_the_consumer_ended(cli: Cli) -> None:
    only = ("--only", "accepts.candidate.completed", "--only", "withstands.linger")
    with Dying() as dying:
        code, out, err = cli("test", dying.url, "--linger", "100ms", *only)
    assert (code, err) == (1, "")
    assert "✗ withstands.linger  still answers some time after the last request" in out
    assert GONE in out
    assert "sent before: candidate.completed by accepts.candidate.completed" in out


def test_run_looks_at_the_consumer_after_the_last_scenario(cli: Cli, tmp_path: Path) -> None:
    with Dying() as dying:
        code, out, err = cli(
            "run", "candidate-completes", "--url", dying.url, "--linger", "100ms",
            "--report", str(tmp_path),
        )  # fmt: skip
    assert (code, err) == (1, "")
    assert "✗ withstands.linger  still answers some time after the last request" in out
    report = json.loads((tmp_path / "report.json").read_text())
    scenario, check = report["results"]["tests"]
    assert (scenario["status"], check["status"]) == ("passed", "failed")
    assert check["message"].startswith(GONE)
    assert "sent before: " in check["message"]
    assert "candidate.status_changed by " in check["message"]


def test_run_names_the_scenario_that_found_the_consumer_gone(cli: Cli) -> None:
    with Dying() as dying:
        ran = cli("run", "candidate-completes", "invitation-expires", "--url", dying.url)
    assert ran.code == 1
    assert "2 scenarios: 1 passed, 1 failed" in ran.out
    assert f"FAILED: {GONE}refused; sent before: candidate." in ran.out


def test_a_consumer_that_still_answers_passes(
    cli: Cli, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    receiver = consumer()
    ran = cli(
        "run", "candidate-completes", "--url", receiver.url, "--linger", "10ms",
        "--report", str(tmp_path),
    )  # fmt: skip
    assert ran.code == 0, ran.out
    assert "✓ withstands.linger" in ran.out
    assert json.loads(receiver.requests[-1].body) == {}


@pytest.mark.parametrize("verb", [("test",), ("run", "candidate-completes", "--url")])
def test_a_time_without_a_unit_is_a_wrong_call(cli: Cli, verb: tuple[str, ...]) -> None:
    ran = cli(*verb, "http://127.0.0.1:9/", "--linger", "200")
    assert ran.code == 2
    assert ran.err.startswith("error: not a duration: '200'; expected a number and a unit")
    assert "(at --linger)" in ran.err


def test_an_emulator_that_is_up_does_not_linger(cli: Cli) -> None:
    ran = cli(
        "run", "candidate-completes", "--url", "http://127.0.0.1:9/", "--linger", "1s",
        "--emulator", "http://127.0.0.1:9",
    )  # fmt: skip
    assert ran.code == 2
    assert "--linger does not apply with --emulator" in ran.err
