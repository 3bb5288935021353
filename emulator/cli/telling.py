"""Where a report goes: a folder, standard output, the CI that runs us."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.reports.report import Report


def tell(report: Report, form: str, folder: Path | None) -> None:
    """Write a report wherever it is wanted.

    Args:
        report: of the run.
        form: ``json`` or ``junit``, one document on standard output; ``text`` has been told.
        folder: for all of its files; None writes none.
    """
    if folder is not None:
        from emulator.reports import folder as files

        files.write(report, folder)
    if form == "json":
        from emulator.reports import ctrf

        click.echo(ctrf.document(report), nl=False)
    elif form == "junit":
        from emulator.reports import junit

        click.echo(junit.document(report), nl=False)
    from emulator.reports import github

    github.tell(report, os.environ)
