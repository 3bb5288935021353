"""Deliveries to an application in the same process: a lifecycle, a month of expiries, memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop

from benchmarks.rows import Row
from emulator import Emulator

_MIB = 1 << 20
_PAGE = 4_096


async def consumer(scope: Any, receive: Any, send: Any) -> None:
    """Take a delivery, read it whole, and answer 200."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def lifecycle(*, rounds: int) -> list[Row]:
    """Measure a whole lifecycle, five messages, from the invitation to settled."""
    took = uvloop.run(_lifecycles(rounds))
    return [
        Row(
            "a lifecycle of five messages, in process",
            f"{statistics.median(took) * 1000:.2f} ms",
            "under 5 ms",
            f"median of {rounds}; the slowest took {max(took) * 1000:.2f} ms",
        )
    ]


async def _lifecycles(rounds: int) -> list[float]:
    took = []
    async with Emulator(seed=7, clock="virtual", in_flight=1) as emulator:
        workspace = emulator.workspace()
        workspace.add_webhook(name="ats", payload_url=consumer, events=["candidateStatusChanged"])
        job = workspace.create_assessment().id
        for number in range(rounds):
            started = perf_counter()
            ada = workspace.invite(job, email=f"ada{number}@example.com", first_name="Ada")
            for command in ("", "enroll", "start", "complete", "reject"):
                if command:
                    workspace.move_candidate(ada.id, command)
                await workspace.settle()
            took.append(perf_counter() - started)
        assert len(workspace.deliveries(status="succeeded")) == 5 * rounds
    return took


def expiry(*, counts: list[int]) -> list[Row]:
    """Measure a month in which everybody who was invited lets it pass."""
    rows = []
    for count in counts:
        took = uvloop.run(_month(count))
        rows.append(
            Row(
                f"{count:,} candidates invited, 31 virtual days, all expired",
                f"{took:.1f} s",
                "under 10 s" if count == 10_000 else "",
                f"{took / count * 1e6:.0f} us a candidate: four messages built, checked, delivered",
            )
        )
    return rows


async def _month(count: int) -> float:
    async with Emulator(seed=7, clock="virtual") as emulator:
        workspace = emulator.workspace()
        events = ["candidateStatusChanged", "candidate.invited", "candidate.invitation_expired"]
        workspace.add_webhook(name="ats", payload_url=consumer, events=events)
        job = workspace.create_assessment().id
        started = perf_counter()
        for number in range(count):
            workspace.invite(
                job, email=f"ada{number}@example.com", first_name="Ada", last_name="Example"
            )
        await workspace.advance(31 * 86_400)
        took = perf_counter() - started
        view = workspace.state.by_status["succeeded"]
        assert len(view) + workspace.state.retired["succeeded"] == 4 * count
        return took


def memory(*, counts: list[int]) -> list[Row]:
    """Measure the resident memory of a process that delivers and delivers.

    Args:
        counts: of deliveries after which to look, ascending.
    """
    command = [sys.executable, "-m", "benchmarks.in_process", *map(str, counts)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    sizes = [float(line) for line in done.stdout.split()]
    series = ", ".join(
        f"{count // 1000}k {size:.0f}" for count, size in zip([0, *counts], sizes, strict=True)
    )
    return [
        Row(
            f"memory after {counts[-1]:,} deliveries",
            f"{sizes[-1] - sizes[0]:.0f} MiB more",
            detail=f"resident MiB, journal in memory: {series}",
        )
    ]


async def _soak(counts: list[int]) -> None:
    async with Emulator(seed=7, clock="virtual") as emulator:
        workspace = emulator.workspace()
        events = ["candidate.score_updated"]
        for _ in range(4):
            workspace.add_webhook(name="ats", payload_url=consumer, events=events)
        ada = workspace.invite(workspace.create_assessment().id, email="ada@example.com").id
        for command in ("enroll", "start", "complete"):
            workspace.move_candidate(ada, command)
        print(_resident(), flush=True)
        delivered = 0
        for count in counts:
            while delivered < count:
                for _ in range(25):
                    workspace.rescore(ada, score=14, of=32)
                await workspace.settle()
                delivered += 100
            print(_resident(), flush=True)


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / _MIB


if __name__ == "__main__":
    uvloop.run(_soak([int(one) for one in sys.argv[1:]]))
