"""Writes a report as files into a folder."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from emulator.errors import InvalidInputError, file_error, reason_of
from emulator.reports.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.reports.report import Report

FILES = tuple(one.FILE for one in FORMATS.values())


def prepare(folder: Path) -> None:
    """Create *folder* and check that it is writable, before anything runs.

    Raises:
        InvalidInputError: the folder can't be created or written to.
    """
    with file_error(f"the report can't be written to {str(folder)!r}"):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        taken = [name for name in FILES if (folder / name).is_dir()]
    if taken:
        message = f"no room for the report: {str(folder / taken[0])!r} is a folder"
        raise InvalidInputError(message)


def write(report: Report, folder: Path) -> dict[str, str]:
    """Write the files of a report; older files are overwritten.

    A format that fails does not prevent the others.

    Returns:
        File name -> why it could not be written.
    """
    failed = {}
    for one in FORMATS.values():
        try:
            (folder / one.FILE).write_bytes(one.document(report))
        except OSError as error:
            failed[one.FILE] = reason_of(error)
        except Exception as bug:  # noqa: BLE001 - the caller reports it, and the other files are kept
            failed[one.FILE] = f"a bug of the emulator: {bug!r}"
    return failed
