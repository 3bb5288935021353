"""``run`` and ``demo``: output and exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from emulator.reports.formats import FORMATS
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.cli.conftest import Until
    from tests.conftest import Cli

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
    assert [request.path for request in receiver.requests] == ["/here"]


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
    message = f"{missing}: can't be read: no such file or directory\n"
    assert cli("run", missing, "--url", "http://127.0.0.1:9") == (2, "", message)
    code, out, err = cli("run", scenario)
    assert (code, out) == (2, "")
    assert err.startswith(f"{scenario}:3:")
    assert "CONSUMER_URL" in err
    message = "error: --set '=x': expected KEY=VALUE\n"
    assert cli("run", scenario, "--set", "=x") == (2, "", message)


FILES = sorted(one.FILE for one in FORMATS.values())
SECRETS = ("planted-authorization", "planted-token", "planted-other", "whsec_cGxhbnRlZA==")
LEAKY = """\
scenario: Nothing of planted-other is told
seed: 7
consumer:
  - payload_url: "${CONSUMER_URL}/hook"
    events: [invited]
    headers:
      Authorization: Bearer planted-authorization
      X-Webhook-Token: planted-token
      X-Mine: planted-other
    secret: whsec_cGxhbnRlZA==
steps:
  - create_assessment: {as: job, title: A planted-token}
  - invite: {as: ada, to: job, email: ada@example.com, first_name: whsec_cGxhbnRlZA==}
  - expect: {event: invited, where: {data.lastName: planted-authorization}, answered: 2xx}
"""
SLOW = """\
scenario: It takes its time
clock: real
consumer:
  - {payload_url: "${CONSUMER_URL}/hook", events: [invited], headers: {X-Token: planted-token}}
steps:
  - create_assessment: {as: job}
  - invite: {as: ada, to: job, email: ada@example.com}
  - expect: {event: invited, answered: 2xx}
  - wait: 1h
  - expect: {event: invited, count: 1}
