"""Candidates, people and results: filters, sorting, and agreement with payloads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Json, Server, Tenant

STEPS: dict[str, list[str]] = {
    "ada": [],
    "bob": ["enroll", "start"],
    "cyd": ["enroll", "start", "complete"],
    "dan": ["enroll", "start", "complete", "reject"],
}


class People:
    """Four candidates of one assessment, invited an hour apart; Cyd and Dan completed."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.job = tenant.assessment()
        self.path = f"/v1/assessment/{self.job['id']}/candidate"
        self.candidates: dict[str, Json] = {}
        for name, steps in STEPS.items():
            self.candidates[name] = tenant.invite(
                self.job, email=f"{name}@example.com", firstName=name.title(), lastName="Smith"
            )
            for step in steps:
                details = {"score": 30, "of": 37} if step == "complete" else {}
                assert tenant.move(self.candidates[name], step, **details).status_code == 200
            tenant.control("POST", "/clock/advance", json={"by": "1h"})

    def names(self, path: str = "", **query: Any) -> list[str]:
        answer = self.tenant.provider("GET", path or self.path, params=query)
        assert answer.status_code == 200, answer.text
        return [one["email"].split("@")[0] for one in answer.json()["data"]]


@pytest.fixture(scope="module")
def people(make_tenant: Callable[..., Tenant]) -> People:
    return People(make_tenant())


def test_candidates_are_listed_the_last_invitation_first(people: People) -> None:
    assert people.names() == ["dan", "cyd", "bob", "ada"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"query": "BOB@"}, ["bob"]),
        ({"query": "cyd smi"}, ["cyd"]),
        ({"candidateStatus": "COMPLETED"}, ["cyd"]),
        ({"candidateStatus": "HIRED"}, []),
        ({"candidateStage": "Enrolled For Assessment"}, ["bob"]),
        ({"candidateStage": "Rejected"}, ["dan"]),
        ({"invitationType": "EMAIL"}, ["dan", "cyd", "bob", "ada"]),
        ({"invitationType": "PUBLIC_LINK"}, []),
        ({"invitedBy": "nobody"}, []),
        ({"workspaceLabelTitle": "no such label"}, []),
        ({"completedRange": "2026-01-01T02:00:00Z,2026-01-01T02:30:00Z"}, ["cyd"]),
        ({"completedRange": "2027-01-01T00:00:00Z, 2028-01-01T00:00:00Z"}, []),
        ({"colName": "firstName"}, ["ada", "bob", "cyd", "dan"]),
        ({"colName": "completedAt", "inOrder": "desc", "limit": 2}, ["dan", "cyd"]),
        ({"colName": "invitedAt", "skip": 1, "limit": 2}, ["bob", "cyd"]),
        ({"limit": 1, "skip": 1}, ["cyd"]),
    ],
)
def test_candidates_are_filtered_sorted_and_cut(
    people: People, query: dict[str, Any], expected: list[str]
) -> None:
    assert people.names(**query) == expected


def test_a_grade_selects_candidates(people: People) -> None:
    rows = people.tenant.provider("GET", people.path).json()["data"]
    grades = {row["email"].split("@")[0]: row["grading"] for row in rows}
    assert (grades["ada"], grades["bob"]) == (None, None)
    for grade in {grades["cyd"], grades["dan"]}:
        assert people.names(grade=grade) == [name for name, one in grades.items() if one == grade]


def test_inviter_and_labels_are_those_of_the_assessment(people: People) -> None:
    row = people.tenant.provider("GET", "/v1/assessment").json()["data"][0]
    assert people.names(invitedBy=row["createdBy"]) == people.names()
    assert people.names(invitedBy=row["userId"]) == people.names()
    for label in row["workspaceLabel"]:
        assert people.names(workspaceLabelTitle=label) == people.names()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2026-01-01T00:00:00Z", "completedRange is '2026-01-01T00:00:00Z'; expected two instants"),
        ("yesterday,today", "not a time: 'yesterday'"),
    ],
)
def test_a_wrong_range_is_refused_even_where_nobody_is(
    tenant: Tenant, value: str, message: str
) -> None:
    path = f"/v1/assessment/{tenant.assessment()['id']}/candidate"
    answer = tenant.provider("GET", path, params={"completedRange": value})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)
    assert answer.json()["error"]["message"].endswith("(at ?completedRange)")


