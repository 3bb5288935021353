"""Collects the problems of a scenario file, each with its line and a caret."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.scenario.tree import Place

_WIDEST = 100
"""Characters of a line that are shown around the place."""

_INDENT = "    "


class Problems:
    """What is wrong with one file.

    Args:
        file: how the messages call it.
        text: of the file, whose lines are shown.
    """

    def __init__(self, file: str, text: str = "") -> None:
        self.file = file
        self.text = text
        self._found: dict[tuple[Place, str], None] = {}

    def add(self, place: Place, message: str) -> None:
        """Note a problem; one that is already noted changes nothing."""
        self._found[place, message] = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def __str__(self) -> str:
        """``FILE:LINE:COLUMN: what``, the line and a caret, in the order of the file."""
        lines = self.text.split("\n")
        told = []
        for (line, column), message in sorted(self._found):
            told.append(f"{self.file}:{line}:{column}: {message}")
            if line <= len(lines) and lines[line - 1].strip():
                told += _pointed(lines[line - 1].rstrip("\r"), column)
        return "\n".join(told)


def _pointed(line: str, column: int) -> list[str]:
    """Return the part of *line* around *column*, and a caret below it."""
    start = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
    cut = line[start : start + _WIDEST]
    # A tab or a control character would take the caret elsewhere, or the terminal.
    shown = "".join(sign if sign.isprintable() else " " for sign in cut)
    return [f"{_INDENT}{shown}".rstrip(), f"{_INDENT}{' ' * (column - 1 - start)}^"]
