"""The behaviour of the provider API on which its callers rely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Server, Tenant

FIELDS = [
    "id",
    "name",
    "payloadUrl",
    "events",
    "endpointId",
    "subscriptionId",
    "restructureBySchema",
    "orgId",
    "userId",
    "created",
    "modified",
]
URL = "https://example.com/hook"
ASKED: dict[str, Any] = {"name": "ats", "payloadUrl": URL, "events": ["candidate.completed"]}


def test_a_registration_answers_with_the_fields_of_the_reference(tenant: Tenant) -> None:
    answer = tenant.provider("POST", "/v1/webhook", json=ASKED)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["data"]
    webhook = answer.json()["data"]
    assert list(webhook) == FIELDS
    ids = [webhook.pop(one) for one in ("id", "endpointId", "subscriptionId", "orgId", "userId")]
    assert webhook == ASKED | {
        "restructureBySchema": False,
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
    }
    assert len(set(ids)) == 5
    assert all(len(one) == 24 and int(one, 16) for one in ids)


def test_events_are_echoed_as_they_were_sent(tenant: Tenant) -> None:
    events = ["candidateStatusChanged", "candidate.invited", "in_progress", "score_updated"]
    assert tenant.webhook(URL, events)["events"] == events


def test_a_v2_webhook_without_events_gets_every_event(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(generation="v2")
    receiver = tenant.server.receiver()
    webhook = tenant.webhook(receiver.url, [])
    assert webhook["events"] == []
    tenant.candidate()
    tenant.settle()
    deliveries = tenant.control("GET", "/deliveries").json()["data"]
    assert [delivery["event"] for delivery in deliveries] == [
        "assessment.created",
        "candidate.status_changed",
    ]
    edited = tenant.provider("PATCH", f"/v1/webhook/{webhook['id']}", json={"events": ["created"]})
    assert edited.json()["data"]["events"] == ["created"]


def test_unknown_keys_are_accepted_as_the_real_service_may_accept_them(tenant: Tenant) -> None:
    answer = tenant.provider("POST", "/v1/webhook", json=ASKED | {"orgId": "x", "isActive": True})
    assert answer.status_code == 201
    assert list(answer.json()["data"]) == FIELDS


def test_a_list_has_all_webhooks_oldest_first(tenant: Tenant) -> None:
    assert tenant.provider("GET", "/v1/webhook").json() == {"data": []}
    made = [tenant.webhook(URL) for _ in range(3)]
    assert tenant.provider("GET", "/v1/webhook").json() == {"data": made}


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"limit": 2}, slice(0, 2)),
        ({"skip": 1}, slice(1, 51)),
        ({"limit": 1, "skip": 2}, slice(2, 3)),
        ({"skip": 60}, slice(0, 0)),
        ({}, slice(0, 50)),
        ({"limit": 999_999_999}, slice(0, 52)),
    ],
)
def test_a_list_is_cut_by_limit_and_skip(
    many_webhooks: tuple[Tenant, list[str]], query: dict[str, int], places: slice
) -> None:
    tenant, ids = many_webhooks
    found = tenant.provider("GET", "/v1/webhook", params=query).json()["data"]
    assert [one["id"] for one in found] == ids[places]


@pytest.fixture(scope="module")
def many_webhooks(make_tenant: Callable[..., Tenant]) -> tuple[Tenant, list[str]]:
    tenant = make_tenant()
    return tenant, [tenant.webhook(URL)["id"] for _ in range(52)]


def test_one_webhook_is_read(tenant: Tenant) -> None:
    made = tenant.webhook(URL)
    answer = tenant.provider("GET", f"/v1/webhook/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, {"data": made})


def test_put_replaces_the_keys_of_the_body(tenant: Tenant) -> None:
    made = tenant.webhook(URL)
    tenant.control("POST", "/clock/advance", json={"by": "1h"})
    asked = {"name": "new", "payloadUrl": f"{URL}/2", "events": ["invited", "rejected"]}
    answer = tenant.provider("PUT", f"/v1/webhook/{made['id']}", json=asked)
    expected = made | asked | {"modified": "2026-01-01T01:00:00.000Z"}
    assert (answer.status_code, answer.json()) == (200, {"data": expected})
    assert tenant.provider("GET", f"/v1/webhook/{made['id']}").json() == {"data": expected}


@pytest.mark.parametrize(
    "change",
    [{"name": "new"}, {"payloadUrl": f"{URL}/2"}, {"events": ["assessment.created"]}, {}],
)
def test_patch_changes_only_the_keys_of_the_body(tenant: Tenant, change: dict[str, Any]) -> None:
    made = tenant.webhook(URL)
    answer = tenant.provider("PATCH", f"/v1/webhook/{made['id']}", json=change)
    assert (answer.status_code, answer.json()) == (200, {"data": made | change})


def test_headers_are_sent_along_and_stay_when_an_edit_does_not_name_them(
    server: Server, tenant: Tenant
) -> None:
    receiver = server.receiver()
    asked = {"name": "ats", "payloadUrl": receiver.url, "events": ["invited"]}
    headers = {"X-Webhook-Token": "one", "X-Other": "two"}
    made = tenant.provider("POST", "/v1/webhook", json=asked | {"headers": headers}).json()["data"]
    assert tenant.provider("PUT", f"/v1/webhook/{made['id']}", json=asked).status_code == 200
    tenant.candidate()
    change = {"headers": {"X-Webhook-Token": "three"}, "secret": None, "description": "x"}
    tenant.settle()
    tenant.provider("PATCH", f"/v1/webhook/{made['id']}", json=change)
    tenant.candidate()
    tenant.settle()
    first, second = receiver.requests
    assert (first.header("X-Webhook-Token"), first.header("X-Other")) == ("one", "two")
    assert (second.header("X-Webhook-Token"), second.header("X-Other")) == ("three", None)


def test_an_edit_moves_later_deliveries(server: Server, tenant: Tenant) -> None:
    old, new = server.receiver(), server.receiver()
    made = tenant.webhook(old.url, ["invited"])
    tenant.provider("PATCH", f"/v1/webhook/{made['id']}", json={"payloadUrl": new.url})
    tenant.candidate()
    tenant.settle()
    assert (len(old.requests), len(new.requests)) == (0, 1)


def test_a_deleted_webhook_is_gone_and_gets_nothing(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    made = tenant.webhook(receiver.url, ["invited"])
    answer = tenant.provider("DELETE", f"/v1/webhook/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert tenant.provider("GET", f"/v1/webhook/{made['id']}").status_code == 404
    assert tenant.provider("GET", "/v1/webhook").json() == {"data": []}
    tenant.candidate()
    tenant.settle()
    assert receiver.requests == []


def test_pending_deliveries_to_a_deleted_webhook_are_dropped_with_the_reason(
    make_tenant: Callable[..., Tenant], dead_url: str
) -> None:
    tenant = make_tenant(profile={"retries": ["60s"]})
    made = tenant.webhook(dead_url, ["invited"])
    tenant.candidate()
    tenant.settle()
    tenant.provider("DELETE", f"/v1/webhook/{made['id']}")
    (delivery,) = tenant.control("GET", "/deliveries").json()["data"]
    assert (delivery["status"], delivery["reason"]) == ("dropped", "webhook removed")


def test_the_ping_is_an_empty_object_without_type_or_event(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver(202)
    made = tenant.webhook(f"{receiver.url}/hook?a=1")
    answer = tenant.provider("POST", f"/v1/webhook/{made['id']}/test")
    assert answer.status_code == 200
    delivery = answer.json()["data"]
    (received,) = receiver.requests
    assert (received.method, received.path, received.body) == ("POST", "/hook?a=1", b"{}")
    (attempt,) = delivery.pop("attempts")
    assert delivery == {
        "id": "1-1",
        "status": "succeeded",
        "reason": None,
        "event": "test",
        "generation": "v1",
        "messageId": delivery["messageId"],
        "subjectId": None,
        "candidateId": None,
        "webhookId": made["id"],
        "webhook": "ats",
        "created": "2026-01-01T00:00:00.000Z",
        "nextDue": None,
        "deliberate": True,
        "payload": {},
        "released": None,
    }
    assert attempt.pop("durationMs") > 0
    assert attempt.pop("response")["status"] == 202
    assert attempt == {
        "number": 1,
        "trigger": "scheduled",
        "at": "2026-01-01T00:00:00.000Z",
        "success": True,
        "reason": "answered",
        "faults": [],
        "deliberate": False,
        "request": {
            "url": f"{receiver.url}/hook?a=1",
            "headers": {"Content-Type": "application/json", "User-Agent": _user_agent()},
            "body": "{}",
        },
        "address": receiver.url.removeprefix("http://"),
        "detail": None,
    }


def _user_agent() -> str:
    from emulator import __version__

    return f"Testlify-Emulator/{__version__}"


@pytest.mark.parametrize("event", ["candidate.completed", "completed"])
def test_a_test_event_of_a_type_is_a_whole_payload(
    server: Server, tenant: Tenant, event: str
) -> None:
    receiver = server.receiver()
    made = tenant.webhook(receiver.url, ["invited"])
    answer = tenant.provider("POST", f"/v1/webhook/{made['id']}/test", json={"event": event})
    delivery = answer.json()["data"]
    assert (answer.status_code, delivery["status"]) == (200, "succeeded")
    assert (delivery["event"], delivery["deliberate"]) == ("candidate.completed", False)
    (received,) = receiver.requests
    assert received.payload == delivery["payload"]
    assert received.payload["event"] == "completed"
    assert received.payload["data"]["candidateStatus"] == "COMPLETED"


def test_a_test_event_to_a_dead_port_answers_with_the_failure(
    tenant: Tenant, dead_url: str
) -> None:
    made = tenant.webhook(dead_url)
    answer = tenant.provider("POST", f"/v1/webhook/{made['id']}/test", json={"event": None})
    delivery = answer.json()["data"]
    (attempt,) = delivery["attempts"]
    assert (answer.status_code, delivery["status"], delivery["reason"]) == (
        200,
        "failed",
        "refused",
    )
    assert (attempt["success"], attempt["reason"], attempt["response"]) == (False, "refused", None)
    assert f"{dead_url}/".startswith(f"http://{attempt['address']}/")


def test_a_failing_consumer_is_shown_with_its_answer(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver(500)
    made = tenant.webhook(receiver.url)
    answer = tenant.provider("POST", f"/v1/webhook/{made['id']}/test")
    delivery = answer.json()["data"]
    assert (delivery["status"], delivery["reason"]) == ("failed", "answered 500")
    response = delivery["attempts"][0]["response"]
    assert (response["status"], response["body"], response["cut"]) == (500, "no", False)
    assert response["headers"]["content-type"] == "text/plain"
