"""The command line as a process of its own, and a consumer on a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest

from emulator.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

DEADLINE = 30.0  # real seconds


class Serving(NamedTuple):
    """A running ``serve``: the process and its first line."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        url: str = self.ready["url"]
        return url


class Serve(Protocol):
    """Starts ``serve`` on a free port, and returns once it said that it is ready."""

    def __call__(
        self, *arguments: str, python: tuple[str, ...] = ()
    ) -> AbstractContextManager[Serving]: ...


@pytest.fixture
def serve() -> Serve:
    @contextmanager
    def start(*arguments: str, python: tuple[str, ...] = ()) -> Iterator[Serving]:
        process = subprocess.Popen(
            [sys.executable, *python, "-m", "emulator", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        assert process.stdout is not None
        try:
            yield Serving(process, json.loads(process.stdout.readline()))
        finally:
            process.kill()
            process.communicate(timeout=DEADLINE)

    return start


def clean_environment() -> dict[str, str]:
    """Return the environment without variables that set options."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TESTLIFY_EMULATOR_") and name not in ("PORT", "NO_COLOR")
    }


@pytest.fixture
def environment() -> dict[str, str]:
    return clean_environment()


@pytest.fixture
def make_receiver() -> Iterator[Callable[..., Receiver]]:
    """Start consumers on a loop in a thread of its own: ``make_receiver(delay=0.3)``."""
    receivers: list[Receiver] = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def start(**settings: Any) -> Receiver:
        receiver = Receiver(**settings)
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
def receiver(make_receiver: Callable[..., Receiver]) -> Receiver:
    """A consumer that takes everything at once."""
    return make_receiver()
