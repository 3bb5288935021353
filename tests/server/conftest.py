"""Fixtures of the API tests: an emulator on a real socket, in a thread, and its tenants."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import httpx2
import pytest

from emulator.emulator import Emulator
from emulator.receiver import Receiver
from emulator.server.app import application
from emulator.server.request_guard import ControlToken
from emulator.serving import listen, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from types import TracebackType

T = TypeVar("T")
DEADLINE = 20.0  # real seconds
CONTROL = "/_emulator/workspaces"
Json = dict[str, Any]


class Server:
    """The emulator, served by a thread; calls are made over a real socket.

    Attributes:
        client: of httpx2, plain calls; its base URL is the server's.
        answers: the bytes of every answer that came, heads included.
    """

    def __init__(
        self,
        *,
        hostnames: Sequence[str] = (),
        control_token: str | None = None,
        is_exposed: bool = False,
        port: int = 0,
        **settings: Any,
    ) -> None:
        self._port = port
        token = None if control_token is None else ControlToken(control_token)
        self._guards: dict[str, Any] = {
            "hostnames": hostnames,
            "control_token": token,
            "is_exposed": is_exposed,
        }
        self._settings: dict[str, Any] = {"seed": 7, "clock": "virtual"} | settings
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()))
        self._receivers: list[Receiver] = []
        self.answers: list[bytes] = []
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(DEADLINE)
        self.client = httpx2.Client(
            base_url=self.url,
            timeout=DEADLINE,
            trust_env=False,
            verify=False,  # loading the system's certificates takes 30 ms
            event_hooks={"response": [self._keep]},
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()

    async def _work(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            self.emulator = await stack.enter_async_context(Emulator(**self._settings))
            self.app = application(self.emulator, **self._guards)
            self.url = await stack.enter_async_context(
                serving(self.app, listen("127.0.0.1", self._port))
            )
            self._ready.set()
            await self._stop.wait()
            await self.emulator.drain()  # ends the streams, as `serve` does
            # All at once: each takes uvicorn a while.
            await asyncio.gather(*(one.__aexit__(None, None, None) for one in self._receivers))

    def _keep(self, response: httpx2.Response) -> None:
        response.read()
        head = b"".join(name + b": " + value + b"\r\n" for name, value in response.headers.raw)
        self.answers.append(head + b"\r\n" + response.content)

    def on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the emulator runs."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE)

    def receiver(self, *statuses: int, **settings: Any) -> Receiver:
        """Start a consumer that lives as long as the server."""
        receiver = Receiver(statuses=statuses or (200,), **settings)
        self.on_loop(receiver.__aenter__())
        self._receivers.append(receiver)
        return receiver

    def tenant(self, name: str, **settings: Any) -> Tenant:
        """Open a workspace by name."""
        answer = self.client.put(f"{CONTROL}/{name}", json=settings)
        assert answer.status_code in (200, 201), answer.text
        return Tenant(self, name)

    def workspaces(self) -> list[str]:
        """Return the names of all; over HTTP it would take longer with each test's workspace."""
        return sorted(self.emulator.workspaces)


class Tenant:
    """A workspace as its user sees it, through both APIs."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.path = f"{CONTROL}/{name}"
        self.token = {"Authorization": f"Bearer {name}"}

    def provider(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Call the provider's API with our token, unless *options* bring headers."""
        options.setdefault("headers", self.token)
        return self.server.client.request(method, path, **options)

    def control(self, method: str, path: str = "", **options: Any) -> httpx2.Response:
        """Call the control API below our workspace."""
        return self.server.client.request(method, self.path + path, **options)

    def webhook(self, url: str, events: Sequence[str] = ("candidateStatusChanged",)) -> Json:
        answer = self.provider(
            "POST",
            "/v1/webhook",
            json={"name": "ats", "payloadUrl": url, "events": list(events)},
        )
        assert answer.status_code == 201, answer.text
        data: Json = answer.json()["data"]
        return data

    def assessment(self) -> Json:
        return self._made("/assessments", {"title": "Job Analysis Specialist"})

    def candidate(self, **fields: str) -> Json:
        return self.invite(self.assessment(), **fields)

    def invite(self, job: Json, **fields: str) -> Json:
        return self._made("/candidates", {"assessmentId": job["id"], **fields})

    def _made(self, path: str, body: Json) -> Json:
        answer = self.control("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    def move(self, candidate: Json, command: str, **details: Any) -> httpx2.Response:
        return self.control("POST", f"/candidates/{candidate['id']}/{command}", json=details)

    def settle(self) -> None:
        assert self.control("POST", "/settle", json={}).status_code == 200

    @property
    def last_entry(self) -> int:
        """The number of the newest entry of the journal, read without a call."""
        return self.server.emulator.existing(self.name).last_entry

    def journal(self) -> list[Json]:
        return [json.loads(line) for line in self.control("GET", "/journal").text.splitlines()]


class OpenServer(Protocol):
    """Starts a server of one's own: ``with open_server(is_strict=True) as server``."""

    def __call__(
        self,
        *,
        hostnames: Sequence[str] = (),
        control_token: str | None = None,
        is_exposed: bool = False,
        port: int = 0,
        **settings: Any,
    ) -> Server: ...


@pytest.fixture(scope="session")
def open_server() -> OpenServer:
    return Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that all tests share; each has a workspace of its own there."""
    with Server() as server:
        yield server


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def make_tenant(server: Server) -> Callable[..., Tenant]:
    """Open a new workspace: ``make_tenant(seed=3)``."""
    return lambda **settings: server.tenant(f"tenant-{next(_numbers)}", **settings)


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    """A fresh workspace: seed 7, a virtual clock at 2026-01-01."""
    return make_tenant()


@pytest.fixture(scope="session")
def dead_url() -> Iterator[str]:
    """A URL without a listener; the port stays bound, so that no other process gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/hook"
