"""``drift``: compare captured deliveries with the schemas."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.cli.codes import FAILED
from emulator.cli.output import document, say
from emulator.errors import InvalidInputError

_FORMATS = ("text", "json", "markdown", "github")


@click.command(
    name="drift",
    epilog="Example: testlify-emulator drift captures --filter 'candidate.*' --format markdown",
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE|DIR..."
)
@click.option(
    "--filter", "filters", multiple=True, metavar="TYPE|PATH=VALUE",
    help="Only captures of this event type, such as 'candidate.*', or with this value, such as"
    " data.candidateStatus=COMPLETED. Repeatable; all have to fit.",
)  # fmt: skip
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True,
    help="How to print the differences; github prints annotations.",
)  # fmt: skip
def command(files: tuple[Path, ...], filters: tuple[str, ...], format_: str) -> int:
    """Compare captures of the real service with the schemas of the emulator.

    Keys that are new, missing or in another order, other types, null, new words and new event
    types are listed with the JSON path, how many captures show them, an example without personal
    data, and how the contradicted fact was known: an assumption is a discovery, a documented fact
    is a change of the service.

    Exit 0: no differences; 1: differences; 2: nothing could be compared.
    """
    from emulator.captures.drift import compare
    from emulator.captures.drift_formats import FORMATS, summary
    from emulator.captures.reading import read
    from emulator.captures.samples import sent
    from emulator.captures.selecting import selected
    from emulator.contracts.validation import Contracts

    found = compare(selected(read(files), filters), Contracts(), sent)
    if not found.compared:
        message = f"nothing to compare: {summary(found)}"
        raise InvalidInputError(message)
    written = FORMATS[format_](found)
    if format_ == "json":
        document(written)
    elif format_ == "github":
        click.echo(written)  # its lines are commands, and what is foreign in them is escaped
    else:
        say(written)
    return FAILED if found.drifts else 0
