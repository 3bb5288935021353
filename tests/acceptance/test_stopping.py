"""A server stops within its time limit and without errors in the log, even when it is busy."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading

import httpx2
import pytest

from tests import plain_http

pytestmark = pytest.mark.slow


def test_sigterm_under_load_beside_slow_sockets_and_a_mute_consumer() -> None:
    program = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    host, port = url.removeprefix("http://").split(":")
    with (
        socket.create_server(("127.0.0.1", 0), backlog=500) as mute,
        plain_http.Client(base_url=url, timeout=30) as client,
    ):
        hook = f"http://127.0.0.1:{mute.getsockname()[1]}/hook"
        asked = {"name": "mute", "payloadUrl": hook, "events": ["assessment.created"]}
        token = {"Authorization": "Bearer default"}
        assert client.post("/v1/webhook", json=asked, headers=token).status_code == 201
        base = "/_emulator/workspaces/default"
        for _ in range(50):
            assert client.post(f"{base}/assessments", json={}).status_code == 201
        slow = [socket.create_connection((host, int(port))) for _ in range(50)]
        for number, one in enumerate(slow):
            one.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n")
            if number % 2:
                one.sendall(b"Content-Length: 100\r\n\r\n{")
        waits = [
            threading.Thread(target=_call, args=(url, f"{base}/{path}", body), daemon=True)
            for path, body in (
                ("settle", {"timeout": "30d"}),
                ("wait", {"count": 100, "within": "1h"}),
            )
            for _ in range(5)
        ]
        for thread in waits:
            thread.start()
        assert client.get(f"{base}/deliveries?status=pending").json()["total"] == 50
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=6)
        for one in slow:
            one.close()
    assert process.returncode == 0
    assert "Traceback" not in err, err
    assert "ERROR" not in err, err


HEAD = """
scenario: A long one
consumer: [{payload_url: "http://127.0.0.1:9/hook", events: [candidate.invited]}]
steps:
  - create_assessment: {as: job}
"""


@pytest.mark.parametrize(
    ("steps", "is_begun"),
    [
        ("repeat: {times: 90000, as: i, steps: [{wait: '${i}s'}]}", False),
        ("repeat: {times: 90000, steps: [{wait: 1s}]}", True),
    ],
    ids=["read", "run"],
)
def test_sigterm_while_a_long_scenario_is(steps: str, *, is_begun: bool) -> None:
    program = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--clock", "virtual"]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    host, port = url.removeprefix("http://").split(":")
    base = "/_emulator/workspaces/default"
    body = json.dumps({"scenario": f"{HEAD}  - {steps}\n"})
    with (
        socket.create_connection((host, int(port))) as call,
        plain_http.Client(base_url=url, timeout=30) as client,
    ):
        head = f"POST {base}/scenarios/run HTTP/1.1\r\nHost: {host}\r\n"
        call.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        assert client.get("/_emulator/livez").status_code == 200
        for _ in range(10_000 if is_begun else 0):
            if client.get(base).json()["assessments"]:
                break
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=6)
    assert process.returncode == 0
    assert "Traceback" not in err, err


def _call(url: str, path: str, body: dict[str, object]) -> None:
    with plain_http.Client(base_url=url, timeout=30) as client:
        try:
            client.post(path, json=body)
        except httpx2.HTTPError:
            return
