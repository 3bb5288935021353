"""Runs the command line: in this process, also verbs that run until a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest

from emulator.cli.main import main
from emulator.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE = 20.0  # real seconds


class Ran(NamedTuple):
    """What came of a call: exit code, stdout, stderr."""

    code: object
    out: str
    err: str


class Cli(Protocol):
    def __call__(self, *arguments: str) -> Ran: ...


class Until(Protocol):
    """Runs a verb until a signal ends it.

    Args:
        arguments: of the command line.
        visit: called in a thread with the first line of stdout that starts with *at*; the
            signal comes after it.
        by: the signal.
    """

    def __call__(
        self,
        *arguments: str,
        visit: Callable[[str], None],
        by: signal.Signals = signal.SIGTERM,
        at: str = "",
    ) -> Ran: ...


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TESTLIFY_EMULATOR_") or name in ("PORT", "NO_COLOR", "CONSUMER_URL"):
            monkeypatch.delenv(name)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        captured = capsys.readouterr()
        return Ran(caught.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def until(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Until:
    def run(
        *arguments: str,
        visit: Callable[[str], None],
        by: signal.Signals = signal.SIGTERM,
        at: str = "",
    ) -> Ran:
        reading, writing = os.pipe()
        lines: list[str] = []
        failures: list[BaseException] = []

        def look() -> None:
            with os.fdopen(reading) as out:
                for line in out:
                    lines.append(line)
                    if line.startswith(at):
                        try:
                            visit(line)
                        except BaseException as failure:  # noqa: BLE001 - raised below
                            failures.append(failure)
                        os.kill(os.getpid(), by)
                        break
                lines.extend(out)

        thread = threading.Thread(target=look)
        thread.start()
        with os.fdopen(writing, "w") as out, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            with pytest.raises(SystemExit) as caught:
                main(list(arguments))
        thread.join(DEADLINE)
        if failures:
            raise failures[0]
        return Ran(caught.value.code, "".join(lines), capsys.readouterr().err)

    return run


@pytest.fixture
def consumer() -> Iterator[Callable[..., Receiver]]:
    """Start consumers, each on a real socket, in a thread: ``consumer(500).url``."""
    receivers: list[Receiver] = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def start(*statuses: int) -> Receiver:
        receiver = Receiver(statuses=statuses or (200,))
        opening = receiver.__aenter__()
        asyncio.run_coroutine_threadsafe(opening, loop).result(DEADLINE)
        receivers.append(receiver)
        return receiver

    try:
        yield start
    finally:
        for receiver in receivers:
            closing = receiver.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(closing, loop).result(DEADLINE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE)
        loop.close()
