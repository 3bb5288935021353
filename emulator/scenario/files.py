"""Reads scenario files, and the files that their steps send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from emulator.errors import InvalidInputError, ScenarioError, reason_of
from emulator.scenario.yaml_source import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_DATA = 10_000_000
"""The most bytes of a file that a step sends."""


def body_of(path: Path) -> bytes:
    """Return the bytes of a scenario file, up to one more than the largest scenario.

    Raises:
        ScenarioError: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        reason = reason_of(error)
        message = f"{path}: can't be read: {reason}"
        raise ScenarioError(message) from None


def data_of(name: str, scenario: str, given: Mapping[str, bytes] | None) -> bytes:
    """Return the bytes of a file that a step sends.

    Args:
        name: as written in the scenario.
        scenario: path of the scenario file; *name* is relative to its folder.
        given: name -> body of the files that came with a scenario from another machine; None reads
            from disk.

    Raises:
        InvalidInputError: the file can't be read, was not sent along, or is too large.
    """
    if given is None:
        body = _on_disk(Path(scenario).parent / name)
    elif name in given:
        body = given[name]
    else:
        message = f"no file {name!r} was sent with the scenario; files of this machine are not read"
        raise InvalidInputError(message)
    if len(body) > LARGEST_DATA:
        message = f"{name!r} has more than {LARGEST_DATA} bytes"
        raise InvalidInputError(message)
    return body


def _on_disk(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_DATA + 1)
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        message = f"{str(path)!r} can't be read: {reason}"
        raise InvalidInputError(message) from None
