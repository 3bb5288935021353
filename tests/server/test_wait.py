"""Waiting for deliveries, or for silence, over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Server, Tenant


def test_a_wait_is_met_once_the_delivery_is_there(server: Server, tenant: Tenant) -> None:
    tenant.webhook(server.receiver(delay=0.05).url, ["invited"])
    candidate = tenant.candidate()
    body = {"event": "invited", "candidate": candidate["id"], "status": "succeeded"}
    answer = tenant.control("POST", "/wait", json=body | {"within": "20s"})
    view = answer.json()
    assert (answer.status_code, view["met"], view["nearest"]) == (200, True, [])
    assert [delivery["status"] for delivery in view["deliveries"]] == ["succeeded"]


def test_an_unmet_wait_reports_the_nearest_miss(tenant: Tenant, dead_url: str) -> None:
    tenant.webhook(dead_url, ["invited"])
    tenant.candidate()
    tenant.settle()
    body = {"event": "candidate.invited", "status": "succeeded", "within": "10ms"}
    answer = tenant.control("POST", "/wait", json=body)
    view = answer.json()
    assert (answer.status_code, view["met"], view["deliveries"]) == (408, False, [])
    (miss,) = view["nearest"]
    assert miss["delivery"]["id"] == "1-1"
    assert miss["differs"] == {"status": "failed"}


def test_silence_is_met_and_broken(tenant: Tenant, dead_url: str) -> None:
    silence = {"count": 0, "within": "10ms"}
    answer = tenant.control("POST", "/wait", json=silence)
    assert (answer.status_code, answer.json()["met"]) == (200, True)
    tenant.webhook(dead_url, ["invited"])
    tenant.candidate()
    answer = tenant.control("POST", "/wait", json=silence)
    assert (answer.status_code, answer.json()["met"]) == (408, False)
    assert len(answer.json()["deliveries"]) == 1


@pytest.mark.parametrize(
    ("body", "detail", "more"),
    [
        (
            {"status": "lost"},
            "no status 'lost'; known: dropped, failed, pending, succeeded",
            {"code": "unknown_name"},
        ),
        ({"count": -1}, "expected 'int' >= 0", {"path": "$.count"}),
        (
            {"within": "5"},
            "not a duration: '5'; expected a number and a unit, as in 150ms 10s 5m 2h 30d",
            {"path": "$.within"},
        ),
        ({"events": "x"}, "unknown key 'events'; near: 'event'", {"path": "$"}),
    ],
)
def test_a_wrong_wait(
    tenant: Tenant, body: dict[str, Any], detail: str, more: dict[str, str]
) -> None:
    answer = tenant.control("POST", "/wait", json=body)
    expected = {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
        "code": "invalid_input",
    }
    assert (answer.status_code, answer.json()) == (400, expected | more)
    assert len(tenant.journal()) == 1
