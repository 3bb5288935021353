"""Collects the problems of a scenario file, and shows each with its line and a caret."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from emulator.errors import ScenarioError

if TYPE_CHECKING:
    from emulator.scenario.tree import Place

MOST_PROBLEMS = 100
"""The most problems that are reported; then reading stops."""

_WIDEST = 100
"""The most characters of a line that are shown around the place."""

_INDENT = "    "


class Problems:
    """The problems of a file.

    Args:
        file: the file name in messages.
        text: the content of the file, to show lines.
    """

    def __init__(self, file: str, text: str = "") -> None:
        self.file = file
        self.text = text
        self._found: dict[tuple[Place, str], None] = {}

    def add(self, place: Place, message: str) -> None:
        """Add a problem; a repeated problem is ignored.

        Raises:
            ScenarioError: there are too many problems.
        """
        self._found[place, message] = None
        if len(self._found) > MOST_PROBLEMS:
            message = f"{self.file}: more than {MOST_PROBLEMS} problems; the rest is not read"
            raise ScenarioError(f"{self}\n{message}")

    def end(self, place: Place, message: str) -> NoReturn:
        """Add a problem that makes further reading impossible.

        Raises:
            ScenarioError: always, with all problems so far.
        """
        self.add(place, message)
        raise ScenarioError(str(self))

    def __len__(self) -> int:
        """Return the number of problems."""
        return len(self._found)

    def __str__(self) -> str:
        """Return ``FILE:LINE:COLUMN: MESSAGE``, the line and a caret for each, in order."""
        lines = self.text.split("\n")
        shown = []
        for (line, column), message in sorted(self._found):
            shown.append(f"{self.file}:{line}:{column}: {message}")
            if line <= len(lines) and lines[line - 1].strip():
                shown += _pointed(lines[line - 1].rstrip("\r"), column)
        return "\n".join(shown)


def _pointed(line: str, column: int) -> list[str]:
    """Return the part of *line* around *column*, and a caret below it."""
    start = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
    cut = line[start : start + _WIDEST]
    # A tab or a control character would misplace the caret or disturb the terminal.
    shown = "".join(sign if sign.isprintable() else " " for sign in cut)
    return [f"{_INDENT}{shown}".rstrip(), f"{_INDENT}{' ' * (column - 1 - start)}^"]
