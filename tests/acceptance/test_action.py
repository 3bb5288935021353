"""``action.yml`` and docs/ci.md: their steps, run as plain shell against a small receiver."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from emulator.reports.formats import FORMATS
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.receiver import Receiver

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = YAML(typ="safe").load(ROOT / "action.yml")
STEPS = {one["name"]: one for one in ACTION["runs"]["steps"] if "run" in one}
INSTALL, SERVE, RUN = STEPS
PAGE = (ROOT / "docs" / "ci.md").read_text()
BLOCKS: list[Any] = [
    YAML(typ="safe").load(block)
    for block in re.findall(r"^```yml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
]
[SHELL] = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # as runners call it
DEADLINE = 120.0  # real seconds
REPORTS = sorted(one.FILE for one in FORMATS.values())


class Job:
    """What a runner does for an action's `run` steps: inputs, files, the path.

    Attributes:
        outputs: id of a step -> what it put out.
    """

    def __init__(self, folder: Path, environment: dict[str, str], **inputs: str) -> None:
        self.folder = folder / "workspace"
        self.temp = folder / "temp"
        self.outputs: dict[str, dict[str, str]] = {}
        for one in (self.folder, self.temp):
            one.mkdir()
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= ACTION["inputs"].keys()
        defaults: dict[str, str] = {name: one["default"] for name, one in ACTION["inputs"].items()}
        self._known: dict[str, str] = {
            f"inputs.{name}": value for name, value in (defaults | given).items()
        }
        self._known["github.action_path"] = str(ROOT)
        self._environment = {
            name: value for name, value in environment.items() if not name.startswith("GITHUB_")
        }
        self._environment["RUNNER_TEMP"] = str(self.temp)
        self._environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def step(self, name: str, **more: str) -> subprocess.CompletedProcess[str]:
        step = STEPS[name]
        assert step["shell"] == "bash"
        files = {one: self.temp / one for one in ("GITHUB_PATH", "GITHUB_OUTPUT")}
        for file in files.values():
            file.write_text("")
        values = {key: self._value(text) for key, text in step["env"].items()}
        script = self.temp / "script.sh"
        script.write_text(step["run"])
        ran = subprocess.run(
            [*BASH, script],
            cwd=self.folder,
            env={**self._environment, **{k: str(v) for k, v in files.items()}, **values, **more},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        for line in files["GITHUB_PATH"].read_text().splitlines():
            self._environment["PATH"] = f"{line}:{self._environment['PATH']}"
        if "id" in step:
            lines = files["GITHUB_OUTPUT"].read_text().splitlines()
            self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        return ran

    def _value(self, text: str) -> str:
        found = re.fullmatch(r"\$\{\{ (\S+) \}\}", text)
        assert found is not None, text
        return self._known[found[1]]

    def end(self) -> None:
        """End the processes that the job left, as a runner does."""
        file = self.temp / "testlify-emulator.pid"
        if file.exists():
            try:
                os.kill(int(file.read_text()), signal.SIGTERM)
            except ProcessLookupError:
                return


@pytest.fixture
def make_job(tmp_path: Path, environment: dict[str, str]) -> Iterator[Any]:
    jobs: list[Job] = []

    def make(**inputs: str) -> Job:
        jobs.append(Job(tmp_path, environment, **inputs))
        return jobs[-1]

    yield make
    for job in jobs:
        job.end()


def test_the_whole_action_serves_runs_and_reports(make_job: Any, receiver: Receiver) -> None:
    """With an emulator that it installs itself; the dependencies are those of this environment."""
    libraries = {
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "false",  # pip reads it the wrong way round
        "PIP_CONFIG_FILE": os.devnull,
    }
    job = make_job(
        python=sys.executable,
        port="0",
        serve_options="--clock virtual --seed 7",
        scenarios="candidate-completes\ninvitation-expires",
        url=f"{receiver.url}/hook",
        options="--seed 7 --jobs 2",
        report="out/report",
    )
    for _ in range(2):  # also when it is used twice in one job
        ran = job.step(INSTALL, **libraries)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    installed = job.temp / "testlify-emulator" / "bin" / "testlify-emulator"
    assert installed.exists()

    ran = job.step(SERVE, **libraries)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    url = job.outputs["serve"]["url"]
    assert ACTION["outputs"]["url"]["value"] == "${{ steps.serve.outputs.url }}"
    clock = plain_http.get(f"{url}/_emulator/workspaces/default/clock").json()
    assert clock["mode"] == "virtual"

    ran = job.step(RUN, **libraries)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("2 scenarios: 2 passed\n")
    assert "seed 7" in ran.stdout
    assert sorted(path.name for path in (job.folder / "out/report").iterdir()) == REPORTS
    assert {request.path for request in receiver.requests if request.method == "POST"} == {"/hook"}


def test_without_inputs_it_only_installs(make_job: Any) -> None:
    job = make_job(scenarios=" \n ")
    for name in (SERVE, RUN):
        ran = job.step(name)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert job.outputs == {"serve": {}}
    assert list(job.folder.iterdir()) == []


def test_a_run_that_fails_fails_the_step_and_leaves_reports(
    make_job: Any, make_receiver: Any
) -> None:
    url = make_receiver(statuses=(404,)).url
    job = make_job(scenarios="candidate-completes", url=url)
    ran = job.step(RUN)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "\nFAILED" in ran.stdout
    assert sorted(path.name for path in (job.folder / "testlify-report").iterdir()) == REPORTS


def test_a_consumer_that_is_not_there_fails_the_step(make_job: Any) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        ran = make_job(scenarios="candidate-completes", url=url, wait="10ms").step(RUN)
    assert ran.returncode == 1
    assert ran.stderr == f"error: {url} is not ready after 10ms: ConnectError\n"


def test_scenarios_without_a_url_are_reported(make_job: Any) -> None:
    ran = make_job(scenarios="candidate-completes").step(RUN)
    assert (ran.returncode, ran.stdout) == (2, "::error::the input 'url' is missing\n")


def test_a_port_in_use_is_reported(make_job: Any, receiver: Receiver) -> None:
    """Though a server answers there."""
    port = receiver.url.rpartition(":")[2]
    ran = make_job(port=port).step(SERVE)
    assert ran.returncode == 1
    assert port in ran.stdout


@pytest.mark.parametrize("planted", ["$(touch planted)", "`touch planted`", "; touch planted", "'"])
def test_text_in_an_input_is_not_executed(make_job: Any, receiver: Receiver, planted: str) -> None:
    """The emulator is asked for it, and says that it can't be."""
    job = make_job(
        port="0", serve_options=planted, scenarios=planted, options=planted, report=planted,
        url=receiver.url,
    )  # fmt: skip
    assert [job.step(name).returncode for name in (SERVE, RUN)] == [1, 2]
    assert list(job.folder.iterdir()) == []


