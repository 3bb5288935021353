"""What a load test can send: by one and two workers, and by Locust's own client."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.receivers import receiver
from benchmarks.rows import Row

_RATE = 100_000  # far more than can be sent
_EVENT = "candidate.status_changed"

_LOCUSTFILE = """
from emulator.load import TestlifyUser

class Candidate(TestlifyUser):
    host = {url!r}
    gap = 0.0
"""


def measure(*, rounds: int, messages: int, seconds: int) -> list[Row]:
    """Measure the highest rate at which messages leave, in turns.

    Args:
        rounds: turns of each way.
        messages: of one turn.
        seconds: of one turn of Locust's client.
    """
    found: dict[str, list[float]] = {}
    with receiver() as url:
        for _ in range(rounds):
            for workers in (1, 2):
                what = f"{workers} worker" if workers == 1 else f"{workers} workers"
                found.setdefault(what, []).append(_ours(url, messages, workers))
            found.setdefault("FastHttpUser, 50 users in one process", []).append(
                _locust(url, seconds)
            )
    return [
        Row(
            f"load: messages a second, {what}",
            f"{statistics.median(rates):,.0f}",
            detail=f"{min(rates):,.0f} to {max(rates):,.0f}, {rounds} turns",
        )
        for what, rates in found.items()
    ]


def _ours(url: str, messages: int, workers: int) -> float:
    seconds = messages / _RATE
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable, "-m", "emulator", "load", url, "--rate", f"{_RATE}/s",
                "--for", f"{seconds}s", "--events", _EVENT, "--workers", str(workers),
                "--expect", "errors<100%", "--timeout", "60", "--report", folder,
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        report = json.loads((Path(folder) / "report.json").read_text())
    [case] = [one for one in report["results"]["tests"] if one["testId"] == "load.sent"]
    return float(case["labels"]["rate kept"].removesuffix("/s"))


def _locust(url: str, seconds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "locustfile.py"
        file.write_text(_LOCUSTFILE.format(url=url))
        done = subprocess.run(
            [
                sys.executable, "-m", "locust", "-f", str(file), "--headless", "-u", "50",
                "-r", "50", "-t", f"{seconds}s", "--json", "--skip-log-setup",
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip
    [entry] = json.loads(done.stdout)
    return float(entry["num_requests"]) / (entry["last_request_timestamp"] - entry["start_time"])
