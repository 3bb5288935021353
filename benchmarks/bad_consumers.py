"""What good consumers feel of bad ones: latency of 160 with and without 40 that misbehave."""

from __future__ import annotations

import asyncio
import statistics
from time import perf_counter

import uvloop

from benchmarks.receivers import receiver
from benchmarks.rows import Row
from emulator import Emulator
from emulator.delivery.profiles import Profile
from emulator.delivery.records import Finished, Message, Timeouts

_GOOD, _HANGING, _REFUSING = 160, 20, 20
_PACE = 0.05  # seconds between messages


def measure(*, rounds: int, messages: int) -> list[Row]:
    """Measure in turns: so many messages, each to every webhook.

    Latency is from the command to the end of the attempt.
    """
    with receiver() as good, receiver("silent") as silent:
        pairs = [
            (
                uvloop.run(_latencies(good, silent, messages)),
                uvloop.run(_latencies(good, None, messages)),
            )
            for _ in range(rounds)
        ]
    rows = []
    for name, of in (("median", statistics.median), ("95th percentile", _p95)):
        with_bad, without = (statistics.median(map(of, runs)) for runs in zip(*pairs, strict=True))
        ratio = statistics.median(of(bad) / of(alone) for bad, alone in pairs)
        rows.append(
            Row(
                f"latency of {_GOOD} webhooks beside {_HANGING} that hang and {_REFUSING} that "
                f"refuse, {name}",
                f"{ratio:.2f}",
                "at most 2",
                f"{with_bad * 1000:.1f} ms with them, {without * 1000:.1f} ms without",
            )
        )
    return rows


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def _latencies(good: str, silent: str | None, messages: int) -> list[float]:
    async with Emulator(seed=7) as emulator:
        workspace = emulator.workspace()
        profile = Profile(retries=(0.5,), timeouts=Timeouts(2.0, 2.0, 2.0))
        urls = [f"{good}/hook/{number}" for number in range(_GOOD)]
        if silent is not None:
            urls += [f"{silent}/{number}" for number in range(_HANGING)]
            urls += [f"http://127.0.0.1:1/{number}" for number in range(_REFUSING)]
        for url in urls:
            workspace.add_webhook(name="ats", payload_url=url, events=["created"], profile=profile)
        created: dict[int, float] = {}
        took: list[float] = []

        async def watch() -> None:
            async for entry in emulator.journal.watch(workspace.name, workspace.last_entry):
                data = entry.data
                if isinstance(data, Message):
                    created[data.number] = perf_counter()
                elif isinstance(data, Finished) and data.webhook <= _GOOD:
                    took.append(perf_counter() - created[data.message])
                    if len(took) == messages * _GOOD:
                        return

        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
        for _ in range(messages):
            workspace.create_assessment(title="Harbour Planner")
            await asyncio.sleep(_PACE)
        await watching
        await emulator.stop(grace=0)
        return took