def test_no_script_contains_an_expression_and_every_input_is_used() -> None:
    assert not any("${{" in step["run"] for step in STEPS.values())
    used = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])


# --- docs/ci.md -----------------------------------------------------------------------------


def test_each_input_is_on_the_page_with_its_default() -> None:
    table = dict(re.findall(r"^\| `([a-z-]+)` \| (\S+) \|", PAGE, re.MULTILINE))
    expected = {
        name: f"`{one['default']}`" if one["default"] else "none"
        for name, one in ACTION["inputs"].items()
    }
    assert table == expected


def test_the_examples_use_inputs_that_there_are() -> None:
    steps = [*BLOCKS[0]["jobs"]["webhooks"]["steps"], *BLOCKS[1]["steps"]]
    used = [set(step["with"]) for step in steps if "testlify-emulator" in step.get("uses", "")]
    assert len(used) == 3
    assert set().union(*used) <= set(ACTION["inputs"])


SCRIPTS = {"plain shell": SHELL, "gitlab": "\n".join(BLOCKS[2]["webhooks"]["script"])}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize(("status", "code"), [(200, 0), (404, 1)])
def test_a_script_of_the_page_runs(
    tmp_path: Path, environment: dict[str, str], script: str, status: int, code: int
) -> None:
    ports = [_free_port(), _free_port()]
    for documented, real in zip((":4800", ":9000"), ports, strict=True):
        script = script.replace(documented, f":{real}")
    script = script.replace("--port 4800", f"--port {ports[0]}")
    consumer = tmp_path / "start-consumer"
    consumer.write_text(
        f"#!/bin/sh\nexec testlify-emulator listen --no-body --port {ports[1]} --status {status}\n"
    )
    consumer.chmod(0o755)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    # What a script leaves running ends with its group, as with a job's container.
    process = subprocess.Popen(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env=environment | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=DEADLINE)
    finally:
        _end_group(process.pid)
    assert (process.returncode, err) == (code, "")
    assert "passed" in out if code == 0 else "FAILED" in out
    assert sorted(one.name for one in (tmp_path / "report").iterdir()) == REPORTS
    assert (tmp_path / "emulator.json").read_text().startswith('{"url":')


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return  # all ended by themselves
