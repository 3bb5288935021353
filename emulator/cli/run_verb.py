"""``run``: run scenarios against a consumer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from emulator.cli import loop
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from emulator.scenario.result import StepResult
    from emulator.scenario.scenario import Scenario

_COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow", "no_evidence": "red"}


@click.command(
    name="run",
    epilog="Example: testlify-emulator run candidate-completes --url http://127.0.0.1:9000/hook",
)
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@click.option("--url", help="Of the consumer: the value of ${CONSUMER_URL}.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="The value of ${KEY}; comes before the environment's. Repeatable.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="In place of the file's own.")
@click.option(
    "--allow-host", multiple=True,
    help="A host or CIDR beyond this machine and private networks to deliver to. Repeatable.",
)  # fmt: skip
def command(
    scenarios: tuple[str, ...],
    url: str | None,
    settings: tuple[str, ...],
    seed: int | None,
    allow_host: tuple[str, ...],
) -> int:
    """Run scenarios against a consumer, each in an emulator of its own.

    SCENARIO is a file, a folder, or the name of a bundled one ('list scenarios' has them).

    Every step says whether it passed. Exit 0: all as expected; 1: a step failed; 2: a wrong
    call, or a run that proved nothing, because nobody answered.
    """
    from emulator.scenario.library import read_all

    variables = dict(os.environ) | _assigned(settings)
    if url is not None:
        variables["CONSUMER_URL"] = url
    return loop.run(_run(read_all(scenarios, variables), seed, allow_host))


def _assigned(settings: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for one in settings:
        name, equals, value = one.partition("=")
        if not (name and equals):
            message = f"--set {one!r}: expected KEY=VALUE"
            raise InvalidInputError(message)
        pairs[name] = value
    return pairs


async def _run(scenarios: list[Scenario], seed: int | None, allow: tuple[str, ...]) -> int:
    from emulator.reports import text
    from emulator.scenario.run import run

    def show(step: StepResult) -> None:
        click.secho("\n".join(text.step_lines(step)), fg=_COLOURS[step.status])

    codes = []
    for scenario in scenarios:
        click.echo(text.heading(scenario.title, scenario.file))
        result = await run(scenario, seed=seed, allow_hosts=allow, on_step=show)
        click.secho(text.summary(result), fg=_COLOURS[result.verdict])
        codes.append(result.exit_code)
    return max(codes)
