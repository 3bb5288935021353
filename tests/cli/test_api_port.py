"""``--api-port``: the consumer under test calls the provider API of the run's own emulator."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import served
from tests.consumers.calls_back import Hook

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from emulator.receiver import Receiver
    from tests.conftest import Cli

ROOT = Path(__file__).parents[2]
LIFE = ("--only", "accepts.candidate.*", "--only", "accepts.whole-life")


@pytest.fixture
def port() -> str:
    """A port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def calling(port: str, call: str = Hook.call) -> AbstractContextManager[str]:
    """Serve the consumer of the docs, which makes that call to the API at *port*."""

    class Calling(Hook):
        api = f"http://127.0.0.1:{port}"

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    Calling.call = call
    return served(Calling)


def test_the_consumer_of_the_docs_is_the_sample_of_the_tests() -> None:
    page = (ROOT / "docs" / "testing-a-consumer.md").read_text()
    source = (ROOT / "tests" / "consumers" / "calls_back.py").read_text()
    assert f"```python\n{source}```" in page


def test_a_consumer_that_fetches_each_assessment_passes(cli: Cli, port: str) -> None:
    with calling(port) as url:
        code, out, err = cli("test", url, "--api-port", port, *LIFE)
        assert (code, "9 passed" in out) == (0, True), out
        assert err == f"provider API: http://127.0.0.1:{port}, token 'default'\n"
        assert cli("test", url, *LIFE).code == 1  # nobody answers it then


def test_a_callback_that_fails_is_in_the_finding(cli: Cli, port: str, tmp_path: Path) -> None:
    with calling(port, "/v1/assessments/{id}") as url:
        code, out, _ = cli(
            "test", url, "--api-port", port, "--only", "accepts.candidate.completed",
            "--report", str(tmp_path),
        )  # fmt: skip
    assert code == 1
    found = re.search(r"callback failed: GET /v1/assessments/(\w+) was answered 404 (.*)", out)
    assert found is not None, out
    assert found[2] == "during candidate.completed"
    (case,) = json.loads((tmp_path / "report.json").read_text())["results"]["tests"]
    assert found[0] in case["message"]
    assert found[1] in json.dumps(case["extra"]["deliveries"])


def test_each_scenario_is_answered_from_its_own_workspace(cli: Cli, port: str) -> None:
    names = ("candidate-completes", "invitation-expires")
    with calling(port) as url:
        ran = cli("run", *names, "--url", url, "--api-port", port, "--jobs", "2")
        assert (ran.code, "2 passed" in ran.out) == (0, True), ran.out
    with calling(port, "/v1/assessments/{id}") as url:
        ran = cli("run", names[0], "--url", url, "--api-port", port)
    assert ran.code == 1
    assert "its callback failed: GET /v1/assessments/" in ran.out


def test_fuzz_answers_a_consumer_that_calls_back(cli: Cli, port: str, tmp_path: Path) -> None:
    few = ("--examples", "2", "--shrink-time", "0", "--save", str(tmp_path))
    with calling(port) as url:
        ran = cli("fuzz", url, "--api-port", port, "--only", "sequences", *few)
        assert (ran.code, "callbacks" in ran.err) == (0, False), ran.out + ran.err
    with calling(port, "/v1/assessments/{id}") as url:
        ran = cli("fuzz", url, "--api-port", port, "--only", "sequences", *few)
    assert ran.code == 1
    assert "note: callbacks that failed: " in ran.err


def test_0_picks_a_port_and_prints_it(cli: Cli, consumer: Callable[..., Receiver]) -> None:
    ran = cli("test", consumer().url, "--api-port", "0", "--only", "accepts.ping")
    assert ran.code == 0
    assert re.fullmatch(r"provider API: http://127\.0\.0\.1:[1-9]\d*, token 'default'\n", ran.err)


@pytest.mark.parametrize("verb", ["test", "fuzz"])
def test_a_port_in_use_is_reported(cli: Cli, verb: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = cli(verb, "http://127.0.0.1:9/", "--api-port", str(port))
    assert ran.code == 2
    assert f"can't listen on 127.0.0.1:{port}" in ran.err
    assert "--api-port 0 picks a free port" in ran.err


def test_an_emulator_that_is_up_has_its_own_provider_api(cli: Cli) -> None:
    ran = cli(
        "run", "candidate-completes", "--url", "http://127.0.0.1:9/", "--api-port", "0",
        "--emulator", "http://127.0.0.1:9",
    )  # fmt: skip
    assert (ran.code, ran.err) == (
        2, "error: the 'serve' at --emulator has the provider API (at --api-port)\n",
    )  # fmt: skip
