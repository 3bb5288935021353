"""A report as files in a folder."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import msgspec

from emulator.errors import InvalidInputError
from emulator.reports import ctrf, html, junit

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.reports.report import Report

FILES = ("report.html", "report.json", "junit.xml", "journal.jsonl")


def prepare(folder: Path) -> None:
    """Make *folder*, before anything is run for it.

    Raises:
        InvalidInputError: it can't be made, is a file, or nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        taken = [name for name in FILES if (folder / name).is_dir()]
    except FileExistsError:
        message = f"no folder for the report: {str(folder)!r} is a file"
        raise InvalidInputError(message) from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    if taken:
        message = f"no room for the report: {str(folder / taken[0])!r} is a folder"
        raise InvalidInputError(message)


def write(report: Report, folder: Path) -> None:
    """Write all files of a report; an older one is overwritten.

    Raises:
        InvalidInputError: one can't be written.
    """
    journal = b"".join(
        msgspec.json.encode(entry) + b"\n" for case in report.cases for entry in case.journal
    )
    bodies = (html.document(report), ctrf.document(report), junit.document(report), journal)
    try:
        for name, body in zip(FILES, bodies, strict=True):
            (folder / name).write_bytes(body)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> InvalidInputError:
    reason = (error.strerror or str(error)).lower()
    return InvalidInputError(f"the report can't be written to {str(folder)!r}: {reason}")
