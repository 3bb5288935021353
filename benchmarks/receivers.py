"""Receivers in processes of their own, as fast as they can be had in Python."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Answering(asyncio.Protocol):
    """Answers every POST on a connection; reads no more of it than its length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = transport
        self._left = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        data = self._left + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].lower()
            at = head.index(b"content-length: ") + 16
            length = int(head[at:].partition(b"\r\n")[0])
            if len(data) < end + 4 + length:
                break
            data = data[end + 4 + length :]
            self._transport.write(_ANSWER)  # type: ignore[attr-defined]
            self.answered()
        self._left = data

    def answered(self) -> None:
        """A request was answered; for those who count."""


class _Silent(asyncio.Protocol):
    """Takes everything, and never says a word."""


async def _serve(kind: str) -> None:
    protocol = {"answering": Answering, "silent": _Silent}[kind]
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def receiver(kind: str = "answering") -> AbstractContextManager[str]:
    """Run a receiver, ``answering`` or ``silent``; yields its base URL."""
    return started("benchmarks.receivers", kind)


@contextmanager
def started(module: str, *arguments: str) -> Iterator[str]:
    """Run a module that serves in a process of its own; yields the URL that it prints first."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(sys.argv[1]))
