"""`fuzz` against the sample consumers: findings, and that saved scenarios reproduce them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from emulator.conformance.fuzzing import fuzz as fuzzing
from emulator.conformance.target import Target
from emulator.domain.events import EVENTS_OF
from emulator.scenario.discovery import read_all
from tests.consumers.completions_only import EVENTS, TOKEN, application
from tests.consumers.starting import started

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from emulator.domain.events import Generation
    from tests.conftest import Cli
    from tests.consumers.starting import Running

pytestmark = pytest.mark.slow

COMMANDS = {"invite", "enroll", "start", "complete", "disqualify", "expire", "reject", "rescore"}


def each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def arguments(consumer: Running, *more: str, examples: int = 20) -> list[str]:
    """Return a call that is long enough to find each planted bug."""
    probe = f"{consumer.url}/candidates/{{email}}?assessment={{assessment_id}}"
    return [
        "fuzz", consumer.hook, "--probe", probe, "--seed", "1",
        "--examples", str(examples), "--shrink-time", "60", "--within", "0.01", *more,
    ]  # fmt: skip


@pytest.mark.parametrize("generation", ["v1", "v2"])
def test_the_right_consumer_has_no_findings_and_nothing_is_left_behind(
    generation: Generation, tmp_path: Path
) -> None:
    """With one event type of assessments, as a consumer of candidates ignores all of them alike."""
    ignored = {"assessment.updated", "assessment.archived", "assessment.deleted"}
    sent = [one for one in EVENTS_OF[generation] if one not in ignored]
    with started("right") as consumer:
        asked = arguments(consumer, "--webhooks", generation, *each("--events", sent))
        ran = subprocess.run(
            [sys.executable, "-m", "emulator", *asked],
            cwd=tmp_path, capture_output=True, text=True, timeout=200,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "nothing found in" in ran.stdout
    assert list(tmp_path.iterdir()) == []  # no .hypothesis either


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("counts_duplicates", "completions is"),
        ("regresses_on_late_events", "status is"),
    ],
)
def test_a_sequence_is_found_made_small_and_replayed(
    name: str, finding: str, cli: Cli, tmp_path: Path
) -> None:
    with started(name) as consumer:
        ran = cli(*arguments(consumer, "--only", "sequences", "--save", str(tmp_path)))
        assert (ran.code, finding in ran.out) == (1, True), ran.out + ran.err
        (file,) = tmp_path.glob("found-*.yaml")
        again = cli("run", str(file), "--url", consumer.hook, "--set", "RUN=again")
        assert again.code == 1, again.out + again.err
    with started("right") as fixed:  # on another port
        green = cli("run", str(file), "--url", fixed.hook)
        assert green.code == 0, green.out + green.err
    (scenario,) = read_all([str(file)], {"CONSUMER_URL": "http://127.0.0.1:9"})
    assert sum(step.name in COMMANDS for step in scenario.steps) <= 4


def test_a_consumer_with_two_bugs_shows_both(cli: Cli, tmp_path: Path) -> None:
    with started("counts_and_regresses") as consumer:
        ran = cli(*arguments(consumer, "--only", "sequences", "--save", str(tmp_path)))
        assert ran.code == 1, ran.out + ran.err
        assert ran.out.count("FOUND") == 2
        assert "FOUND  ada: completions is 2, expected 1" in ran.out
        assert "FOUND  ada: status is " in ran.out
        once = ("--max-findings", "1", "--save", str(tmp_path / "first"))
        first = cli(*arguments(consumer, "--only", "sequences", *once))
    assert first.out.count("FOUND") == 1
    assert len(list(tmp_path.glob("*.yaml"))) == 2


def test_a_payload_that_breaks_a_consumer_is_found_and_replayed(cli: Cli, tmp_path: Path) -> None:
    with started("parses_result_link_as_url") as consumer:
        events = each("--events", ["completed", "rejected"])
        ran = cli(*arguments(consumer, "--only", "payloads", *events, "--save", str(tmp_path)))
        assert ran.code == 1
        assert "was answered 500" in ran.out
        file = min(tmp_path.glob("payload-*.yaml"))
        again = cli("run", str(file), "--url", consumer.hook)
        assert again.code == 1, again.out + again.err
    assert 1 < ran.out.count("FOUND") <= 5
    with started("right") as fixed:
        green = cli("run", str(file), "--url", fixed.hook)
        assert green.code == 0, green.out + green.err


def test_an_unreachable_consumer_is_no_evidence(cli: Cli) -> None:
    ran = cli("fuzz", "http://127.0.0.1:1/hook", "--examples", "5")
    assert ran.code == 2
    assert "the consumer never answered" in ran.err


def test_only_subscribed_event_types_are_sent() -> None:
    target = Target(
        app=application(),
        url="/webhooks/testlify",
        headers={"X-Webhook-Token": TOKEN},
        events=EVENTS,
    )
    fuzzed = fuzzing.fuzz(target, seed=1, examples=5)
    assert not [
        finding for finding in fuzzed.findings if "candidate.completed" not in finding.title
    ]
    assert "no sequences: they need a consumer of candidate.status_changed" in fuzzed.notes[0]
