"""``run``: run scenarios against a consumer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli import loop, tls
from emulator.cli.variables import set_option, variables

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
@set_option
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="In place of the file's own.")
@click.option(
    "--allow-host", multiple=True,
    help="A host or CIDR beyond this machine and private networks to deliver to. Repeatable.",
)  # fmt: skip
@click.option(
    "--ca", type=click.Path(dir_okay=False, path_type=Path),
    help="Certificates (PEM) to trust in place of the system's.",
)  # fmt: skip
@click.option("--insecure", is_flag=True, help="Deliver whatever certificate the consumer shows.")
def command(
    scenarios: tuple[str, ...],
    url: str | None,
    settings: tuple[str, ...],
    seed: int | None,
    allow_host: tuple[str, ...],
    ca: Path | None,
    *,
    insecure: bool,
) -> int:
    """Run scenarios against a consumer, each in an emulator of its own.

    SCENARIO is a file, a folder, or the name of a bundled one ('list scenarios' has them).

    Every step says whether it passed. Exit 0: all as expected; 1: a step failed; 2: a wrong
    call, or a run that proved nothing, because nobody answered.
    """
    from emulator.scenario.library import read_all

    targets = read_all(scenarios, variables(settings, url))
    tls.warn_if(insecure)
    how = {"seed": seed, "allow_hosts": allow_host, "ca": ca, "is_insecure": insecure}
    return loop.run(_run(targets, how))


async def _run(scenarios: list[Scenario], settings: dict[str, Any]) -> int:
    from emulator.reports import text
    from emulator.scenario.run import run

    results = []
    for scenario in scenarios:

        def show(step: StepResult, file: str = scenario.file) -> None:
            click.secho("\n".join(text.step_lines(step, file)), fg=_COLOURS[step.status])

        click.echo(text.heading(scenario.title, scenario.file))
        result = await run(scenario, on_step=show, **settings)
        click.secho(text.summary(result), fg=_COLOURS[result.verdict])
        results.append(result)
    if len(results) > 1:
        click.echo(f"\n{text.total(results)}")
    return max(result.exit_code for result in results)
