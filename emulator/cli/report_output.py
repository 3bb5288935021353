"""Writes a report to a folder, to standard output and to the CI system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli.codes import BUG
from emulator.cli.output import document, say
from emulator.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.reports.report import Report


def report_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options ``--format`` and ``--report`` to a verb."""
    files = ", ".join(one.FILE for one in FORMATS.values())
    for option in (
        click.option(
            "--report", type=click.Path(path_type=Path), metavar="DIR",
            help=f"Write the report to this folder, in every format: {files}.",
        ),
        click.option(
            "--format", type=click.Choice(["text", *FORMATS]), default="text", show_default=True,
            help="Print lines during the run (text), or the report in this format at its end.",
        ),
    ):  # fmt: skip
        verb = option(verb)
    return verb


def tell(report: Report, form: str, folder: Path | None, code: int) -> int:
    """Write a report everywhere the options say; one failure does not prevent the rest.

    Args:
        report: the report of the run.
        form: the format of standard output; ``text`` was already printed during the run.
        folder: the folder for all formats; None writes none.
        code: the exit code of the run.

    Returns:
        The exit code: *code* if anything of the report was written, otherwise that of a bug.
    """
    from emulator.reports import folder as files
    from emulator.reports import github

    failed: dict[str, str] = {}
    written = 0
    if folder is not None:
        failed = files.write(report, folder)
        written += len(FORMATS) - len(failed)
    if form != "text":
        try:
            document(FORMATS[form].document(report))
            written += 1
        except Exception as bug:  # noqa: BLE001 - reported below
            failed[f"--format {form}"] = f"a bug of the emulator: {bug!r}"
    try:
        github.publish(report, os.environ)
    except Exception as bug:  # noqa: BLE001 - reported below
        failed["the summary for GitHub Actions"] = f"a bug of the emulator: {bug!r}"
    for name, reason in failed.items():
        say(f"error: {name} was not written: {reason}", err=True)
    return BUG if failed and not written else code
