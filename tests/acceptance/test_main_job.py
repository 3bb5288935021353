"""The main job from the outside: a process, both APIs, a real receiver."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from emulator import __version__
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

    from emulator.receiver import Receiver
    from tests.acceptance.conftest import Serve

pytestmark = pytest.mark.slow

WORKSPACE = "/_emulator/workspaces/default"
DEADLINE = 30.0  # real seconds


def post(client: httpx2.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_customer_registers_and_hears_of_a_candidate_to_the_end(
    serve: Serve, receiver: Receiver
) -> None:
    with serve("--clock", "virtual", "--seed", "7") as serving:
        assert serving.ready == {
            "url": serving.url,
            "ui": f"{serving.url}/",
            "token": "default",
            "version": __version__,
        }
        token = {"Authorization": f"Bearer {serving.ready['token']}"}
        with plain_http.Client(base_url=serving.url, headers=token) as client:
            webhook = post(
                client,
                "/v1/webhook",
                name="ats",
                payloadUrl=f"{receiver.url}/hook",
                events=["candidateStatusChanged"],
                headers={"X-Webhook-Token": "s3cret"},
            )["data"]
            assert client.get("/v1/webhook").json() == {"data": [webhook]}
            job = post(client, f"{WORKSPACE}/assessments", title="Cook")
            ada = post(
                client,
                f"{WORKSPACE}/candidates",
                assessmentId=job["id"],
                email="ada@example.com",
            )
            for command, details in (
                ("enroll", {}),
                ("start", {}),
                ("complete", {"score": 14, "of": 32}),
                ("reject", {}),
            ):
                post(client, f"{WORKSPACE}/candidates/{ada['id']}/{command}", **details)
            post(client, f"{WORKSPACE}/settle", timeout="20s")
            deliveries = client.get(f"{WORKSPACE}/deliveries").json()["data"]
            journal = client.get(f"{WORKSPACE}/journal").text
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(DEADLINE) == 0
        assert serving.process.stdout is not None
        assert serving.process.stdout.read() == ""  # the ready line is all of it
    statuses = ["INVITED", "ENROLLED", "IN_PROGRESS", "COMPLETED", "REJECTED"]
    payloads = [one.payload for one in receiver.requests]
    assert [payload["data"]["candidateStatus"] for payload in payloads] == statuses
    assert {payload["event"] for payload in payloads} == {"candidateStatusChanged"}
    assert {payload["data"]["email"] for payload in payloads} == {"ada@example.com"}
    assert payloads[3]["data"]["totalScoreAchieved"] == 14
    for request in receiver.requests:
        assert (request.method, request.path) == ("POST", "/hook")
        assert request.header("content-type") == "application/json"
        assert request.header("x-webhook-token") == "s3cret"
        assert request.header("user-agent") == f"Testlify-Emulator/{__version__}"
    assert [delivery["payload"] for delivery in deliveries] == payloads
    assert {delivery["status"] for delivery in deliveries} == {"succeeded"}
    assert {delivery["attempts"][0]["response"]["status"] for delivery in deliveries} == {200}
    kinds = [json.loads(line)["kind"] for line in journal.splitlines()]
    assert kinds[:2] == ["workspace.opened", "webhook.added"]
    assert kinds.count("attempt.finished") == 5
    assert "s3cret" not in journal


def test_two_customers_see_nothing_of_each_other(serve: Serve, receiver: Receiver) -> None:
    with serve("--clock", "virtual") as serving:
        with plain_http.Client(base_url=serving.url) as client:
            for name in ("one", "two"):
                answer = client.post(
                    "/v1/webhook",
                    json={
                        "name": name,
                        "payloadUrl": f"{receiver.url}/{name}",
                        "events": ["invited"],
                    },
                    headers={"Authorization": f"Bearer {name}"},
                )
                assert answer.status_code == 201
            ours = "/_emulator/workspaces/one"
            job = post(client, f"{ours}/assessments")
            post(client, f"{ours}/candidates", assessmentId=job["id"])
            post(client, f"{ours}/settle")
            theirs = "/_emulator/workspaces/two"
            for what in ("assessments", "candidates", "deliveries"):
                assert client.get(f"{theirs}/{what}").json() == {"data": [], "total": 0}
            listed = client.get("/v1/webhook", headers={"Authorization": "Bearer two"}).json()
            assert [one["name"] for one in listed["data"]] == ["two"]
        assert [request.path for request in receiver.requests] == ["/one"]


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_right_after_the_ready_line_ends_it_in_order(
    serve: Serve, by: signal.Signals, code: int
) -> None:
    for _ in range(3):
        with serve() as serving:
            serving.process.send_signal(by)
            assert serving.process.wait(DEADLINE) == code


def test_attempts_under_way_may_end_before_the_process_does(
    serve: Serve, make_receiver: Callable[..., Receiver]
) -> None:
    receiver = make_receiver(delay=0.3)
    with serve() as serving:
        with plain_http.Client(base_url=serving.url) as client:
            client.post(
                "/v1/webhook",
                json={"name": "x", "payloadUrl": receiver.url, "events": ["invited"]},
                headers={"Authorization": "Bearer default"},
            )
            job = post(client, f"{WORKSPACE}/assessments")
            post(client, f"{WORKSPACE}/candidates", assessmentId=job["id"])
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(DEADLINE) == 0
    assert len(receiver.requests) == 1
