"""A workspace that is removed, or reset, while calls on it are under way."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests import plain_http
from tests.server.conftest import Server

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = 10.0
B = "/_emulator/workspaces"


class Slow:
    """A call whose body arrives in two parts.

    Args:
        server: that is called.
        method, path: of the call.
        body: all of it.
    """

    def __init__(self, server: Server, method: str, path: str, body: bytes) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        self._wire = socket.create_connection((host, int(port)), timeout=DEADLINE)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer acme\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._wire.sendall(head.encode() + body[:1])
        self._rest = body[1:]

    def finish(self) -> int:
        """Send the rest, and return the status of the answer."""
        with self._wire, self._wire.makefile("rb") as answer:
            self._wire.sendall(self._rest)
            return int(answer.readline().split()[1])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{B}/acme/assessments", b'{"title": "Late"}'),
        ("POST", f"{B}/acme/faults", b'{"drop": {}}'),
        ("PUT", f"{B}/acme/clock", b'{"mode": "virtual"}'),
        ("POST", f"{B}/acme/clock/advance", b'{"by": "1h"}'),
        (
            "POST",
            "/v1/webhook",
            b'{"name": "a", "payloadUrl": "http://127.0.0.1:9/", "events": ["created"]}',
        ),
        (
            "POST",
            f"{B}/acme/scenarios/run",
            b'{"scenario": "test-ping", "set": {"CONSUMER_URL": "http://127.0.0.1:9/"}}',
        ),
    ],
)
def test_a_late_call_writes_nothing_and_does_not_poison_the_name(
    method: str, path: str, body: bytes, tmp_path: Path
) -> None:
    journal = tmp_path / "a.db"
    with Server(journal=journal) as server:
        server.tenant("acme", clock="virtual")
        server.tenant("other").assessment()
        call = Slow(server, method, path, body)
        # The call is under way once a later one was answered.
        assert server.client.get("/_emulator/livez").status_code == 200
        assert server.client.delete(f"{B}/acme").status_code == 204
        assert call.finish() in (404, 409)
        assert server.client.get(f"{B}/acme").status_code == 404
        again = server.tenant("acme")
        assert [one["kind"] for one in again.journal()] == ["workspace.opened"]
        assert again.assessment()["status"] == "DRAFT"
    with Server(journal=journal) as server:
        assert sorted(server.workspaces()) == ["acme", "other"]
        assert len(server.client.get(f"{B}/other/assessments").json()["data"]) == 1


@pytest.mark.slow
def test_ten_threads_create_use_reset_and_delete(tmp_path: Path) -> None:
    journal = tmp_path / "a.db"

    def churn(number: int) -> set[int]:
        name = f"shared-{number % 3}"
        seen = set()
        with plain_http.Client(base_url=url, timeout=DEADLINE) as client:
            for _ in range(12):
                answers = [
                    client.put(f"{B}/{name}", json={"clock": "virtual"}),
                    client.post(f"{B}/{name}/assessments", json={}),
                    client.post(f"{B}/{name}/reset"),
                    client.post(f"{B}/{name}/clock/advance", json={"by": "1h"}),
                    client.get("/v1/webhook", headers={"Authorization": f"Bearer {name}"}),
                    client.delete(f"{B}/{name}"),
                ]
                seen |= {answer.status_code for answer in answers}
        return seen

    with Server(journal=journal) as server:
        url = server.url
        with ThreadPoolExecutor(10) as pool:
            seen = set().union(*pool.map(churn, range(10)))
        assert seen <= {200, 201, 204, 404, 409}
        for name in ("shared-0", "shared-1", "shared-2"):
            assert server.tenant(name).assessment()["status"] == "DRAFT"
    with Server(journal=journal) as server:
        assert {"shared-0", "shared-1", "shared-2"} <= set(server.workspaces())


@pytest.mark.parametrize("fault", [{"delay": {"by": "1h"}}, {"reorder": {"after": 2}}])
def test_a_test_event_that_a_fault_delays_is_answered_as_pending(
    fault: dict[str, object], server: Server
) -> None:
    tenant = server.tenant(f"held-{next(iter(fault))}", clock="virtual")
    receiver = server.receiver()
    webhook = tenant.webhook(receiver.url)
    assert tenant.control("POST", "/faults", json=fault).status_code == 201
    answer = tenant.provider("POST", f"/v1/webhook/{webhook['id']}/test")
    assert answer.status_code == 202
    delivery = answer.json()["data"]
    assert (delivery["status"], delivery["attempts"]) == ("pending", [])
    assert (delivery["nextDue"] is not None) is ("delay" in fault)
    assert tenant.control("POST", "/clock/advance", json={"by": "2h"}).status_code == 200
    shown = tenant.control("GET", f"/deliveries/{delivery['id']}").json()
    assert (shown["status"], shown["nextDue"]) == ("succeeded", None)
