"""Invitations: item by item, scheduled, in large batches; and the link of somebody invited."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx2

    from tests.server.conftest import Json, Server, Tenant

INVITES = "/v1/assessment/candidate/invites"


def person(number: int, **changes: Any) -> Json:
    names = {"firstName": f"First{number}", "lastName": f"Last{number}"}
    return {"email": f"person{number}@example.com", **names, **changes}


def invite(tenant: Tenant, job: Json, *people: Json, **more: Any) -> httpx2.Response:
    body = {"assessmentId": job["id"], "candidateInvites": people, **more}
    return tenant.provider("POST", INVITES, json=body)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 25, 1_000])
def test_a_batch_is_invited_with_a_status_for_each_person(
    server: Server, tenant: Tenant, count: int
) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["candidate.invited"])
    job = tenant.assessment()
    answer = invite(tenant, job, *map(person, range(count)))
    assert answer.status_code == 200
    body = answer.json()
    assert body["totalInvalid"] == 0
    assert {one["status"] for one in body["data"]} == {"VALID"}
    assert [one["email"] for one in body["data"]] == [person(n)["email"] for n in range(count)]
    assert len({one["candidateId"] for one in body["data"]}) == count
    assert len({one["shortLink"] for one in body["data"]}) == count
    assert {one["invitationExpiry"] for one in body["data"]} == {"2026-01-31T00:00:00.000Z"}
    tenant.settle()
    invited = [json.loads(request.body)["data"]["email"] for request in receiver.requests]
    assert sorted(invited) == sorted(one["email"] for one in body["data"])


def test_an_invalid_item_does_not_stop_the_others(tenant: Tenant) -> None:
    job = tenant.assessment()
    assert invite(tenant, job, person(1)).status_code == 200
    answer = invite(
        tenant,
        job,
        person(1),
        person(2),
        person(3, email="nobody"),
        person(4, email=""),
        person(2, email="PERSON2@example.com"),
        person(5, lastName=""),
        person(6, firstName=" "),
        person(7),
    )
    assert answer.status_code == 200
    body = answer.json()
    assert [one["status"] for one in body["data"]] == [
        "ALREADY_INVITED",
        "VALID",
        "INVALID_EMAIL",
        "INVALID_EMAIL",
        "DUPLICATE",
        "INVALID_LAST_NAME",
        "INVALID_FIRST_NAME",
        "VALID",
    ]
    assert body["totalInvalid"] == 6
    for one in body["data"]:
        is_valid = one["status"] == "VALID"
        assert bool(one["message"]) is not is_valid
        assert all((one[key] is not None) is is_valid for key in ("candidateId", "shortLink"))
        assert one["isNotEnoughCredits"] is False
    assert body["data"][2]["message"] == (
        "not an e-mail address: 'nobody'; expected one like 'ada@example.com'"
    )
    listed = tenant.provider("GET", f"/v1/assessment/{job['id']}/candidate").json()["data"]
    assert [one["email"] for one in listed] == [person(n)["email"] for n in (7, 2, 1)]


def test_additional_keys_of_existing_clients_are_accepted(tenant: Tenant) -> None:
    job = tenant.assessment()
    extra: list[Json] = [
        {"phoneExt": 91, "phone": 0},
        {"phoneExt": None, "phone": None, "candidateGroupId": None},
    ]
    body = {
        "assessmentId": job["id"],
        "candidateInvites": [person(n, **one) for n, one in enumerate(extra)],
        "metadata": {"correlationId": "7"},
        "source": None,
    }
    headers = tenant.token | {"production-testing": "false"}
    answer = tenant.provider("POST", INVITES, json=body, headers=headers)
    assert answer.status_code == 200
    assert [one["status"] for one in answer.json()["data"]] == ["VALID", "VALID"]


def test_a_scheduled_batch_goes_out_on_its_date(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["candidate.invited"])
    job = tenant.assessment()
    answer = invite(tenant, job, person(1), person(2), scheduledDate="2026-01-02T00:00:00Z")
    (one, _) = answer.json()["data"]
    assert one["invitationExpiry"] == "2026-02-01T00:00:00.000Z"
    tenant.settle()
    assert receiver.requests == []
    tenant.control("POST", "/clock/advance", json={"by": "1d"})
    assert len(receiver.requests) == 2


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"assessmentId": "x"}, 404, "no assessment 'x'; the newest is"),
        ({"scheduledDate": "2025-01-01T00:00:00Z"}, 400, "scheduled for 2025-01-01T00:00:00.000Z"),
        ({"scheduledDate": "tomorrow"}, 400, "not a time: 'tomorrow'"),
        ({"candidateInvites": [{"email": "a@example.com"}]}, 400, "the key 'firstName' is missing"),
        (
            {"candidateInvites": [person(n) for n in range(1_001)]},
            400,
            "expected 'array' of length",
        ),
        ({"candidateInvites": None}, 400, "expected 'array', got 'null'"),
        ({"metadata": 7}, 400, "expected 'object | null', got 'int'"),
    ],
)
def test_an_invalid_call_changes_nothing(
    tenant: Tenant, body: Json, status: int, message: str
) -> None:
    job = tenant.assessment()
    before = tenant.journal()
    asked = {"assessmentId": job["id"], "candidateInvites": [person(1, email="?"), person(2)]}
    answer = tenant.provider("POST", INVITES, json=asked | body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(message)
    assert tenant.journal() == before


def test_an_archived_assessment_refuses_invitations(tenant: Tenant) -> None:
    job = tenant.assessment()
    tenant.control("POST", f"/assessments/{job['id']}/archive", json={})
    answer = invite(tenant, job, person(1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "illegal_command")


def test_nobody_in_a_batch_is_fine_and_somewhere_unknown_is_not(tenant: Tenant) -> None:
    job = tenant.assessment()
    assert invite(tenant, job).json() == {"totalInvalid": 0, "data": []}
    assert invite(tenant, {"id": "x"}).status_code == 404


def test_a_link_is_that_of_the_payload_and_has_no_data_around_it(
    server: Server, tenant: Tenant
) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["candidate.invited"])
    job = tenant.assessment()
    (invited,) = invite(tenant, job, person(1), source="ATS").json()["data"]
    answer = tenant.provider(
        "POST", f"/v1/assessment/{job['id']}/candidate/link", json={"email": "PERSON1@example.com"}
    )
    assert answer.status_code == 200
    link = answer.json()
    tenant.settle()
    payload = json.loads(receiver.requests[0].body)["data"]
    assert link["inviteLink"] == payload["inviteLink"]
    key = json.loads(base64.b64decode(link["inviteLink"].split("key=")[1].split("&")[0]))
    assert key == {
        "email": link["email"],
        "inviteKey": link["inviteKey"],
        "defaultLanguage": "en",
    }
    assert invited["shortLink"].endswith(f"/{link['shortId']}")
    assert link["invitationLinkValidityEndDate"] == invited["invitationExpiry"]
    assert (link["email"], link["assessmentId"]) == ("person1@example.com", job["id"])
    assert (link["source"], link["isExpired"], link["deleted"]) == ("ATS", False, None)
    assert link["id"] != link["assessmentCandidateId"]


def test_a_link_shows_when_it_expired(tenant: Tenant) -> None:
    ada = tenant.candidate(email="ada@example.com")
    tenant.control("POST", "/clock/advance", json={"by": "31d"})
    path = f"/v1/assessment/{ada['assessmentId']}/candidate/link"
    answer = tenant.provider("POST", path, json={"email": "ada@example.com"})
    assert answer.json()["isExpired"] is True


def test_a_person_who_was_not_invited_has_no_link(tenant: Tenant) -> None:
    ada, other = tenant.candidate(email="ada@example.com"), tenant.assessment()
    for job, email in (
        (other["id"], "ada@example.com"),
        (ada["assessmentId"], "bob@example.com"),
    ):
        path = f"/v1/assessment/{job}/candidate/link"
        answer = tenant.provider("POST", path, json={"email": email})
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == f"{email!r} was not invited to {job}"
