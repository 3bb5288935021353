"""A report as files in a folder."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from emulator.errors import InvalidInputError
from emulator.reports.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.reports.report import Report

FILES = tuple(one.FILE for one in FORMATS.values())


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


def write(report: Report, folder: Path) -> dict[str, str]:
    """Write every file of a report that can be written; an older one is overwritten.

    Returns:
        What failed: name of the file -> why. A format that fails loses no other.
    """
    failed = {}
    for one in FORMATS.values():
        try:
            (folder / one.FILE).write_bytes(one.document(report))
        except OSError as error:
            failed[one.FILE] = (error.strerror or str(error)).lower()
        except Exception as bug:  # noqa: BLE001 - told by the caller, and the evidence is kept
            failed[one.FILE] = f"a bug of the emulator: {bug!r}"
    return failed


def _unwritable(folder: Path, error: OSError) -> InvalidInputError:
    reason = (error.strerror or str(error)).lower()
    return InvalidInputError(f"the report can't be written to {str(folder)!r}: {reason}")
