"""``drift``: compare captured deliveries with the schemas."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from emulator.cli import common_options
from emulator.cli.codes import FAILED
from emulator.cli.output import document, say
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.captures.capture import Capture
    from emulator.captures.drift import Comparison
    from emulator.domain.events import Generation

_FORMATS = ("text", "json", "markdown", "github")


@click.command(
    name="drift",
    epilog="Example: testlify-emulator drift captures --filter 'candidate.*' --format markdown",
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE|DIR...")
@common_options.filters
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True,
    help="How to print the differences; github prints annotations.",
)  # fmt: skip
@click.option(
    "--overlay", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
    help="Compare with the schemas of this folder, which 'learn' wrote, and with the emulator's"
    " own for other event types.",
)  # fmt: skip
@click.option(
    "--against", type=click.Path(exists=True, path_type=Path), metavar="FILE|DIR",
    help="Compare with these captures, in place of the schemas.",
)  # fmt: skip
@click.option(
    "--schemas", nargs=2, type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="OLD NEW", help="Compare two folders of schemas, and no captures.",
)  # fmt: skip
@common_options.generation_of_captures
def command(
    files: tuple[Path, ...],
    filters: tuple[str, ...],
    format_: str,
    overlay: Path | None,
    against: Path | None,
    schemas: tuple[Path, Path] | None,
    webhooks: Generation | None,
) -> int:
    """Compare captures of the real service with the schemas of the emulator.

    Keys that are new, missing or in another order, other types, null, new words and new event
    types are listed with the JSON path, how many captures show them, an example without personal
    data, and how the contradicted fact was known: an assumption is a discovery, a documented fact
    is a change of the service.

    Exit 0: no differences; 1: differences; 2: nothing could be compared.
    """
    from emulator.captures.capture_files import read
    from emulator.captures.drift_formats import FORMATS, summary
    from emulator.captures.filters import selected

    if (files == ()) == (schemas is None):
        message = "expected files or folders of captures, or --schemas OLD NEW"
        raise InvalidInputError(message)
    if overlay is not None and against is not None:
        message = "--overlay and --against exclude each other"
        raise InvalidInputError(message)
    if schemas is not None:
        found = _changed(*schemas)
    else:
        captures = selected(read(files, webhooks), filters)
        known = None if against is None else read([against], webhooks)
        found = _compared(captures, overlay, known)
    if not found.compared:
        message = f"nothing to compare: {summary(found)}"
        raise InvalidInputError(message)
    written = FORMATS[format_](found)
    if format_ == "json":
        document(written)
    elif format_ == "github":
        click.echo(written)  # its lines are workflow commands, with all foreign text escaped
    else:
        say(written)
    return FAILED if found.drifts else 0


def _compared(
    captures: Sequence[Capture], overlay: Path | None, known: Sequence[Capture] | None
) -> Comparison:
    """Compare captures with *known* captures, or without them with the schemas."""
    from emulator.captures.drift import compare
    from emulator.captures.overlay import learn
    from emulator.captures.sample_payloads import shaped_by
    from emulator.contracts.user_schemas import check_folder
    from emulator.contracts.validation import Contracts

    if known is not None:
        with TemporaryDirectory() as folder:
            learn(known, Path(folder), Contracts())
            contracts = Contracts(Path(folder))
        return compare(captures, contracts, shaped_by(contracts), learned_only=True)
    if overlay is not None:
        check_folder(overlay)
    contracts = Contracts(overlay)
    return compare(captures, contracts, shaped_by(contracts))


def _changed(old: Path, new: Path) -> Comparison:
    """Compare two folders of schemas."""
    from emulator.captures.schema_changes import compare_schemas
    from emulator.contracts.user_schemas import check_folder
    from emulator.contracts.validation import Contracts

    for folder in (old, new):
        check_folder(folder)
    return compare_schemas(Contracts(old), Contracts(new))
