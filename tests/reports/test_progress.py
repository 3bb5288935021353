"""Lines in a pipe and on a real terminal, whose other end reads the output."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import time
from typing import TYPE_CHECKING, TextIO

import pytest

from emulator.reports.progress import Screen, screen

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 20.0  # real seconds


class Terminal:
    """Both ends of a terminal."""

    def __init__(self) -> None:
        self._reading, writing = pty.openpty()
        self.stream: TextIO = os.fdopen(writing, "w")
        self.drawn = ""

    def until(self, pattern: str) -> None:
        """Read until *pattern* was drawn."""
        deadline = time.monotonic() + DEADLINE
        while not re.search(pattern, self.drawn):
            left = deadline - time.monotonic()
            assert left > 0, self.drawn
            if select.select([self._reading], [], [], left)[0]:
                self.drawn += os.read(self._reading, 65536).decode(errors="replace")

    def close(self) -> None:
        self.stream.close()
        os.close(self._reading)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    opened = Terminal()
    yield opened
    opened.close()


def test_a_pipe_gets_only_lines() -> None:
    stream = io.StringIO()
    with screen(stream) as shown:
        assert type(shown) is Screen
        shown.under_way("wait 6s", 6.0)
        shown.line("  ✓ wait 6s", "passed")
        shown.line("FAILED", "failed")
        shown.under_way("")
    assert stream.getvalue() == "  ✓ wait 6s\nFAILED\n"


def test_a_terminal_gets_colours_and_the_step_under_way(terminal: Terminal) -> None:
    with screen(terminal.stream) as shown:
        shown.under_way("settle [bold]x[/bold] :smile:")
        terminal.until(r"settle \[bold\]x\[/bold\] :smile:")
        shown.line("  ✗ it [bold]failed[/bold] :smile:", "failed")
        terminal.until(r"\x1b\[31m  ✗ it \[bold\]failed\[/bold\] :smile:\x1b\[0m\r\n")
        assert " of " not in terminal.drawn
    terminal.until(r"\x1b\[\?25h")  # the cursor is back


@pytest.mark.slow
def test_a_long_wait_shows_how_far_it_is(terminal: Terminal) -> None:
    with screen(terminal.stream) as shown:
        shown.under_way("wait 1h", 3_600.0)
        terminal.until(r"wait 1h .*━.*0s of 1h")
        terminal.until(r"1s of 1h")


@pytest.mark.slow
def test_a_step_of_unknown_length_shows_how_long_it_took_so_far(terminal: Terminal) -> None:
    with screen(terminal.stream) as shown:
        shown.under_way("expect")
        terminal.until(r"expect +2s")