"""


def _report(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text())["results"]


@pytest.mark.parametrize("status", [200, 500])
def test_a_report_is_all_files_over_all_scenarios(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str, tmp_path: Path, status: int
) -> None:
    folder = tmp_path / "some" / "where"
    code, out, err = cli(
        "run", scenario, "invitation-expires", "--url", consumer(status).url,
        "--report", str(folder),
    )  # fmt: skip
    assert (code, err) == (int(status != 200), "")
    assert out.startswith(f"One invitation ({scenario})\n")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    report = _report(folder)
    assert [test["filePath"] for test in report["tests"]] == [
        scenario, "scenarios/invitation-expires.yaml",
    ]  # fmt: skip
    assert report["summary"]["passed"] == 2 * int(status == 200)
    entries = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert [entry["kind"] for entry in entries].count("workspace.opened") == 2
    assert "attempt.finished" in {entry["kind"] for entry in entries}
    assert ET.parse(folder / "junit.xml").getroot().get("tests") == "2"  # noqa: S314 - ours
    assert "One invitation" in (folder / "report.html").read_text()


def test_an_older_report_is_overwritten(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str, tmp_path: Path
) -> None:
    for name in FILES:
        (tmp_path / name).write_text("old" * 100_000)
    cli("run", scenario, "--url", consumer().url, "--report", str(tmp_path))
    assert all("oldold" not in (tmp_path / name).read_text() for name in FILES)


@pytest.mark.parametrize("status", [200, 500])
def test_no_file_of_a_report_and_no_line_contains_a_secret(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, echoing: str
) -> None:
    """Configured ones, echoed in headers and body of the answer, and put into other places."""
    file = tmp_path / "leaky.yaml"
    file.write_text(LEAKY)
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    folder = tmp_path / "report"
    ran = cli("run", str(file), "--url", f"{echoing}/{status}", "--report", str(folder))
    assert ran.code == 1
    assert "::error file=" in ran.err
    texts = {one.name: one.read_text() for one in (*folder.iterdir(), summary)}
    texts |= {"stdout": ran.out, "stderr": ran.err}
    assert len(texts) == 7
    for name, text in texts.items():
        assert "[redacted]" in text, name
        assert not [secret for secret in SECRETS if secret in text], name


@pytest.mark.parametrize("format_", ["json", "junit"])
def test_a_document_is_all_that_is_on_stdout(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str, format_: str
) -> None:
    code, out, err = cli("run", scenario, "--url", consumer().url, "--format", format_)
    assert code == 0
    if format_ == "json":
        assert json.loads(out)["results"]["summary"]["passed"] == 1
    else:
        assert ET.fromstring(out.encode()).get("failures") == "0"  # noqa: S314 - ours
    assert err.startswith(f"One invitation ({scenario})\n  ✓ create_assessment as: job\n")
    assert "\npassed (3 passed; 1 delivery; " in err


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("taken", "the report can't be written to {!r}: file exists"),
        ("taken/below", "the report can't be written to {!r}: not a directory"),
    ],
)
def test_a_report_that_cannot_be_written_is_reported_before_anything_runs(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str, tmp_path: Path,
    target: str, message: str,
) -> None:  # fmt: skip
    (tmp_path / "taken").touch()
    receiver, folder = consumer(), str(tmp_path / target)
    ran = cli("run", scenario, "--url", receiver.url, "--report", folder)
    assert ran == (2, "", f"error: {message.format(folder)}\n")
    assert receiver.requests == []


def test_scenarios_at_once_report_the_same_in_the_same_order(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str
) -> None:
    targets = ("candidate-completes", scenario, "invitation-expires", "assessment-lifecycle")

    def output(jobs: str) -> list[str]:
        code, out, err = cli(
            "run", *targets, "--url", consumer().url, "--seed", "5", "--jobs", jobs
        )
        assert (code, err) == (0, "")
        return [line.partition("; ")[0] for line in out.splitlines()]

    assert output("4") == output("1") == output("2")


def test_as_many_scenarios_as_jobs_run_at_once(tmp_path: Path, cli: Cli, meeting: str) -> None:
    """The consumer answers none before three are there: with fewer they all time out."""
    file = tmp_path / "one.yaml"
    file.write_text(SCENARIO)
    code, out, _ = cli("run", *[str(file)] * 3, "--url", meeting, "--jobs", "3")
    assert (code, out.splitlines()[-1]) == (0, "3 scenarios: 3 passed")


def test_an_argument_that_is_invalid_for_all_scenarios_is_reported_once(
    cli: Cli, consumer: Callable[..., Receiver], scenario: str
) -> None:
    code, _, err = cli(
        "run", scenario, scenario, "--url", consumer().url, "--jobs", "2", "--allow-host", "a/b"
    )
    assert code == 2
    assert err.count("error: ") == 1


def _interrupted(
    *arguments: str, at: str, stream: str = "stdout"
) -> tuple[int, list[str], list[str]]:
    """Run a real process, Ctrl-C it after the line *at*; return code, stdout, stderr."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "run", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    seen: list[str] = []
    reading = getattr(process, stream)
    for line in reading:
        seen.append(line)
        if line.startswith(at):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    lines = {"stdout": out, "stderr": err}
    lines[stream] = "".join(seen) + lines[stream]
    return process.returncode, lines["stdout"].splitlines(), lines["stderr"].splitlines()


