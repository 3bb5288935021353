"""``run`` and ``demo``: what they print, and how they exit."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.cli.conftest import Cli, Until

SCENARIO = """\
scenario: One invitation
consumer:
  - {payload_url: "${CONSUMER_URL}/${PLACE:-hook}", events: [invited]}
steps:
  - create_assessment: {as: job}
  - invite: {as: ada, to: job, email: ada@example.com}
  - expect: {event: invited, candidate: ada, answered: 2xx}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    file = tmp_path / "one.yaml"
    file.write_text(SCENARIO)
    return str(file)


def test_a_run_that_passes_is_exit_0(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str
) -> None:
    receiver = consumer()
    code, out, err = cli("run", scenario, "--url", receiver.url, "--set", "PLACE=here")
    assert (code, err) == (0, "")
    assert out.startswith(f"One invitation ({scenario})\n")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["✓", "✓", "✓", "passed"]
    assert "\x1b" not in out
    assert [one.path for one in receiver.requests] == ["/here"]


def test_a_run_that_fails_is_exit_1(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str
) -> None:
    code, out, err = cli("run", scenario, "--url", consumer(500).url)
    assert (code, err) == (1, "")
    assert f"{scenario}:7\n" in out
    assert "\nFAILED" in out


def test_a_run_that_proved_nothing_is_exit_2(cli: Cli, scenario: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        code, out, _ = cli("run", scenario, "--url", f"http://127.0.0.1:{bound.getsockname()[1]}")
    assert code == 2
    assert "\nNO EVIDENCE: the consumer never answered: refused" in out


def test_the_worst_of_several_runs_is_the_exit_code(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str
) -> None:
    url = consumer(200, 500).url
    code, out, err = cli("run", scenario, scenario, "--url", url, "--seed", "3")
    assert (code, err) == (1, "")
    assert out.count("(" + scenario + ")\n") == 2
    assert "seed 3" in out


def test_a_bundled_scenario_is_run_by_its_name(cli: Cli, consumer: Callable[..., Receiver]) -> None:
    code, out, _ = cli("run", "invitation-expires", "--url", consumer().url)
    assert code == 0
    assert "\npassed" in out


def test_a_wrong_call_is_exit_2(cli: Cli, tmp_path: Path, scenario: str) -> None:
    missing = str(tmp_path / "x.yaml")
    told = f"{missing}: can't be read: no such file or directory\n"
    assert cli("run", missing, "--url", "http://127.0.0.1:9") == (2, "", told)
    code, out, err = cli("run", scenario)
    assert (code, out) == (2, "")
    assert err.startswith(f"{scenario}:3:")
    assert "CONSUMER_URL" in err
    told = "error: --set '=x': expected KEY=VALUE\n"
    assert cli("run", scenario, "--set", "=x") == (2, "", told)


def test_the_demo_shows_every_lifecycle_and_ends_with_exit_0(cli: Cli) -> None:
    code, out, err = cli("demo")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["emulator", "receiver", "webhook"]
    assert lines[2].endswith(", registered by POST /v1/webhook: 201")
    landed = [line for line in lines if line.startswith("  ")]
    assert len(landed) > 40
    assert {line.split()[0] for line in landed} == {"200"}
    assert all(line.endswith(" ms") for line in landed)
    summary = f"6 of 6 lifecycles as expected; {len(landed)} of {len(landed)} deliveries accepted"
    assert lines[-1].startswith(summary)
    assert "\x1b" not in out


def test_the_demo_can_stay_up(until: Until) -> None:
    def visit(line: str) -> None:
        url = line.removeprefix("still up: ").partition(" ")[0]
        view = httpx2.get(url, trust_env=False).json()
        assert view["deliveries"]["succeeded"] > 40

    code, out, err = until("demo", "--keep", visit=visit, at="still up: ")
    assert (code, err) == (0, "")
    assert out.endswith("/_emulator/workspaces/default  (Ctrl-C ends it)\n")
