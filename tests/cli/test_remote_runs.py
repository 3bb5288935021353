"""``run --emulator``: scenarios in an emulator that is up already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from emulator import running
from emulator.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emulator import Receiver, RunningEmulator
    from tests.conftest import Cli

SCENARIO = """\
scenario: One invitation
seed: 5
consumer:
  - {payload_url: "${CONSUMER_URL}", events: [invited], headers: {X-Token: "${TOKEN:-pl4nted}"}}
steps:
  - create_assessment: {as: job}
  - invite: {as: ada, to: job, email: ada@example.com}
  - send: {event: invited, data: payload.json}
  - expect: {event: invited, candidate: ada, answered: 2xx, count: 1}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    (tmp_path / "payload.json").write_text('{"told": "as it is"}')
    file = tmp_path / "one.yaml"
    file.write_text(SCENARIO)
    return str(file)


@pytest.fixture
def emulator() -> Iterator[RunningEmulator]:
    with running(seed=1) as emulator:
        yield emulator


def test_files_and_variables_are_read_on_this_side(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str, emulator: RunningEmulator
) -> None:
    receiver = consumer()
    here = cli("run", scenario, "--url", receiver.url, "--set", "TOKEN=t0ken")
    there = cli(
        "run", scenario, "--url", receiver.url, "--set", "TOKEN=t0ken", "--emulator", emulator.url
    )
    assert (there.code, there.err) == (0, "")
    # The same lines, but for the last one's milliseconds.
    assert there.out.splitlines()[:-1] == here.out.splitlines()[:-1]
    assert [request.body for request in receiver.requests].count(b'{"told": "as it is"}') == 2
    assert {request.header("X-Token") for request in receiver.requests} == {"t0ken"}


def test_the_reports_are_the_same(
    cli: Cli,
    consumer: Callable[..., Receiver],
    scenario: str,
    emulator: RunningEmulator,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "report"
    code, out, err = cli(
        "run", scenario, scenario, "--url", consumer(500).url, "--emulator", emulator.url,
        "--report", str(folder), "--format", "json", "--jobs", "2",
    )  # fmt: skip
    assert code == 1, err
    assert json.loads(out)["results"]["summary"]["failed"] == 2
    names = {one.FILE for one in FORMATS.values()}
    assert {path.name for path in folder.iterdir()} == names
    assert all("pl4nted" not in (folder / name).read_text() for name in names)
    lines = (folder / "journal.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds.count("candidate.invited") == 2


def test_a_refused_connection_and_an_invalid_url_are_reported(cli: Cli, scenario: str) -> None:
    arguments = ["run", scenario, "--url", "http://127.0.0.1:9/hook"]
    code, out, err = cli(*arguments, "--emulator", "http://127.0.0.1:1")
    message = "error: no emulator at http://127.0.0.1:1: ConnectError; is 'serve' running?\n"
    assert (code, out, err) == (2, "", message)
    code, _, err = cli(*arguments, "--emulator", "nowhere")
    assert (code, err.startswith("error: not a URL: 'nowhere'; expected one like")) == (2, True)
    code, _, err = cli(*arguments, "--emulator", "http://127.0.0.1:1", "--insecure")
    assert code == 2
    assert "do not apply with --emulator" in err


def test_a_missing_control_token_is_reported(
    cli: Cli, scenario: str, testlify_receiver: Receiver
) -> None:
    testlify_receiver.answer(401)
    there = testlify_receiver.url
    ran = cli("run", scenario, "--url", "http://127.0.0.1:9/hook", "--emulator", there)
    assert ran.code == 2
    hint = "set TESTLIFY_EMULATOR_CONTROL_TOKEN to the server's control token"
    assert ran.err.endswith(f": 401, not an emulator's answer; {hint}\n")


def test_a_command_is_refused_there(cli: Cli, tmp_path: Path, emulator: RunningEmulator) -> None:
    file = tmp_path / "two.yaml"
    probe = "  - probe: {command: ['true'], expect: {exit: 0}}\n"
    file.write_text(SCENARIO.replace("  - send: {event: invited, data: payload.json}\n", probe))
    arguments = ["run", str(file), "--url", "http://127.0.0.1:9/hook"]
    code, _, err = cli(*arguments, "--emulator", emulator.url)
    assert code == 2
    assert "no command is run for a scenario from another machine" in err


def test_a_server_that_is_no_emulator_is_a_wrong_call(
    cli: Cli, testlify_receiver: Receiver
) -> None:
    there = testlify_receiver.url
    ran = cli("run", "test-ping", "--url", "http://127.0.0.1:9/", "--emulator", there)
    assert ran.code == 2
    assert "200, not an emulator's answer" in ran.err
