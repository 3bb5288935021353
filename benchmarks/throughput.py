"""Deliveries per second, the whole path, against a bare client that posts the same bodies."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import uvloop

from benchmarks.receivers import receiver
from benchmarks.rows import Row, ratio
from emulator import Emulator
from emulator.domain.events import EVENTS_OF

if TYPE_CHECKING:
    import aiohttp

    from emulator.domain.events import Generation
    from emulator.workspace.workspace import Workspace

IN_FLIGHT = 100
_TOGETHER = 100  # candidates who move at the same time
_OWN = (
    "candidate.invited", "candidate.enrolled", "candidate.in_progress", "candidate.completed",
    "candidate.rejected", "candidate.score_updated",
)  # fmt: skip

Block = "Callable[[], Awaitable[float]]"
"""Runs for a second or two, and gives the seconds of one delivery."""


def measure(*, rounds: int, candidates: int) -> list[Row]:
    """Measure each way against the bare client, in short turns.

    Args:
        rounds: pairs of turns.
        candidates: whole lifecycles in one turn.
    """
    with receiver() as url:
        return uvloop.run(_all(url, rounds, candidates))


async def _all(url: str, rounds: int, candidates: int) -> list[Row]:
    import aiohttp

    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "one webhook a message": ("1.3", {}),
        "eight webhooks a message": ("2.0", {"webhooks": 8}),
        "eight webhooks, signed (v2)": ("1.8", {"webhooks": 8, "generation": "v2"}),
        "eight webhooks, journal in SQLite": ("1.6", {"webhooks": 8, "on_disk": True}),
    }
    bodies = await _bodies(url)
    mean = sum(map(len, bodies)) // len(bodies)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    rows = [await _receiver_alone(url, bodies)]
    async with aiohttp.ClientSession(connector=connector) as session:
        await _bare(session, url, bodies, 500)
        for what, (target, options) in ways.items():
            count = candidates // options.get("webhooks", 1)
            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(await _ours(url, count, **options))
                theirs.append(await _bare(session, url, bodies, 5 * candidates))
            ratios = [bare / own for own, bare in zip(ours, theirs, strict=True)]
            rows.append(
                Row(
                    f"deliveries a second: {what}, against bare aiohttp",
                    ratio(ratios),
                    f"at least {target}" if target else "",
                    f"{1 / min(ours):,.0f} against {1 / min(theirs):,.0f} a second at best; "
                    f"{mean} bytes a body on average, {IN_FLIGHT} in flight, {rounds} pairs",
                )
            )
    return rows


async def _receiver_alone(url: str, bodies: list[bytes]) -> Row:
    """Return how many requests a second the receiver takes from the wire client alone."""
    import asyncio

    from emulator.delivery.records import Request
    from emulator.delivery.transports.address_guard import Guard
    from emulator.delivery.transports.wire import Wire

    wire = Wire(Guard())
    request = Request(f"{url}/hook", (("Content-Type", "application/json"),), bodies[0])

    async def post(count: int) -> None:
        for _ in range(count):
            await wire.send(request)

    await asyncio.gather(*[post(2) for _ in range(IN_FLIGHT)])
    started = perf_counter()
    await asyncio.gather(*[post(100) for _ in range(IN_FLIGHT)])
    rate = 100 * IN_FLIGHT / (perf_counter() - started)
    await wire.close()
    return Row("the receiver's own limit", f"{rate:,.0f} a second", detail="the wire client alone")


async def _bodies(url: str) -> list[bytes]:
    """Return the bodies of a whole lifecycle."""
    async with Emulator(seed=7, clock="virtual") as emulator:
        workspace = emulator.workspace()
        _register(workspace, url, 1)
        await _live(workspace, 1)
        return [delivery.message.body for delivery in workspace.deliveries()]


def _register(workspace: Workspace, url: str, webhooks: int, generation: Generation = "v1") -> None:
    """Register webhooks that all want everything, or one for each event type."""
    every = [one for one in ("candidate.status_changed", *_OWN) if one in EVENTS_OF[generation]]
    wanted = [every] * webhooks if webhooks > 1 else [[one] for one in every]
    for number, events in enumerate(wanted):
        workspace.add_webhook(name="ats", payload_url=f"{url}/hook/{number}", events=events)


async def _live(workspace: Workspace, count: int) -> None:
    """Let *count* candidates live a whole life, some at the same time."""
    job = workspace.create_assessment(title="Harbour Planner").id
    for first in range(0, count, _TOGETHER):
        numbers = range(first, min(first + _TOGETHER, count))
        ids = [
            workspace.invite(
                job, email=f"ada{number}@example.com", first_name="Ada", last_name="Example"
            ).id
            for number in numbers
        ]
        for command in ("", "enroll", "start", "complete", "rescore", "reject"):
            for id_ in ids if command else ():
                workspace.move_candidate(id_, command)
            await workspace.settle()


async def _ours(
    url: str, count: int, *, webhooks: int = 1, generation: Generation = "v1", on_disk: bool = False
) -> float:
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal" if on_disk else None
        emulator = Emulator(
            seed=7, clock="virtual", generation=generation, journal=journal, in_flight=IN_FLIGHT
        )
        async with emulator:
            workspace = emulator.workspace()
            _register(workspace, url, webhooks, generation)
            await _live(workspace, 1)  # the first deliveries dial
            before = len(workspace.deliveries(status="succeeded"))
            started = perf_counter()
            await _live(workspace, count)
            took = perf_counter() - started
            delivered = len(workspace.deliveries(status="succeeded")) - before
            assert delivered == len(workspace.deliveries()) - before > 0
            return took / delivered


async def _bare(session: aiohttp.ClientSession, url: str, bodies: list[bytes], count: int) -> float:
    """Post *count* of the same bodies with nothing around it."""
    import asyncio

    headers = {"Content-Type": "application/json"}

    async def post(start: int) -> None:
        for number in range(start, count, IN_FLIGHT):
            body = bodies[number % len(bodies)]
            async with session.post(f"{url}/hook", data=body, headers=headers) as answer:
                await answer.read()

    started = perf_counter()
    await asyncio.gather(*[post(start) for start in range(IN_FLIGHT)])
    return (perf_counter() - started) / count


def profiled(candidates: int) -> str:
    """Return where the time goes on the whole path, as cProfile sees it."""
    import cProfile
    import io
    import pstats

    profile = cProfile.Profile()

    async def main(url: str) -> None:
        await _ours(url, candidates, webhooks=8)
        profile.enable()
        await _ours(url, candidates, webhooks=8)
        profile.disable()

    with receiver() as url:
        uvloop.run(main(url))
    told = io.StringIO()
    stats = pstats.Stats(profile, stream=told)
    stats.sort_stats("tottime").print_stats(30)
    stats.sort_stats("cumtime").print_stats(40)
    return told.getvalue()
