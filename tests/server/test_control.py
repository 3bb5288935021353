"""The behaviour of the control API on which its callers rely."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator import __version__
from emulator.domain.events import EVENTS_OF

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Json, Server, Tenant

NOW = "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("path", ["livez", "readyz"])
def test_health(server: Server, path: str) -> None:
    answer = server.client.get(f"/_emulator/{path}")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": __version__})


# --- workspaces -----------------------------------------------------------------------------


def test_a_put_opens_a_workspace_and_returns_its_token(server: Server) -> None:
    answer = server.client.put(
        "/_emulator/workspaces/acme",
        json={"seed": 3, "clock": "virtual", "now": "2026-03-01T10:00:00+01:00"},
    )
    assert answer.status_code == 201
    view = answer.json()
    organisation = view.pop("organisation")
    assert list(organisation) == ["id", "name"]
    assert view == {
        "name": "acme",
        "token": "acme",
        "seed": 3,
        "clock": {"mode": "virtual", "now": "2026-03-01T09:00:00.000Z"},
        "generation": "v1",
        "profile": {
            "retries": [],
            "timeouts": {"connect": "5s", "firstByte": "15s", "total": "15s"},
            "success": [200, 299],
            "signature": None,
            "obeys": [],
            "disableAfter": None,
        },
        "observed": [],
        "eventNames": {},
        "reportDelay": "0ms",
        "pages": "/w/302657b33c4da281",
        "insecure": False,
        "webhooks": 0,
        "assessments": 0,
        "candidates": 0,
        "deliveries": {"pending": 0, "succeeded": 0, "failed": 0, "dropped": 0},
    }
    read = server.client.get("/_emulator/workspaces/acme")
    assert (read.status_code, read.json()) == (200, view | {"organisation": organisation})


def test_variants_of_payloads_are_set_and_unset(tenant: Tenant) -> None:
    receiver = tenant.server.receiver()
    tenant.webhook(receiver.url, ["candidate.completed"])
    answer = tenant.control("PUT", json={"observed": ["score_drop", "skills"]})
    assert answer.json()["observed"] == ["skills", "score_drop"]
    assert tenant.control("PUT", json={"clock": "virtual"}).json()["observed"] != []
    for _ in range(2):
        candidate = tenant.candidate()
        for command in ("enroll", "start", "complete"):
            assert tenant.move(candidate, command).status_code == 200
        tenant.settle()
        assert tenant.control("PUT", json={"observed": []}).json()["observed"] == []
    tests = [request.payload["data"]["testLibrary"][0] for request in receiver.requests]
    assert ["skills" in test for test in tests] == [True, False]


def test_an_unknown_variant_of_payloads_is_reported_with_similar_names(tenant: Tenant) -> None:
    answer = tenant.control("PUT", json={"observed": ["skills", "skils"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_name")
    assert answer.json()["path"] == "$.observed[1]"
    assert answer.json()["detail"].startswith("no variant of payloads 'skils'; near: 'skills'")


def test_a_second_put_changes_only_the_keys_it_names(tenant: Tenant) -> None:
    before = tenant.control("GET").json()
    assert tenant.control("PUT", json={}).json() == before
    answer = tenant.control("PUT", json={"seed": 9, "now": "2026-02-01T00:00:00Z"})
    expected = before | {
        "seed": 9,
        "clock": {"mode": "virtual", "now": "2026-02-01T00:00:00.000Z"},
    }
    assert (answer.status_code, answer.json()) == (200, expected)
    assert tenant.control("PUT", json={"clock": "real"}).json()["clock"]["mode"] == "real"


def test_a_put_sets_the_profile_of_deliveries(tenant: Tenant, dead_url: str) -> None:
    tenant.control("PUT", json={"profile": {"retries": ["60s", "60s"]}})
    tenant.webhook(dead_url, ["invited"])
    tenant.candidate()
    tenant.control("POST", "/clock/advance", json={"by": "1h"})
    (delivery,) = tenant.control("GET", "/deliveries").json()["data"]
    assert [attempt["at"] for attempt in delivery["attempts"]] == [
        NOW,
        "2026-01-01T00:01:00.000Z",
        "2026-01-01T00:02:00.000Z",
    ]


def test_a_new_workspace_takes_the_settings_of_the_emulator(server: Server) -> None:
    view = server.client.put("/_emulator/workspaces/plain").json()
    assert view["clock"] == {"mode": "virtual", "now": NOW}
    assert server.client.put("/_emulator/workspaces/default").json()["seed"] == 7


def test_two_workspaces_share_no_id(server: Server) -> None:
    views = [server.client.put(f"/_emulator/workspaces/{name}").json() for name in ("a1", "a2")]
    assert len({7, *(view["seed"] for view in views)}) == 3
    assert views[0]["organisation"]["id"] != views[1]["organisation"]["id"]


def test_the_list_has_all_workspaces(server: Server) -> None:
    server.tenant("listed-one")
    server.tenant("listed-two")
    whole = server.client.get("/_emulator/workspaces").json()
    names = [one["name"] for one in whole["data"]]
    assert whole["total"] == len(names)
    assert {"listed-one", "listed-two"} <= set(names)
    cut = server.client.get("/_emulator/workspaces?limit=1&skip=1").json()
    assert ([one["name"] for one in cut["data"]], cut["total"]) == (names[1:2], len(names))


def story(tenant: Tenant, url: str) -> list[Json]:
    """Do the same things in a workspace, and return all that came of it, its name left out."""
    webhook = tenant.webhook(url, ["assessment.created", "enrolled"])
    job = tenant.assessment()
    tenant.settle()
    candidate = tenant.invite(job)
    tenant.move(candidate, "enroll")
    tenant.settle()
    candidate = tenant.control("GET", f"/candidates/{candidate['id']}").json()
    entries = [one | {"workspace": ""} for one in tenant.journal() if "attempt" not in one["kind"]]
    return [webhook, candidate, *entries]


def test_the_same_seed_gives_the_same_ids(
    make_tenant: Callable[..., Tenant], dead_url: str
) -> None:
    one, two, other = make_tenant(seed=5), make_tenant(seed=5), make_tenant(seed=6)
    sent = story(one, dead_url)
    assert sent == story(two, dead_url)
    assert sent[0]["id"] != story(other, dead_url)[0]["id"]


def test_a_reset_workspace_is_as_new(tenant: Tenant, dead_url: str) -> None:
    new = tenant.control("GET").json()
    sent = story(tenant, dead_url)
    answer = tenant.control("POST", "/reset")
    assert (answer.status_code, answer.json()) == (200, new)
    assert tenant.provider("GET", "/v1/webhook").json() == {"data": []}
    for what in ("assessments", "candidates", "deliveries"):
        assert tenant.control("GET", f"/{what}").json() == {"data": [], "total": 0}
    assert story(tenant, dead_url)[:2] == sent[:2]


def test_a_deleted_workspace_is_gone_with_all_of_its_journal(server: Server, dead_url: str) -> None:
    tenant = server.tenant("gone")
    story(tenant, dead_url)
    answer = tenant.control("DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert tenant.control("GET").status_code == 404
    assert tenant.control("GET", "/journal").status_code == 404
    again = server.tenant("gone")
    assert [one["number"] for one in again.journal()] == [1]
    assert again.provider("GET", "/v1/webhook").json() == {"data": []}


# --- the clock ------------------------------------------------------------------------------


def test_the_clock_is_shown_and_set(tenant: Tenant) -> None:
    assert tenant.control("GET", "/clock").json() == {"mode": "virtual", "now": NOW}
    answer = tenant.control(
        "PUT", "/clock", json={"mode": "virtual", "now": "2026-05-01T00:00:00Z"}
    )
    expected = {"mode": "virtual", "now": "2026-05-01T00:00:00.000Z"}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert tenant.control("GET", "/clock").json() == expected
    assert tenant.control("PUT", "/clock", json={"mode": "real"}).json()["mode"] == "real"
    virtual = {"mode": "virtual"}
    assert tenant.control("PUT", "/clock", json=virtual).json() == {"mode": "virtual", "now": NOW}


def test_a_clock_is_not_set_without_a_mode(tenant: Tenant) -> None:
    assert tenant.control("PUT", "/clock", json={"mode": "real"}).status_code == 200
    answer = tenant.control("PUT", "/clock")
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "the key 'mode' is missing",
    )
    assert tenant.control("GET", "/clock").json()["mode"] == "real"


def test_advance_runs_due_timers_and_returns_the_events(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["candidate.invitation_expired"])
    candidate = tenant.candidate()
    answer = tenant.control("POST", "/clock/advance", json={"by": "29d"}).json()
    clock = {"mode": "virtual", "now": "2026-01-30T00:00:00.000Z"}
    assert answer == {"clock": clock, "entries": 1, "deliveries": []}
    answer = tenant.control("POST", "/clock/advance", json={"by": "2d"}).json()
    assert answer["clock"]["now"] == "2026-02-01T00:00:00.000Z"
    # moved, message, planned, started, finished, clock
    assert answer["entries"] == 5
    (delivery,) = answer["deliveries"]
    assert (delivery["event"], delivery["status"]) == ("candidate.invitation_expired", "succeeded")
    assert (delivery["subjectId"], delivery["created"]) == (
        candidate["id"],
        "2026-01-31T00:00:00.000Z",
    )
    assert len(receiver.requests) == 1
    read = tenant.control("GET", f"/candidates/{candidate['id']}").json()
    assert (read["status"], read["legal"]) == ("INVITATION_EXPIRED", [])


def test_settle_waits_for_attempts_under_way(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver(delay=0.1)
    tenant.webhook(receiver.url, ["invited"])
    tenant.candidate()
    hurried = tenant.control("POST", "/settle", json={"timeout": "10ms"})
    assert (hurried.status_code, hurried.json()) == (408, {"settled": False, "pending": 1})
    patient = tenant.control("POST", "/settle")
    assert (patient.status_code, patient.json()) == (200, {"settled": True, "pending": 0})
    assert len(receiver.requests) == 1


def test_settle_keeps_later_attempts_pending(tenant: Tenant, dead_url: str) -> None:
    tenant.control("PUT", json={"profile": {"retries": ["60s"]}})
    tenant.webhook(dead_url, ["invited"])
    tenant.candidate()
    answer = tenant.control("POST", "/settle", json={"timeout": "20s"})
    assert (answer.status_code, answer.json()) == (200, {"settled": True, "pending": 1})


# --- assessments and candidates -------------------------------------------------------------


def test_an_assessment_is_made_and_moved(tenant: Tenant) -> None:
    answer = tenant.control(
        "POST", "/assessments", json={"title": "Cook", "invitationEmailLinkValidity": 3}
    )
    assert answer.status_code == 201
    made = answer.json()
    assert made == made | {
        "title": "Cook",
        "status": "DRAFT",
        "created": NOW,
        "modified": NOW,
        "invitationEmailLinkValidity": 3,
        "legal": ["update", "publish", "invite", "archive", "delete"],
        "messages": [],
        "refused": [],
    }
    assert set(made) == {
        "id",
        "title",
        "status",
        "created",
        "modified",
        "invitationEmailLinkValidity",
        "tests",
        "customQuestions",
        "totalTime",
        "legal",
        "messages",
        "refused",
    }
    path = f"/assessments/{made['id']}"
    updated = tenant.control("POST", f"{path}/update", json={"title": "Chef"}).json()
    assert (updated["status"], updated["title"]) == ("PUBLISHED", "Chef")
    for command, state in (
        ("archive", "ARCHIVED"),
        ("unarchive", "PUBLISHED"),
        ("delete", "DELETED"),
    ):
        answer = tenant.control("POST", f"{path}/{command}")
        assert (answer.status_code, answer.json()["status"]) == (200, state)
    read = tenant.control("GET", path).json()
    assert (read["title"], read["status"], read["legal"]) == ("Chef", "DELETED", [])
    assert tenant.control("GET", "/assessments").json() == {"data": [read], "total": 1}


def test_an_invitation_makes_up_missing_details(tenant: Tenant) -> None:
    job = tenant.assessment()
    answer = tenant.control(
        "POST", "/candidates", json={"assessmentId": job["id"], "email": "ada@example.com"}
    )
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == {
        "id",
        "candidateId",
        "assessmentId",
        "email",
        "firstName",
        "lastName",
        "status",
        "inviteLink",
        "invitedAt",
        "validUntil",
        "startedAt",
        "completedAt",
        "score",
        "reason",
        "legal",
        "messages",
        "refused",
    }
    assert made["firstName"]
    assert made["lastName"]
    assert made == made | {
        "assessmentId": job["id"],
        "email": "ada@example.com",
        "status": "INVITED",
        "invitedAt": NOW,
        "validUntil": "2026-01-31T00:00:00.000Z",
        "startedAt": None,
        "completedAt": None,
        "score": None,
        "reason": None,
        "legal": ["enroll", "expire"],
    }


def test_a_candidate_moves_to_completion_and_on(tenant: Tenant) -> None:
    candidate = tenant.candidate()
    assert tenant.move(candidate, "enroll").json()["status"] == "ENROLLED"
    tenant.control("POST", "/clock/advance", json={"by": "1h"})
    started = tenant.move(candidate, "start").json()
    assert (started["status"], started["startedAt"]) == ("IN_PROGRESS", "2026-01-01T01:00:00.000Z")
    completed = tenant.move(candidate, "complete", score=14, of=32, percentage=60).json()
    assert completed["score"] == {"score": 14, "of": 32, "percentage": 60}
    assert completed["completedAt"] == "2026-01-01T01:00:00.000Z"
    assert tenant.move(candidate, "reject").json()["status"] == "REJECTED"
    rescored = tenant.move(candidate, "rescore", score=20, of=32, percentage=None).json()
    assert (rescored["status"], rescored["score"]["score"]) == ("REJECTED", 20)


@pytest.mark.parametrize("reason", ["qualification", "proctoring"])
def test_a_disqualification_has_its_reason(tenant: Tenant, reason: str) -> None:
    candidate = tenant.candidate()
    tenant.move(candidate, "enroll")
    if reason == "proctoring":
        tenant.move(candidate, "start")
    answer = tenant.move(candidate, "disqualify", reason=reason)
    assert (answer.json()["status"], answer.json()["reason"]) == ("DISQUALIFIED", reason)


def test_candidates_are_filtered_by_assessment_invitation_and_person(tenant: Tenant) -> None:
    ada, bob = tenant.candidate(email="ada@example.com"), tenant.candidate()
    again = tenant.candidate(email="ada@example.com")
    assert (again["candidateId"] == ada["candidateId"], again["id"] == ada["id"]) == (True, False)

    def found(**query: Any) -> list[str]:
        answer = tenant.control("GET", "/candidates", params=query).json()
        return [one["id"] for one in answer["data"]]

    assert found() == [ada["id"], bob["id"], again["id"]]
    assert found(limit=1, skip=1) == [bob["id"]]
    assert found(assessment=bob["assessmentId"]) == [bob["id"]]
    assert found(candidate=ada["candidateId"]) == [ada["id"], again["id"]]
    assert found(candidate=again["id"]) == [again["id"]]
    assert found(candidate="nobody") == []
    assert tenant.control("GET", "/candidates?limit=2").json()["total"] == 3
    assert tenant.control("GET", "/assessments?skip=1&limit=1").json()["total"] == 3


# --- messages and deliveries ----------------------------------------------------------------


def test_a_command_returns_the_messages_that_it_caused(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url)
    tenant.webhook(receiver.url, ["candidateStatusChanged", "invited"])
    messages = tenant.candidate()["messages"]
    assert [(message["event"], message["deliveries"]) for message in messages] == [
        ("candidate.status_changed", ["1-1", "1-2"]),
        ("candidate.invited", ["2-2"]),
    ]
    tenant.settle()
    assert len(receiver.requests) == 3
    found = tenant.control("GET", "/deliveries").json()
    assert [one["id"] for one in found["data"]] == ["1-1", "1-2", "2-2"]
    assert [one["messageId"] for one in found["data"]] == [
        messages[0]["id"],
        messages[0]["id"],
        messages[1]["id"],
    ]
    one = tenant.control("GET", "/deliveries/1-2")
    assert (one.status_code, one.json()) == (200, found["data"][1])


def test_deliveries_are_filtered(server: Server, tenant: Tenant, dead_url: str) -> None:
    dead = tenant.webhook(dead_url)
    tenant.webhook(server.receiver().url, ["invited"])
    candidate = tenant.candidate()
    tenant.settle()

    def found(**query: Any) -> list[str]:
        answer = tenant.control("GET", "/deliveries", params=query).json()
        assert answer["total"] == len(answer["data"]) or "limit" in query
        return [one["id"] for one in answer["data"]]

    assert found() == ["1-1", "2-2"]
    assert found(limit=1) == ["1-1"]
    assert found(limit=1, skip=1) == ["2-2"]
    assert found(event="invited") == ["2-2"]
    assert found(event="candidate.status_changed") == ["1-1"]
    assert found(event="test") == []
    assert found(webhook=dead["id"]) == ["1-1"]
    assert found(status="failed") == ["1-1"]
    assert found(status="succeeded", event="candidateStatusChanged") == []
    assert found(candidate=candidate["id"]) == ["1-1", "2-2"]
    assert found(candidate=candidate["candidateId"], status="succeeded") == ["2-2"]
    assert found(candidate="nobody") == []


def test_a_delivery_is_redelivered(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver(500, 200)
    tenant.webhook(receiver.url, ["invited"])
    tenant.candidate()
    tenant.settle()
    answer = tenant.control("POST", "/deliveries/1-1/redeliver")
    view = answer.json()
    assert (answer.status_code, view["status"], view["reason"]) == (200, "succeeded", None)
    assert [(attempt["trigger"], attempt["success"]) for attempt in view["attempts"]] == [
        ("scheduled", False),
        ("manual", True),
    ]
    assert receiver.requests[0].body == receiver.requests[1].body


def test_all_that_failed_is_redelivered(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver(500, 500, 200)
    tenant.webhook(receiver.url, ["invited"])
    tenant.candidate()
    tenant.control("POST", "/clock/advance", json={"by": "1h"})
    tenant.candidate()
    tenant.settle()
    body = {"since": "2026-01-01T00:30:00Z"}
    answer = tenant.control("POST", "/deliveries/redeliver", json=body)
    assert (answer.status_code, answer.json()["total"]) == (202, 1)
    tenant.settle()
    statuses = [one["status"] for one in tenant.control("GET", "/deliveries").json()["data"]]
    assert statuses == ["failed", "succeeded"]


# --- the journal ----------------------------------------------------------------------------


def test_the_journal_is_json_lines_from_an_entry_on(server: Server, tenant: Tenant) -> None:
    tenant.webhook(server.receiver().url, ["invited"])
    tenant.candidate()
    tenant.settle()
    answer = tenant.control("GET", "/journal")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("\n")
    entries = [json.loads(line) for line in answer.text.splitlines()]
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry["kind"] for entry in entries] == [
        "workspace.opened",
        "webhook.added",
        "assessment.created",
        "assessment.moved",
        "candidate.invited",
        "message.created",
        "attempt.started",
        "attempt.finished",
    ]
    assert all(list(entry) == ["number", "at", "workspace", "kind", "data"] for entry in entries)
    later = tenant.control("GET", "/journal?after=6").text
    assert [json.loads(line)["number"] for line in later.splitlines()] == [7, 8]
    assert tenant.control("GET", "/journal?after=8").text == ""


# --- schemas --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generation", "event"),
    [(generation, event) for generation, events in EVENTS_OF.items() for event in events],
)
def test_a_schema_is_self_contained_and_fits_sent_payloads(
    server: Server, make_tenant: Callable[..., Tenant], generation: str, event: str, dead_url: str
) -> None:
    import jsonschema

    tenant = make_tenant(generation=generation)
    answer = server.client.get(f"/_emulator/schemas/{generation}/{event}.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    document = answer.json()
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(ref.startswith("#") for ref in references(document))
    webhook = tenant.webhook(dead_url)
    sent = tenant.provider("POST", f"/v1/webhook/{webhook['id']}/test", json={"event": event})
    jsonschema.Draft202012Validator(document).validate(sent.json()["data"]["payload"])


def references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [ref for one in schema for ref in references(one)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
    return own + [ref for one in schema.values() for ref in references(one)]


def test_names_of_event_types_are_set_and_refused_with_their_place(
    make_tenant: Callable[..., Tenant],
) -> None:
    names = {"candidate.in_progress": "candidate.started"}
    tenant = make_tenant(eventNames=names)
    assert tenant.control("GET").json()["eventNames"] == names
    answer = tenant.control("PUT", json={"eventNames": {"candidate.completed": "candidate.done"}})
    assert (answer.status_code, answer.json()["path"]) == (
        400,
        "$.eventNames['candidate.completed']",
    )
    assert tenant.control("PUT", json={"eventNames": {}}).json()["eventNames"] == {}
