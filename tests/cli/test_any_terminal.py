"""Every verb runs on a terminal of any encoding, and a report is never lost."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from emulator.cli.main import main
from emulator.reports import html

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.receiver import Receiver
    from emulator.reports.report import Report
    from tests.conftest import Cli

pytestmark = pytest.mark.slow

PAYLOAD = '{"data": {"firstName": "Åsa ✓ 😀 \\u001b]0;pwned\\u0007"}}'


def calls(folder: Path, url: str) -> dict[str, tuple[list[str], set[int]]]:
    """Return a call of each verb that ends by itself, and the exit codes that are right."""
    payload, scenario = folder / "payload ✓.json", folder / "scenario ✓.yaml"
    payload.write_text(PAYLOAD, encoding="utf-8")
    scenario.write_text(
        "scenario: Åsa ✓ 😀\nconsumer: [{payload_url: '${CONSUMER_URL}', events: [created]}]\n"
        "steps:\n  - create_assessment: {as: job, title: Åsa ✓ 😀}\n"
        "  - expect: {event: assessment.created, where: {data.name: 😀}}\n",
        encoding="utf-8",
    )
    return {
        "demo": (["demo"], {0}),
        "run": (["run", str(scenario), "--url", url], {1}),
        "run --format": (["run", str(scenario), "--url", url, "--format", "junit"], {1}),
        "test": (["test", url, "--only", "accepts.*", "--seed", "1"], {0}),
        "fuzz": (
            ["fuzz", url, "--examples", "1", "--events", "rejected", "--save", str(folder)],
            {0, 1},
        ),
        "trigger": (["trigger", "completed", "--to", url, "--data", str(payload)], {0}),
        "validate": (["validate", str(scenario)], {0}),
        "validate --event": (["validate", "--event", "completed", str(payload)], {1}),
        "schema": (["schema", "candidate.completed"], {0}),
        "openapi": (["openapi", "--as-consumer", url], {0}),
        "asyncapi": (["asyncapi"], {0}),
        "list": (["list", "checks"], {0}),
        "ready": (["ready", "http://127.0.0.1:9/✓", "--wait", "10ms"], {1, 2}),
        "no verb": (["✓"], {2}),
        "help": (["--help"], {0}),
    }


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_every_verb_prints_in_any_encoding(
    encoding: str, tmp_path: Path, testlify_receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, (call, codes) in calls(tmp_path, testlify_receiver.url).items():
        terminal = {one: io.TextIOWrapper(io.BytesIO(), encoding) for one in ("stdout", "stderr")}
        for one, stream in terminal.items():
            monkeypatch.setattr(sys, one, stream)
        with pytest.raises(SystemExit) as ended:
            main(call)
        out, err = map(printed, terminal.values())
        assert ended.value.code in codes, (name, out[-500:], err[-2_000:])
        assert b"Traceback" not in err, name
        assert b"\x1b]" not in out + err, name
        is_document = name in ("run --format", "schema", "openapi", "asyncapi")
        out.decode("utf-8" if is_document else encoding)
        err.decode(encoding)


def printed(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()


def test_a_process_takes_the_encoding_of_its_terminal() -> None:
    """Also for an argument that it can't print."""
    ran = subprocess.run(
        [sys.executable, "-m", "emulator", "✓"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
    )
    assert ran.returncode == 2
    assert b"no verb '+'" in ran.stderr


def test_a_report_is_written_as_far_as_it_can_be(
    cli: Cli, testlify_receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Report) -> bytes:
        raise RecursionError

    monkeypatch.setattr(html, "document", broken)
    ran = cli("run", "test-ping", "--url", testlify_receiver.url, "--report", str(tmp_path))
    assert ran.code == 0
    assert "error: report.html was not written: a bug of the emulator: RecursionError()" in ran.err
    assert json.loads((tmp_path / "report.json").read_bytes())["results"]["summary"]["passed"] == 1


def test_nothing_written_is_a_bug(
    cli: Cli, testlify_receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emulator.reports import folder

    monkeypatch.setattr(folder, "write", lambda *_: dict.fromkeys(folder.FILES, "disk full"))
    ran = cli("run", "test-ping", "--url", testlify_receiver.url, "--report", str(tmp_path))
    assert ran.code == 3
    assert ran.err.count("was not written: disk full") == len(folder.FILES)