@pytest.mark.slow
def test_ctrl_c_ends_with_the_report_so_far(
    consumer: Callable[..., Receiver], scenario: str, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.yaml"
    slow.write_text(SLOW)
    folder = tmp_path / "report"
    code, out, err = _interrupted(
        scenario, str(slow), scenario, "--url", consumer().url, "--report", str(folder),
        at="  ✓ expect event: invited, answered: 2xx",
    )  # fmt: skip
    assert (code, err) == (130, [])
    assert out[-7:-3] == [
        "  ✓ expect event: invited, answered: 2xx",
        "  - wait 1h",
        f"      {slow}:9",
        "      interrupted while it ran",
    ]
    assert out[-3].startswith("INTERRUPTED: at 'wait', line 9 (3 passed, 2 skipped; 1 delivery; ")
    assert out[-1] == "3 scenarios: 1 passed, 2 interrupted"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    report = _report(folder)
    assert report["summary"]["extra"] == {"verdict": "interrupted", "interrupted": True}
    assert [(test["status"], test["rawStatus"]) for test in report["tests"]] == [
        ("passed", "passed"), ("other", "interrupted"), ("skipped", "interrupted"),
    ]  # fmt: skip
    steps = report["tests"][1]["steps"]
    assert [step["status"] for step in steps] == [
        "passed",
        "passed",
        "passed",
        "skipped",
        "skipped",
    ]
    assert steps[1]["extra"]["deliveries"][0]["status"] == "succeeded"
    assert all("planted" not in (folder / name).read_text() for name in FILES)
    entries = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    kinds = [entry["kind"] for entry in entries]
    assert kinds.count("workspace.opened") == kinds.count("attempt.finished") == 2


def test_ctrl_c_with_several_jobs_reports_all_in_order(
    until: Until, consumer: Callable[..., Receiver], scenario: str, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.yaml"
    slow.write_text(SLOW)
    code, out, err = until(
        "run", str(slow), scenario, "--url", consumer().url, "--jobs", "2",
        visit=lambda _: None, at="  ✓ expect", by=signal.SIGINT,
    )  # fmt: skip
    assert (code, err) == (130, "")
    lines = out.splitlines()
    heads = [
        lines.index(f"It takes its time ({slow})"),
        lines.index(f"One invitation ({scenario})"),
    ]
    assert heads[0] < heads[1]
    assert lines[heads[1] - 1].startswith("INTERRUPTED: at 'wait', line 9 ")


@pytest.mark.slow
def test_ctrl_c_still_prints_the_document(
    consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    slow = tmp_path / "slow.yaml"
    slow.write_text(SLOW)
    code, out, err = _interrupted(
        str(slow), "--url", consumer().url, "--format", "json",
        at="  ✓ expect", stream="stderr",
    )  # fmt: skip
    assert code == 130
    assert json.loads("\n".join(out))["results"]["summary"]["other"] == 1
    assert err[-1].startswith("INTERRUPTED: ")


@pytest.mark.slow
def test_a_terminal_gets_a_live_line_and_keeps_the_results(
    consumer: Callable[..., Receiver], scenario: str
) -> None:
    reading, writing = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "run", scenario, "--url", consumer().url],
        stdout=writing, stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"},
    )  # fmt: skip
    os.close(writing)
    drawn = b""
    try:
        while part := os.read(reading, 65536):
            drawn += part
    except OSError:  # how a terminal says that its other end is closed
        pass
    os.close(reading)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    text = drawn.decode()
    assert "\x1b[32m  ✓ create_assessment as: job\x1b[0m" in text
    assert "\x1b[32mpassed (3 passed; 1 delivery; " in text
    assert "\x1b[?25l" in text
    assert "\x1b[?25h" in text  # the cursor is back


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
        url = line.removeprefix("still running: ").partition(" ")[0]
        assert "demo" in plain_http.get(url).text
        assert "succeeded" in plain_http.get(f"{url}ui/default/deliveries").text

    code, out, err = until("demo", "--keep", visit=visit, at="still running: ")
    assert (code, err) == (0, "")
    assert out.endswith("/  (Ctrl-C ends it)\n")


@pytest.mark.slow
def test_every_bundled_scenario_can_be_run_by_its_name(
    cli: Cli, consumer: Callable[..., Receiver]
) -> None:
    from emulator.scenario.discovery import bundled

    names = [one.name for one in bundled()]
    code, out, err = cli("run", *names, "--url", consumer().url, "--jobs", "4")
    assert (code, err) == (0, ""), out
    assert f"{len(names)} scenarios: {len(names)} passed" in out


def test_secrets_of_steps_are_masked_too(
    cli: Cli, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    url, file, folder = consumer().url, tmp_path / "steps.yaml", tmp_path / "report"
    headers = "headers: {X-Token: pl4nted-%d}"
    inner = f"edit_webhook: {{webhook: b, {headers % 2}}}"
    file.write_text(
        "scenario: Headers everywhere\nconsumer:\n"
        f"  - {{payload_url: '${{CONSUMER_URL}}', events: [invited], {headers % 0}}}\nsteps:\n"
        f"  - add_webhook: {{as: b, payload_url: '{url}/b', events: [invited], {headers % 1}}}\n"
        f"  - repeat: {{times: 2, steps: [{{{inner}}}]}}\n"
        f"  - probe: {{get: '{url}/x', {headers % 3}, expect: {{status: 2xx}}}}\n"
        "  - create_assessment: {as: job}\n  - invite: {to: job}\n"
        "  - expect: {event: invited, answered: 2xx, count: 2}\n"
        f"  - capture: {{as: X, get: '{url}/x', {headers % 4}, json: a, within: 10ms}}\n"
    )
    code, out, err = cli("run", str(file), "--url", url, "--report", str(folder))
    assert (code, "no JSON" in out) == (1, True), out + err  # the receiver answers plain text
    assert "pl4nted" not in out + err
    assert all("pl4nted" not in (folder / name).read_text() for name in FILES)


def test_a_report_shows_the_body_that_a_fault_changed(
    cli: Cli, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    file, folder = tmp_path / "one.yaml", tmp_path / "report"
    fault = "  - fault: {mutate: {set: {data.email: ch4nged}}}\n  - invite:"
    file.write_text(SCENARIO.replace("  - invite:", fault))
    code, out, err = cli("run", str(file), "--url", consumer().url, "--report", str(folder))
    assert (code, err) == (0, ""), out
    page = (folder / "report.html").read_text()
    assert "shaped on purpose by fault f1" in page
    assert "ch4nged" in page


@pytest.mark.slow
def test_a_consumer_that_wants_a_token_is_reached(cli: Cli, tmp_path: Path) -> None:
    """Every bundled scenario runs against it, from the options or from the file."""
    from tests.consumers.starting import HOOK, RIGHT, started

    with started(RIGHT, token="s3cret") as consumer:
        url = f"{consumer.url}{HOOK}"
        assert cli("run", "candidate-completes", "--url", url).code == 1
        ran = cli("run", "candidate-completes", "--url", url, "--header", "X-Webhook-Token: s3cret")
        assert ran.code == 0, ran.out
        config = tmp_path / "testlify-consumer.yaml"
        config.write_text(f"url: {url}\nheaders: {{X-Webhook-Token: s3cret}}\n")
        assert cli("run", "candidate-completes", "--config", str(config)).code == 0


@pytest.mark.slow
def test_a_candidate_is_made_known_before_the_invitation(cli: Cli, tmp_path: Path) -> None:
    from tests.consumers.starting import HOOK, RIGHT, started

    noted = tmp_path / "noted"
    with started(RIGHT) as consumer:
        hook = f"sh -c 'echo {{email}} {{id}} >> {noted}'"
        url = f"{consumer.url}{HOOK}"
        ran = cli("run", "candidate-completes", "--url", url, "--setup-command", hook)
        assert ran.code == 0, ran.out
        failing = cli("run", "candidate-completes", "--url", url, "--setup-command", "false")
    email, id_ = noted.read_text().split()
    assert (email, len(id_)) == ("ada@example.com", 24)
    assert failing.code == 2
    assert "the set-up hook failed for 'ada@example.com': ended with 1" in failing.out


def test_a_scenario_without_such_an_event_is_a_wrong_call(cli: Cli) -> None:
    ran = cli("run", "candidate-completes", "--url", "http://127.0.0.1:9/", "--events", "created")
    assert ran.code == 2
    assert "none of its consumers subscribes to assessment.created" in ran.err


def test_a_consumer_of_every_event_is_asked_about_those_of_the_options(
    cli: Cli, tmp_path: Path, consumer: Callable[..., Receiver]
) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(
        "scenario: All\nwebhooks: v2\nconsumer:\n"
        "  - {payload_url: '${CONSUMER_URL}', events: []}\n"
        "steps:\n  - create_assessment: {as: job}\n  - invite: {to: job}\n"
        "  - expect: {event: candidate.status_changed}\n"
    )
    some, every = consumer(), consumer()
    assert (
        cli("run", str(file), "--url", some.url, "--events", "candidate.status_changed").code == 0
    )
    assert cli("run", str(file), "--url", every.url).code == 0
    assert (len(some.requests), len(every.requests)) == (1, 2)
