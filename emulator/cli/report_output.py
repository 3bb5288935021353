"""Writes reports to a folder, to standard output and to the CI system."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from emulator.cli.codes import BUG
from emulator.cli.output import document, say
from emulator.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.reports.progress import Screen
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


class Output(NamedTuple):
    """The places to which a report is written.

    Attributes:
        format: the format of standard output; ``text`` is printed during the run.
        folder: the folder for all formats; None writes none.
    """

    format: str
    folder: Path | None

    @classmethod
    def of(cls, options: dict[str, Any]) -> Output:
        """Return the output that the `report_options` describe, and remove them from *options*.

        Raises:
            InvalidInputError: the folder can't be written to.
        """
        output = cls(options.pop("format"), options.pop("report"))
        if output.folder is not None:
            from emulator.reports import folder

            folder.prepare(output.folder)
        return output

    @property
    def is_detailed(self) -> bool:
        """Whether any place shows the deliveries of a report."""
        from emulator.reports import github

        is_document = self.format != "text" or self.folder is not None
        return is_document or github.is_there(os.environ)

    def screen(self) -> Screen:
        """Return the screen for the progress: standard output, unless it gets a document."""
        from emulator.reports.progress import screen

        return screen(sys.stdout if self.format == "text" else sys.stderr)

    def write(self, report: Report, code: int) -> int:
        """Write the report of a run to all places; one failure does not prevent the rest.

        Args:
            report: the report of the run.
            code: the exit code of the run.

        Returns:
            The exit code: *code* if anything of the report was written, otherwise that of a bug.
        """
        from emulator.reports import folder, github

        failed: dict[str, str] = {}
        written = 0
        if self.folder is not None:
            failed = folder.write(report, self.folder)
            written += len(FORMATS) - len(failed)
        if self.format != "text":
            try:
                document(FORMATS[self.format].document(report))
                written += 1
            except Exception as bug:  # noqa: BLE001 - reported below
                failed[f"--format {self.format}"] = f"a bug of the emulator: {bug!r}"
        try:
            github.publish(report, os.environ)
        except Exception as bug:  # noqa: BLE001 - reported below
            failed["the summary for GitHub Actions"] = f"a bug of the emulator: {bug!r}"
        for name, reason in failed.items():
            say(f"error: {name} was not written: {reason}", err=True)
        return BUG if failed and not written else code
