"""The verb with real processes: a master, its workers, the processes that send, a consumer."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.consumers.starting import started

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

DEADLINE = 120.0  # real seconds
EVENT = "candidate.status_changed"


def free_port() -> int:
    """Return a port without a listener; another process may take it in the meantime."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _load(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emulator", "load", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out, err


def _run(*arguments: str) -> tuple[int, str, str]:
    return _ended(_load(*arguments))


@contextmanager
def _workers(port: int, count: int) -> Iterator[None]:
    running = [
        _load("--worker", "--master-host", "127.0.0.1", "--master-port", str(port))
        for _ in range(count)
    ]
    try:
        yield
        assert [_ended(one)[0] for one in running] == [0] * count
    finally:
        for one in running:
            one.kill()
            one.communicate()


def test_a_master_and_two_workers_find_a_right_consumer_right(tmp_path: Path) -> None:
    port = free_port()
    with started("right") as consumer:
        master = _load(
            consumer.hook, "--rate", "100/s", "--for", "3s", "--gap", "200ms", "--seed", "7",
            "--probe", f"{consumer.url}/candidates/{{email}}", "--duplicates", "0.1",
            "--expect", "errors<0.1%", "--report", str(tmp_path),
            "--master", "--workers", "2", "--master-port", str(port),
        )  # fmt: skip
        with _workers(port, 2):
            code, out, err = _ended(master)
    assert code == 0, out + err
    assert re.match(r"✓ keeps the messages that it acknowledged: \d+ candidates compared", out)
    assert "accepted      300\n" in out
    report = json.loads((tmp_path / "report.json").read_text())
    tests = {test["testId"]: test for test in report["results"]["tests"]}
    assert {test["status"] for test in tests.values()} == {"passed"}
    asked = tests["load.sent"]["extra"]["charts"][1]["series"][0]
    assert asked["name"] == "asked"
    assert {y for _, y in asked["points"]} == {100}
    assert "<polyline" in (tmp_path / "report.html").read_text()
    assert 'name="load.errors: errors&lt;0.1%"' in (tmp_path / "junit.xml").read_text()


def test_acknowledged_messages_that_were_lost_are_reported_first() -> None:
    with started("../load/loses_completions") as consumer:
        code, out, err = _run(
            consumer.hook, "--rate", "250/s", "--candidates", "250", "--gap", "100ms",
            "--events", EVENT, "--mix", "COMPLETED=1", "--workers", "2", "--seed", "3",
            "--probe", f"{consumer.url}/candidates/{{email}}", "--within", "0",
        )  # fmt: skip
    assert code == 1, out + err
    first, second, *_ = out.splitlines()
    assert first == (
        "✗ keeps the messages that it acknowledged:"
        " 1 of 250 candidates differ from the acknowledged state"
    )
    assert re.fullmatch(
        r"    load\.3\.\d+@example\.com: COMPLETED was acknowledged \(msg_\w+\);"
        r" status 'IN_PROGRESS'; 0 completions, 1 acknowledged",
        second,
    )


def test_a_consumer_that_slows_down_can_not_hide_it() -> None:
    with started("../load/slows_down") as consumer:
        code, out, err = _run(
            consumer.hook, "--rate", "60/s", "--for", "4s", "--events", EVENT, "--workers", "2",
            "--expect", "p99<500ms", "--expect", "errors<5%", "--timeout", "30",
        )  # fmt: skip
    assert code == 1, out + err
    assert re.search(r"✗ p99<500ms: p99 was [\d.]+m?s; expected p99<500ms", out)
    assert "✓ errors<5%" in out
    # The rate was kept all the same: arrivals do not wait for answers.
    assert re.search(r"sent +240\n", out)


def test_the_highest_rate_is_searched_until_the_consumer_breaks() -> None:
    with started("../load/slows_down") as consumer:
        code, out, err = _run(
            consumer.hook, "--rate", "5/s", "--until-broken", "--for", "1.2s", "--events", EVENT,
            "--expect", "p99<400ms",
        )  # fmt: skip
    assert code == 0, out + err
    assert re.search(r"✓ sustains [\d.]+/s: [\d.]+/s met p99<400ms; [\d.]+/s did not", out)


def test_a_users_own_locustfile_plays_candidates(tmp_path: Path) -> None:
    file = tmp_path / "locustfile.py"
    with started("right") as consumer:
        file.write_text(
            "from emulator.load import TestlifyUser\n"
            "class Candidate(TestlifyUser):\n"
            f"    host = {consumer.hook!r}\n"
            "    gap = 0.05\n"
        )
        ran = subprocess.run(
            [
                sys.executable, "-m", "locust", "-f", str(file), "--headless", "-u", "3", "-r", "3",
                "-t", "3s", "--json", "--skip-log-setup",
            ],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    [entry] = json.loads(ran.stdout)
    assert entry["name"] == EVENT
    assert entry["num_requests"] > 10
    assert entry["num_failures"] == 0
