"""Shows the progress of a run: lines, and on a terminal a last line that changes."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

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
"""Real seconds after which a wait is shown with the time, and with a bar if its end is known."""


def screen(stream: TextIO | None = None) -> Screen:
    """Return the screen for a stream, by default stdout."""
    stream = stream or sys.stdout
    return LiveScreen(stream) if stream.isatty() else Screen(stream)


class Screen:
    """Shows the lines of a run, for a pipe; a context manager."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def line(self, text: str, status: str = "") -> None:
        """Show *text*, one or more lines, in the colour of *status*."""
        click.secho(printable_lines(text), self._stream, fg=_COLOURS.get(status))

    def under_way(self, activity: str, seconds: float | None = None) -> None:
        """Show the current activity; a log contains only results, so it is not shown there.

        Args:
            activity: a few words; empty for no activity.
            seconds: its duration in real seconds, at most; None if unknown.
        """


class LiveScreen(Screen):
    """Shows lines, and below them the current activity with a spinner and the time."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        super().__init__(stream)
        self._spinner = Spinner("dots")
        self._activity, self._since = "", 0.0
        self._seconds: float | None = None
        # Highlighting and markup would change the text of a consumer's answer.
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._region = Live(
            get_renderable=self._shown, console=self._console, transient=True, refresh_per_second=8
        )

    def __enter__(self) -> Self:
        self._region.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._region.stop()

    def line(self, text: str, status: str = "") -> None:
        """Show *text* above the activity."""
        from rich.text import Text

        text = printable_lines(text)
        self._console.print(Text(text, style=_COLOURS.get(status, "")), soft_wrap=True)

    def under_way(self, activity: str, seconds: float | None = None) -> None:
        """Show *activity* from now on, with a bar if it takes long."""
        self._activity, self._seconds, self._since = activity, seconds, time.monotonic()

    def _shown(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        if not self._activity:
            return Text()
        passed, total = time.monotonic() - self._since, self._seconds
        row: list[RenderableType] = [
            self._spinner, Text(printable(self._activity), no_wrap=True)
        ]  # fmt: skip
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
