from __future__ import annotations

import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from emulator.scenario.discovery import bundled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Server, Tenant

YAML = """
scenario: Somebody is invited
seed: 11
consumer:
  - payload_url: ${CONSUMER_URL}
    events: [candidate.invited]
    headers: {X-Webhook-Token: pl4nted-secret}
steps:
  - create_assessment: {as: job}
  - invite: {as: ada, to: job}
  - expect: {event: candidate.invited, candidate: ada, answered: 2xx, count: 1}
"""


def run(tenant: Tenant, scenario: str, **more: Any) -> Any:
    return tenant.control("POST", "/scenarios/run", json={"scenario": scenario, **more})


def test_the_bundled_scenarios_are_listed(server: Server) -> None:
    answer = server.client.get("/_emulator/scenarios").json()
    assert answer["total"] == len(bundled())
    assert {"name": "test-ping", "title": next(
        one.title for one in bundled() if one.name == "test-ping"
    )} in answer["data"]  # fmt: skip


def test_a_scenario_runs_in_the_workspace_and_leaves_no_webhook(
    server: Server, tenant: Tenant
) -> None:
    receiver = server.receiver()
    answer = run(tenant, YAML, set={"CONSUMER_URL": receiver.url}, file="mine.yaml")
    assert answer.status_code == 200, answer.text
    case = answer.json()
    assert (case["status"], case["exitCode"], case["name"]) == ("passed", 0, "Somebody is invited")
    assert case["labels"] == {"seed": "11"}
    assert [step["status"] for step in case["steps"]] == ["passed"] * 3
    assert len(receiver.requests) == 1
    assert "pl4nted" not in answer.text
    view = tenant.control("GET").json()
    assert (view["webhooks"], view["candidates"]) == (0, 1)
    again = run(tenant, YAML, set={"CONSUMER_URL": receiver.url}).json()
    assert again["status"] == "passed"


def test_a_step_that_fails_is_in_the_answer(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    receiver.answer(500)
    case = run(tenant, YAML, set={"CONSUMER_URL": receiver.url}).json()
    assert (case["status"], case["exitCode"]) == ("failed", 1)
    assert "expected 2xx" in case["steps"][2]["message"]


def test_an_unreachable_consumer_passes_nothing(tenant: Tenant, dead_url: str) -> None:
    case = run(tenant, "test-ping", set={"CONSUMER_URL": dead_url}).json()
    assert (case["status"], case["exitCode"]) == ("incomplete", 2)


def test_files_of_a_scenario_are_sent_with_the_call(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    text = YAML + "  - send: {event: candidate.invited, data: payload.json}\n"
    payload = b'{"told": "as it is"}'
    files = {"payload.json": base64.b64encode(payload).decode()}
    case = run(tenant, text, set={"CONSUMER_URL": receiver.url}, files=files).json()
    assert case["status"] == "passed"
    assert receiver.requests[-1].body == payload


@pytest.mark.parametrize(
    ("scenario", "more", "detail"),
    [
        ("no-such-thing", {}, "no bundled scenario 'no-such-thing'"),
        (YAML, {}, "CONSUMER_URL"),
        (YAML, {"files": {"a": "?"}}, "not base64"),
        (YAML, {"sett": {}}, "unknown key 'sett'; near: 'set'"),
        (
            YAML.replace("invite:", "invit:"),
            {"set": {"CONSUMER_URL": "http://a"}},
            "near: 'invite'",
        ),
        (
            YAML + "  - probe: {command: [ls], expect: {exit: 0}}\n",
            {"set": {"CONSUMER_URL": "http://127.0.0.1:9"}},
            "no command is run for a scenario from another machine",
        ),
        (
            YAML + "  - send: {data: /etc/passwd}\n",
            {"set": {"CONSUMER_URL": "http://127.0.0.1:9"}},
            "no file '/etc/passwd' was sent with the scenario; files of this machine are not read",
        ),
    ],
)
def test_a_scenario_that_can_not_run_is_refused_and_changes_nothing(
    tenant: Tenant, scenario: str, more: dict[str, Any], detail: str
) -> None:
    before = tenant.control("GET").json()
    answer = run(tenant, scenario, **more)
    assert answer.status_code == 400, answer.text
    assert detail in answer.json()["detail"]
    assert tenant.control("GET").json() == before


def test_a_file_that_is_not_base64_is_refused_with_its_path(tenant: Tenant) -> None:
    answer = run(tenant, YAML, files={"good": "", "a b": "\u00e9"})
    assert answer.status_code == 400
    assert answer.json()["path"] == "$.files['a b']"


def test_the_server_s_environment_is_none_of_its_business(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSUMER_URL", "http://127.0.0.1:9")
    assert run(tenant, YAML).status_code == 400


def test_a_clock_that_can_t_be_changed_any_more_is_a_conflict(
    make_tenant: Callable[..., Tenant], dead_url: str
) -> None:
    tenant = make_tenant(clock="real")
    tenant.control("POST", "/assessments", json={})
    answer = run(tenant, YAML, set={"CONSUMER_URL": dead_url})
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        "the scenario needs a virtual clock, and the workspace's is real; "
        "reset the workspace, or use a new one"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "status"),
    [
        (f"{YAML}  - repeat: {{times: 3000, steps: [{{wait: 1s}}]}}\n", 200),
        (f"{YAML}  - parallel: [{'{enroll: ada}, ' * 900}]\n", 200),
        (f"scenario: s\na: [{', '.join(f'&a{number} x' for number in range(10_000))}]\n", 400),
        ('scenario: "' + "${A}" * 100_000 + '"\n', 400),
    ],
    ids=["steps", "parallel", "anchors", "expansion"],
)
def test_the_server_answers_others_while_a_large_scenario_is_read_and_run(
    server: Server, tenant: Tenant, text: str, status: int
) -> None:
    values = {"CONSUMER_URL": server.receiver().url, "A": "x" * 100_000}
    server.client.get("/_emulator/livez")
    with ThreadPoolExecutor() as pool:
        call = pool.submit(run, tenant, text, set=values)
        answered = 0
        while not call.done():
            assert server.client.get("/_emulator/livez").status_code == 200
            answered += 1
    assert call.result().status_code == status
    assert answered > 10


def test_a_run_is_over_after_its_timeout(server: Server, tenant: Tenant) -> None:
    url = server.receiver(delay=30.0).url
    answer = run(tenant, YAML, set={"CONSUMER_URL": url}, timeout="300ms")
    assert answer.status_code == 200, answer.text
    steps = [(step["status"], step["message"]) for step in answer.json()["steps"]]
    assert steps == [("passed", ""), ("failed", "not over within 300ms"), ("skipped", "")]


def test_a_run_ends_when_its_client_hangs_up(server: Server, tenant: Tenant) -> None:
    values = {"CONSUMER_URL": server.receiver(delay=30.0).url}
    body = json.dumps({"scenario": YAML, "set": values})
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as call:
        head = f"POST {tenant.path}/scenarios/run HTTP/1.1\r\nHost: {host}\r\n"
        call.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        _until(tenant, 1)
    _until(tenant, 0)


def _until(tenant: Tenant, webhooks: int) -> None:
    for _ in range(2_000):
        if tenant.control("GET").json()["webhooks"] == webhooks:
            return
    pytest.fail(f"never {webhooks} webhooks")
