"""How long it takes to bring a journal on disk back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

import uvloop

from benchmarks.in_process import consumer
from benchmarks.rows import Row
from emulator import Emulator


def measure(*, counts: list[int]) -> list[Row]:
    """Measure the start of an emulator on journals of so many deliveries."""
    rows = []
    for count in counts:
        took = uvloop.run(_replayed(count))
        per_delivery = f"{took / count * 1e6:.0f} us a delivery, two entries and a quarter each"
        rows.append(Row(f"replay of {count:,} deliveries", f"{took:.2f} s", detail=per_delivery))
    return rows


async def _replayed(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        async with Emulator(seed=7, clock="virtual", journal=journal) as emulator:
            workspace = emulator.workspace()
            for _ in range(4):
                workspace.add_webhook(name="ats", payload_url=consumer, events=["created"])
            for _ in range(0, count, 400):
                for _ in range(100):
                    workspace.create_assessment(title="Harbour Planner")
                await workspace.settle()
        again = Emulator(journal=journal)
        started = perf_counter()
        await again.start()
        took = perf_counter() - started
        await again.stop()
        return took
