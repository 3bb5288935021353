"""From the start of the process to the first 200, against a bare server."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.rows import Row, ratio

_HELLO = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    return PlainTextResponse("hello")

app = Starlette(routes=[Route("/_emulator/readyz", hello)])
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", loop="uvloop", http="httptools")
"""
_ASK = b"GET /_emulator/readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_LONGEST = 30.0


def measure(*, rounds: int) -> list[Row]:
    """Measure both in turns; the first of each warms the disk's cache."""
    command = Path(sys.executable).with_name("testlify-emulator")
    serve = [str(command), "serve", "--seed", "7", "--port"]
    hello = [sys.executable, "-c", _HELLO]
    pairs = [(_seconds(serve), _seconds(hello)) for _ in range(rounds + 1)][1:]
    ours, bare = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    return [
        Row(
            "process start to first 200, against bare Starlette on uvicorn",
            ratio([one / other for one, other in pairs]),
            "at most 1.2",
            f"{ours:.0f} ms against {bare:.0f} ms in the median, {rounds} pairs",
        )
    ]


def _seconds(command: list[str]) -> float:
    port = _free_port()
    # An installer compiles what it installs; a checkout is compiled at its first run, if it may be.
    may_compile = {key: one for key, one in os.environ.items() if key != _NO_BYTECODE}
    started = perf_counter()
    with subprocess.Popen(
        [*command, str(port)],
        env=may_compile,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while not _is_ready(port):
                if perf_counter() - started > _LONGEST or process.poll() is not None:
                    message = f"no answer of {command}"
                    raise RuntimeError(message)
            return perf_counter() - started
        finally:
            process.kill()


def _is_ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(_ASK)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
