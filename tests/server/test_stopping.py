"""Calls that wait end when the server stops, and do not delay it."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.conftest import OpenServer, Server

DEADLINE = 20.0
STOPPING = {
    "type": "about:blank",
    "title": "Service Unavailable",
    "status": 503,
    "detail": "the emulator is stopping",
    "code": "stopping",
}


@pytest.fixture
def hanging_url() -> Iterator[str]:
    """A consumer that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("wait", {"count": 1, "within": "30d"}),
        ("wait", {"count": 0, "within": "30d"}),
        ("settle", {"timeout": "30d"}),
        ("clock/advance", {"by": "1h"}),
    ],
)
def test_an_open_call_is_answered_503_when_the_emulator_stops(
    open_server: OpenServer, hanging_url: str, path: str, body: dict[str, Any]
) -> None:
    with open_server() as server, ThreadPoolExecutor() as pool:
        tenant = server.tenant("acme")
        tenant.webhook(hanging_url, ["assessment.created"] if path != "wait" else ["invited"])
        tenant.assessment()
        call = pool.submit(tenant.control, "POST", f"/{path}", json=body)
        server.on_loop(_until_waiting(server))
        server.on_loop(server.emulator.drain(grace=0.0))
        answer = call.result(DEADLINE)
        assert (answer.status_code, answer.json()) == (503, STOPPING)
        late = tenant.control("POST", f"/{path}", json=body)
        assert (late.status_code, late.json()) == (503, STOPPING)
        ready = server.client.get("/_emulator/readyz")
        assert (ready.status_code, ready.json()) == (503, STOPPING)
        assert server.client.get("/_emulator/livez").status_code == 200


async def _until_waiting(server: Server) -> None:
    async with asyncio.timeout(DEADLINE):
        while not server.emulator.waiting:  # noqa: ASYNC110 - nothing tells when a wait begins
            await asyncio.sleep(0)
