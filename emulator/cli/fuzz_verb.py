"""``fuzz``: search for payloads and sequences that a consumer cannot handle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli import common_options, consumer_options, provider_api
from emulator.cli.output import say
from emulator.errors import InvalidInputError, file_error

if TYPE_CHECKING:
    from emulator.conformance.fuzzing.findings import Fuzzed, FuzzFinding
    from emulator.conformance.target import Target

_SAVE = Path("testlify-found")


@click.command(
    name="fuzz",
    epilog="Example: testlify-emulator fuzz http://127.0.0.1:9000/hook"
    " --probe 'http://127.0.0.1:9000/candidates/{email}'",
)
@consumer_options.options(*consumer_options.GRADING)
@click.option(
    "--examples", type=click.IntRange(1, 1_000_000), default=200, show_default=True, metavar="N",
    help="Number of random payloads and of random sequences. Single changes are always sent.",
)  # fmt: skip
@common_options.seed()
@click.option(
    "--save", type=click.Path(file_okay=False, path_type=Path), default=_SAVE, show_default=True,
    metavar="DIR", help="Folder for scenario files that reproduce the findings.",
)  # fmt: skip
@click.option("--only", type=click.Choice(["payloads", "sequences"]), help="Run only this part.")
@click.option(
    "--invariant", "invariants", multiple=True, metavar="PATH=VALUE",
    help="Value that the probe must show at the end, such as state={status} or"
    " done={completions}, in place of status and completions. Repeatable.",
)  # fmt: skip
@click.option(
    "--max-findings", type=click.IntRange(1, 1_000), default=5, show_default=True, metavar="N",
    help="Largest number of findings to report, different causes first.",
)  # fmt: skip
@click.option(
    "--shrink-time", type=click.FloatRange(0), default=30.0, show_default=True, metavar="SECONDS",
    help="Time limit for shrinking one failure.",
)  # fmt: skip
@provider_api.option
def command(
    examples: int,
    seed: int | None,
    save: Path,
    only: Any,
    invariants: tuple[str, ...],
    max_findings: int,
    shrink_time: float,
    api_port: int | None,
    **reached: Any,
) -> int:
    """Search for payloads, then for sequences of deliveries, that a consumer cannot handle.

    Payloads are the emulator's own with one change, then with several, then payloads made from the
    schema. The consumer has to accept valid payloads, and to answer invalid ones below 500.
    Sequences are the deliveries of up to three candidates, with duplicates, delays and retries:
    the consumer has to accept each delivery, and to know the state of each candidate at the end.

    A finding is minimised and saved as a scenario that 'run' replays. Exit 0: nothing found; 1:
    something found; 2: a usage error, or the consumer did not answer.
    """
    from emulator.conformance.fuzzing import fuzz
    from emulator.reports.progress import screen

    target = consumer_options.target(reached)
    invariant = _invariant(invariants, target)
    with provider_api.served(api_port) as serve, screen() as shown:
        fuzzed = fuzz.fuzz(
            target,
            seed=seed,
            examples=examples,
            only=only,
            invariant=invariant,
            max_findings=max_findings,
            shrink_time=shrink_time,
            on_progress=shown.under_way,
            serve=serve,
        )
    _report(fuzzed, save, target)
    return fuzzed.exit_code


def _invariant(texts: tuple[str, ...], target: Target) -> dict[str, str] | None:
    from emulator.scenario.value_types import READERS, PayloadPath

    if texts and not target.has_probe:
        message = "--invariant needs --probe or --probe-command, which read the consumer's state"
        raise InvalidInputError(message)
    found = {}
    for text in texts:
        path, value = common_options.pair("--invariant", text, "PATH=VALUE, as in state={status}")
        found[str(READERS[PayloadPath](path))] = value
    return found or None


def _report(fuzzed: Fuzzed, folder: Path, target: Target) -> None:
    for finding in fuzzed.findings:
        _save(finding, folder)
        say((f"FOUND  {finding.title}", "red"))
        for line in finding.lines:
            say(f"       {line}")
        url = target.url if target.app is None else "CONSUMER_URL"
        say(f"       {finding.command(str(folder), url)}\n")
    for note in fuzzed.notes:
        say(f"note: {note}", err=True)
    if fuzzed.verdict == "no_evidence":
        say(f"error: {fuzzed.reason}; is the consumer running?", err=True)
        return
    count = len(fuzzed.findings)
    found = {0: "nothing found", 1: "1 finding"}.get(count, f"{count} findings")
    say(f"{found} in {fuzzed.deliveries} deliveries; repeat with --seed {fuzzed.seed}")


def _save(finding: FuzzFinding, folder: Path) -> None:
    files = {finding.file: finding.scenario.encode()}
    if finding.data is not None:
        files[finding.data[0]] = finding.data[1]
    with file_error(f"can't write to {str(folder)!r}", path="--save"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in files.items():
            (folder / name).write_bytes(body)
