from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.delivery.faults.registry import FAULTS

if TYPE_CHECKING:
    from tests.server.conftest import Tenant

DUPLICATE = {"duplicate": {"times": 1}, "on": {"event": "assessment.created", "attempt": 1}}


def test_a_fault_is_set_listed_and_removed(tenant: Tenant) -> None:
    made = tenant.control("POST", "/faults", json=DUPLICATE)
    assert (made.status_code, made.json()) == (
        201, {"id": "f1", **DUPLICATE, "matched": 0, "used": 0},
    )  # fmt: skip
    tenant.control("POST", "/faults", json={"drop": None})
    listed = tenant.control("GET", "/faults").json()
    assert [one["id"] for one in listed["data"]] == ["f1", "f2"]
    assert listed["total"] == 2
    assert tenant.control("DELETE", "/faults/f1").status_code == 204
    assert tenant.control("DELETE", "/faults/f1").status_code == 404
    assert tenant.control("DELETE", "/faults").status_code == 204
    assert tenant.control("DELETE", "/faults").status_code == 204
    assert tenant.control("GET", "/faults").json() == {"data": [], "total": 0}


def test_a_word_of_the_wire_is_kept_as_the_event_type_s_id(tenant: Tenant) -> None:
    made = tenant.control("POST", "/faults", json={"drop": {}, "on": {"event": "invited"}})
    assert made.json()["on"] == {"event": "candidate.invited"}


def test_an_attempt_lists_the_faults_that_changed_it(tenant: Tenant, dead_url: str) -> None:
    tenant.webhook(dead_url, ["assessment.created"])
    tenant.control("POST", "/faults", json=DUPLICATE)
    tenant.control("POST", "/faults", json={"corrupt": {"how": "cut", "at": 9}})
    tenant.control("POST", "/assessments", json={})
    tenant.control("POST", "/settle")
    (delivery,) = tenant.control("GET", "/deliveries?event=assessment.created").json()["data"]
    first, second = delivery["attempts"]
    assert (first["trigger"], second["trigger"]) == ("scheduled", "duplicate")
    assert first["faults"] == second["faults"] == ["f1", "f2"]
    assert (first["deliberate"], first["request"]["body"]) == (True, '{"data":{')
    counts = [
        (one["matched"], one["used"]) for one in tenant.control("GET", "/faults").json()["data"]
    ]
    assert counts == [(1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("body", "path", "detail"),
    [
        ({"dupliccate": {}}, "$", "no fault 'dupliccate'; near: 'duplicate'"),
        ({}, "$", "expected one fault, as in {'drop': {}}; got none"),
        ({"delay": {"by": 5}}, "$.delay.by", "not a duration: 5; expected text with a unit"),
        ({"drop": {"times": 0}}, "$.drop.times", "expected 'int' >= 1"),
        ({"drop": {}, "on": {"event": "candidate.compleated"}}, "$.on.event", "no event type"),
        ({"drop": {}, "on": {"attmpt": 1}}, "$.on", "unknown key 'attmpt'; near: 'attempt'"),
        ([], "$", "expected a fault, a mapping like"),
    ],
)  # fmt: skip
def test_a_wrong_fault_is_refused_and_sets_nothing(
    tenant: Tenant, body: Any, path: str, detail: str
) -> None:
    answer = tenant.control("POST", "/faults", json=body)
    assert (answer.status_code, answer.json()["path"]) == (400, path), answer.text
    assert answer.json()["detail"].startswith(detail)
    assert tenant.control("GET", "/faults").json()["total"] == 0


def test_a_fault_of_an_unknown_webhook_is_404(tenant: Tenant) -> None:
    body = {"drop": {}, "on": {"webhook": "nope"}}
    assert tenant.control("POST", "/faults", json=body).status_code == 404


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_can_be_set_by_its_example(tenant: Tenant, kind: str) -> None:
    from ruamel.yaml import YAML

    example = YAML(typ="safe").load(FAULTS[kind].example)
    answer = tenant.control("POST", "/faults", json=example["fault"])
    assert (answer.status_code, kind in answer.json()) == (201, True), answer.text