def test_a_result_agrees_with_the_payload_of_the_completion(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["candidate.completed"])
    ada = tenant.candidate(email="ada@example.com")
    for command in ("enroll", "start", "complete"):
        tenant.move(ada, command)
    tenant.settle()
    payload = json.loads(receiver.requests[0].body)["data"]
    path = f"/v1/assessment/{ada['assessmentId']}/candidate"
    shown = tenant.provider("GET", f"{path}/{ada['candidateId']}").json()["data"]
    assert shown["assessmentCandidateUrl"] == payload["candidateDetailLink"]
    assert shown["title"] == shown["assessmentName"] == payload["assessment"]
    assert shown["assessmentCandidateId"] == ada["id"]
    (row,) = tenant.provider("GET", path).json()["data"]
    for one in shown.keys() & payload.keys():
        assert shown[one] == payload[one], one
    for one in row.keys() & payload.keys():
        assert row[one] == payload[one], one


def test_a_result_is_found_by_the_person_and_by_the_invitation(people: People) -> None:
    cyd = people.candidates["cyd"]
    one, other = (
        people.tenant.provider("GET", f"{people.path}/{cyd[key]}").json()
        for key in ("candidateId", "id")
    )
    assert one == other
    assert one["data"]["candidateIndex"] == 2


def test_somebody_invited_elsewhere_has_no_result_here(tenant: Tenant) -> None:
    ada, job = tenant.candidate(), tenant.assessment()
    answer = tenant.provider("GET", f"/v1/assessment/{job['id']}/candidate/{ada['candidateId']}")
    assert answer.status_code == 404
    message = f"candidate {ada['candidateId']!r} was not invited to {job['id']}"
    assert answer.json()["error"]["message"] == message


def test_a_test_that_the_assessment_does_not_have_is_a_wrong_value(people: People) -> None:
    path = f"{people.path}/{people.candidates['cyd']['id']}"
    answer = people.tenant.provider("GET", path, params={"testLibId": "x", "report": "pdf"})
    assert answer.status_code == 400
    message = "testLibId is 'x'; the assessment has no such test (at ?testLibId)"
    assert answer.json()["error"]["message"] == message


def test_a_second_attempt_counts_and_is_shown(tenant: Tenant) -> None:
    job = tenant.assessment()
    first = tenant.invite(job, email="ada@example.com")
    tenant.move(first, "expire")
    second = tenant.invite(job, email="ada@example.com")
    path = f"/v1/assessment/{job['id']}/candidate"
    rows = tenant.provider("GET", path).json()["data"]
    assert [(row["assessmentCandidateId"], row["attemptIndex"]) for row in rows] == [
        (second["id"], 1),
        (first["id"], 0),
    ]
    shown = tenant.provider("GET", f"{path}/{first['candidateId']}").json()["data"]
    assert (shown["assessmentCandidateId"], shown["attemptIndex"]) == (second["id"], 1)
    theirs = tenant.provider("GET", f"/v1/assessment/{first['candidateId']}/assessments").json()
    assert [one["attemptIndex"] for one in theirs["data"]] == [0, 1]


def test_a_scheduled_invitation_is_listed_before_its_date(tenant: Tenant) -> None:
    job = tenant.assessment()
    tenant.invite(job, scheduledDate="2026-02-01T00:00:00Z")
    (row,) = tenant.provider("GET", f"/v1/assessment/{job['id']}/candidate").json()["data"]
    assert (row["candidateStatus"], row["candidateStage"], row["invitedAt"]) == (
        "SCHEDULED",
        "Invited For Assessment",
        "2026-02-01T00:00:00.000Z",
    )


def test_an_assessment_s_id_is_no_candidate_s(tenant: Tenant) -> None:
    ada = tenant.candidate()
    answer = tenant.provider("GET", f"/v1/assessment/{ada['assessmentId']}/assessments")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["dan", "cyd", "bob", "ada"]),
        ({"query": "smith", "limit": 1}, ["dan"]),
        ({"email": "ADA@example.com"}, ["ada"]),
        ({"email": "ada"}, []),
        ({"candidateStatus": "IN_PROGRESS"}, ["bob"]),
        ({"assessmentId": "nowhere"}, []),
        ({"colName": "email", "limit": 2}, ["ada", "bob"]),
        ({"colName": "lastSeenAt", "inOrder": "desc", "limit": 1}, ["dan"]),
    ],
)
def test_people_are_filtered_sorted_and_cut(
    people: People, query: dict[str, Any], expected: list[str]
) -> None:
    assert people.names("/v1/candidate", **query) == expected
    assert people.names("/v1/candidate", assessmentId=people.job["id"]) == people.names()


def test_a_person_is_listed_once_however_often_they_are_invited(tenant: Tenant) -> None:
    one, other = tenant.assessment(), tenant.assessment()
    tenant.invite(one, email="ada@example.com", firstName="Ada", lastName="First")
    tenant.invite(other, email="ADA@example.com", firstName="Ada", lastName="Second")
    (row,) = tenant.provider("GET", "/v1/candidate").json()["data"]
    assert (row["lastName"], row["totalAssessment"], row["totalTest"]) == ("Second", 2, 4)
    assert row["lastSeenAt"] is None
