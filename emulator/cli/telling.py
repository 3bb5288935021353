"""Where a report goes: a folder, standard output, the CI that runs us."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from emulator.cli.codes import BUG
from emulator.cli.output import document, say

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.reports.report import Report


def tell(report: Report, form: str, folder: Path | None, code: int) -> int:
    """Write a report wherever it is wanted; whatever can't be written loses nothing else.

    Args:
        report: of the run.
        form: ``text``, which was printed during the run, or the format of standard output.
        folder: for all of its files; None writes none.
        code: the exit code of the run.

    Returns:
        The exit code: *code* if anything of the report was written, otherwise that of a bug.
    """
    from emulator.reports import folder as files
    from emulator.reports import github
    from emulator.reports.formats import FORMATS

    failed: dict[str, str] = {}
    written = 0
    if folder is not None:
        failed = files.write(report, folder)
        written += len(FORMATS) - len(failed)
    if form != "text":
        try:
            document(FORMATS[form].document(report))
            written += 1
        except Exception as bug:  # noqa: BLE001 - said below
            failed[f"--format {form}"] = f"a bug of the emulator: {bug!r}"
    try:
        github.tell(report, os.environ)
    except Exception as bug:  # noqa: BLE001 - said below
        failed["the summary for GitHub Actions"] = f"a bug of the emulator: {bug!r}"
    for name, reason in failed.items():
        say(f"error: {name} was not written: {reason}", err=True)
    return BUG if failed and not written else code
