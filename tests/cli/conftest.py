"""Runs the command line: in this process, also verbs that run until a signal comes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol

import pytest

from emulator.cli.main import main
from emulator.receiver import Receiver
from tests.conftest import Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE = 20.0  # real seconds


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
def _without_settings(no_settings_of_this_machine: None) -> None:
    """Every verb, also one that a test starts in another way."""


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


@pytest.fixture
def echoing() -> Iterator[str]:
    """A consumer that echoes each request in headers and body; /500 is the status to answer."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = dict(self.headers.items())
            self.rfile.read(int(sent["Content-Length"]))
            answer = {"echo": sent, "and": "planted-secret", "quoted": json.dumps(sent)}
            body = json.dumps(answer).encode()
            self.send_response(int(self.path.split("/")[1]))
            self.send_header("Location", f"/?token={sent['X-Webhook-Token']}")
            self.send_header("X-Echo", str(sent))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tell nothing."""

    with served(Echo) as url:
        yield url


@pytest.fixture
def meeting() -> Iterator[str]:
    """A consumer that answers when three deliveries are there, and refuses when they are not."""
    barrier = threading.Barrier(3)

    class Meeting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            try:
                barrier.wait(DEADLINE / 2)
            except threading.BrokenBarrierError:
                self.send_response(503)
            else:
                self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tell nothing."""

    with served(Meeting) as url:
        yield url


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve *handler* in a thread; yields its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(DEADLINE)
        server.server_close()
