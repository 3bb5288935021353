from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Tenant


def test_a_webhook_s_own_profile_is_set_shown_and_removed(tenant: Tenant, dead_url: str) -> None:
    webhook = tenant.webhook(dead_url)
    path = f"/webhooks/{webhook['id']}"
    answer = tenant.control(
        "PUT", f"{path}/profile", json={"retries": ["1s", "2h"], "disableAfter": "5d"}
    )
    assert answer.status_code == 200
    profile = answer.json()["profile"]
    assert (profile["retries"], profile["disableAfter"]) == (["1s", "2h"], "5d")
    # What is left out stays as it was set before.
    again = tenant.control("PUT", f"{path}/profile", json={"disableAfter": None}).json()["profile"]
    assert (again["retries"], again["disableAfter"]) == (["1s", "2h"], None)

    listed = tenant.control("GET", "/webhooks").json()
    assert listed["total"] == 1
    assert listed["data"][0] == answer.json() | {"profile": again}
    assert tenant.control("GET").json()["profile"]["retries"] == []

    cleared = tenant.control("DELETE", f"{path}/profile").json()
    assert (cleared["hasOwnProfile"], cleared["profile"]["retries"]) == (False, [])


def test_a_list_of_webhooks_masks_possible_secrets(tenant: Tenant, dead_url: str) -> None:
    body = {
        "name": "ats", "payloadUrl": dead_url, "events": ["invited"], "secret": "s3cret-key",
        "headers": {"X-Webhook-Token": "t0ken-value"},
    }  # fmt: skip
    assert tenant.provider("POST", "/v1/webhook", json=body).status_code == 201
    answer = tenant.control("GET", "/webhooks")
    assert answer.json()["data"][0]["hasSecret"] is True
    assert "s3cret" not in answer.text
    assert "t0ken" not in answer.text


@pytest.mark.parametrize(
    ("body", "path", "detail"),
    [
        ({"retry": []}, "$", "unknown key 'retry'; near: 'retries'"),
        ({"disableAfter": "5"}, "$.disableAfter", "not a duration: '5'; expected a number and a"),
        ({"retries": ["5s", 7]}, "$.retries[1]", "expected 'str', got 'int'"),
        ({"timeouts": {"total": "0s"}}, "$.timeouts.total", "a time-out of '0s'; expected more"),
        ({"success": [299, 200]}, "$.success", "no status is from 299 to 200"),
    ],
)
def test_a_wrong_profile_is_refused_and_changes_nothing(
    tenant: Tenant, dead_url: str, body: object, path: str, detail: str
) -> None:
    url = f"/webhooks/{tenant.webhook(dead_url)['id']}/profile"
    before = tenant.control("GET", "/webhooks").json()
    answer = tenant.control("PUT", url, json=body)
    assert (answer.status_code, answer.json()["path"]) == (400, path)
    assert answer.json()["detail"].startswith(detail)
    assert tenant.control("GET", "/webhooks").json() == before


def test_the_profile_of_an_unknown_webhook_is_404(tenant: Tenant) -> None:
    assert tenant.control("PUT", "/webhooks/nope/profile", json={}).status_code == 404
    assert tenant.control("DELETE", "/webhooks/nope/profile").status_code == 404


def test_a_scheduled_invitation_waits_for_its_date(tenant: Tenant) -> None:
    job = tenant.control("POST", "/assessments", json={}).json()
    now = tenant.control("GET", "/clock").json()["now"]
    body = {"assessmentId": job["id"], "email": "ada@example.com"}
    early = tenant.control("POST", "/candidates", json=body | {"scheduledDate": now})
    assert (early.status_code, early.json()["path"]) == (400, "$.scheduledDate")
    date = "2030-01-01T00:00:00.000Z"
    ada = tenant.control("POST", "/candidates", json=body | {"scheduledDate": date}).json()
    assert (ada["status"], ada["invitedAt"], ada["legal"]) == ("SCHEDULED", date, ["invite"])
    sent = tenant.control("POST", f"/candidates/{ada['id']}/invite")
    assert sent.json()["status"] == "INVITED"
