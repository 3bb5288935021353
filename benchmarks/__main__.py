"""Runs the measurements: ``python -m benchmarks``, or ``scripts/bench``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks import (
    bad_consumers,
    in_process,
    load,
    provider_api,
    pytest_start,
    replay,
    rows,
    start,
    throughput,
)

if TYPE_CHECKING:
    from benchmarks.rows import Row


def measured(name: str, scale: str) -> list[Row]:
    """Return the rows of a measurement; *scale* is ``quick``, ``full`` or empty."""
    is_quick, is_full = scale == "quick", scale == "full"
    match name:
        case "throughput":
            return throughput.measure(
                rounds=1 if is_quick else 15, candidates=24 if is_quick else 1_600
            )
        case "start":
            return start.measure(rounds=1 if is_quick else 15)
        case "pytest_start":
            return pytest_start.measure(rounds=1 if is_quick else 15)
        case "lifecycle":
            return in_process.lifecycle(rounds=5 if is_quick else 500)
        case "expiry":
            counts = [100] if is_quick else [1_000, 10_000]
            return in_process.expiry(counts=[*counts, 100_000] if is_full else counts)
        case "memory":
            last = 1_000_000 if is_full else 100_000
            counts = [100] if is_quick else list(range(50_000, last + 1, 50_000))
            return in_process.memory(counts=counts)
        case "replay":
            counts = [400] if is_quick else [10_000, 50_000]
            return replay.measure(counts=[*counts, 200_000] if is_full else counts)
        case "provider_api":
            return provider_api.measure(
                rounds=1 if is_quick else 15,
                requests=10 if is_quick else 1_000,
                candidates=100 if is_quick else 10_000,
            )
        case "load":
            return load.measure(
                rounds=1 if is_quick else 3,
                messages=100 if is_quick else 20_000,
                seconds=1 if is_quick else 5,
            )
        case _:
            return bad_consumers.measure(
                rounds=1 if is_quick else 5, messages=2 if is_quick else 40
            )


NAMES = (
    "throughput", "start", "pytest_start", "lifecycle", "expiry", "memory", "replay",
    "bad_consumers", "load", "provider_api",
)  # fmt: skip


@click.command()
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Repeatable.")
@click.option("--quick", "scale", flag_value="quick", help="Tiny sizes: does it run at all?")
@click.option(
    "--full", "scale", flag_value="full", help="A million deliveries, 100,000 candidates."
)
@click.option(
    "--peers", is_flag=True, help="Measure other emulators of webhooks, too, and nothing else."
)
@click.option("--markdown", is_flag=True, help="The table as docs/benchmarks.md has it.")
@click.option(
    "--profile",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Measure nothing; write where the time of the whole path goes to this file.",
)
def main(
    only: tuple[str, ...],
    scale: str | None,
    profile: Path | None,
    *,
    peers: bool,
    markdown: bool,
) -> None:
    """Measure the emulator beside bare clients and servers, in one run, and print ratios."""
    if profile is not None:
        profile.write_text(throughput.profiled(20 if scale == "quick" else 500))
        click.echo(f"written: {profile}")
        return
    found: list[Row] = []
    for name in () if peers else only or NAMES:
        click.echo(f"measuring: {name}", err=True)
        found += measured(name, scale or "")
    if peers:
        from benchmarks.peers import measure

        found = measure(calls=100 if scale == "quick" else 2_000)
    click.echo(rows.markdown(found) if markdown else rows.text(found))


if __name__ == "__main__":
    sys.exit(main())
