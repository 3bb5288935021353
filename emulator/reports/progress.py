"""Progress of a run: plain lines in a pipe, with a live last line on a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol, TextIO

import click

from emulator.printing import printable, printable_lines
from emulator.reports.timeline import elapsed

if TYPE_CHECKING:
    from typing import Self

    from rich.console import RenderableType

_COLOURS = {
    "passed": "green", "failed": "red", "skipped": "yellow", "incomplete": "red",
}  # fmt: skip

LONG_WAIT = 2.0
"""Real seconds from which on a wait gets a progress bar."""


class Screen(Protocol):
    """Where lines go."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(self, *_: object) -> None:
        """End, with nothing unfinished left behind."""
        ...

    def line(self, text: str, status: str = "") -> None:
        """Show *text*, one or more lines, in the colour of *status*."""
        ...

    def under_way(self, what: str, seconds: float | None = None) -> None:
        """Show what goes on now.

        Args:
            what: in a few words; empty when nothing does.
            seconds: real ones that it takes, or takes at most, when that is known.
        """
        ...


def screen(stream: TextIO | None = None) -> Screen:
    """Return the screen for a stream, stdout when left out."""
    stream = stream or sys.stdout
    return Live(stream) if stream.isatty() else Plain(stream)


class Plain:
    """Lines alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is unfinished."""

    def line(self, text: str, status: str = "") -> None:
        """Print it; click takes colours off where nobody can see them."""
        click.secho(printable_lines(text), self._stream, fg=_COLOURS.get(status))

    def under_way(self, what: str, seconds: float | None = None) -> None:
        """Tell nothing: a log wants what happened."""


class Live:
    """Lines, and below them one that says what goes on, with a spinner and the time."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live as Region
        from rich.spinner import Spinner

        self._spinner = Spinner("dots")
        self._what, self._since = "", 0.0
        self._seconds: float | None = None
        # Highlighting and markup would read meaning into what a consumer answered.
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._region = Region(
            get_renderable=self._shown, console=self._console, transient=True, refresh_per_second=8
        )

    def __enter__(self) -> Self:
        """Begin to show the live line."""
        self._region.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the live line away."""
        self._region.stop()

    def line(self, text: str, status: str = "") -> None:
        """Print it above the live line."""
        from rich.text import Text

        text = printable_lines(text)
        self._console.print(Text(text, style=_COLOURS.get(status, "")), soft_wrap=True)

    def under_way(self, what: str, seconds: float | None = None) -> None:
        """Show it from now on, with a bar when it takes long."""
        self._what, self._seconds, self._since = what, seconds, time.monotonic()

    def _shown(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        if not self._what:
            return Text()
        passed, total = time.monotonic() - self._since, self._seconds
        what = Text(printable(self._what), no_wrap=True)
        row: list[RenderableType] = [self._spinner, what]
        if total is not None and total >= LONG_WAIT:
            row.append(ProgressBar(total, min(passed, total), width=24))
            row.append(Text(f"{elapsed(int(passed))} of {elapsed(total)}"))
        elif passed >= LONG_WAIT:
            row.append(Text(elapsed(int(passed))))
        grid = Table.grid(padding=(0, 1))
        for _ in row:
            grid.add_column(no_wrap=True, overflow="ellipsis")
        grid.add_row(*row)
        return grid
