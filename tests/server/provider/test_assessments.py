"""Assessments and groups: filters, sorting, drafts, and agreement with payloads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Json, Server, Tenant

LIST = "/v1/assessment"
BY_NAME = ("archived", "draft", "published", "subscribed")


class Jobs:
    """One assessment in each state, an hour apart."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.ids: dict[str, str] = {}
        for name in ("draft", "published", "subscribed", "archived", "deleted"):
            made = tenant.control("POST", "/assessments", json={"title": f"The {name} one"}).json()
            self.ids[name] = made["id"]
            tenant.control("POST", "/clock/advance", json={"by": "1h"})
        for name, command in (
            ("published", "publish"),
            ("archived", "archive"),
            ("deleted", "delete"),
        ):
            tenant.control("POST", f"/assessments/{self.ids[name]}/{command}", json={})
        tenant.invite({"id": self.ids["subscribed"]})

    def names(self, **query: Any) -> list[str]:
        answer = self.tenant.provider("GET", LIST, params=query)
        assert answer.status_code == 200, answer.text
        return [one["assessmentTitle"].split()[1] for one in answer.json()["data"]]

    def row(self, name: str) -> Json:
        rows = self.tenant.provider("GET", LIST).json()["data"]
        found: Json = next(row for row in rows if row["assessmentId"] == self.ids[name])
        return found


@pytest.fixture(scope="module")
def jobs(make_tenant: Callable[..., Tenant]) -> Jobs:
    return Jobs(make_tenant())


def test_the_list_has_all_but_the_deleted_newest_first(jobs: Jobs) -> None:
    assert jobs.names() == ["archived", "subscribed", "published", "draft"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"isActive": "true"}, ["published", "subscribed"]),
        ({"isArchived": "true"}, ["archived"]),
        ({"isEditable": "true"}, ["draft", "published"]),
        ({"isDraft": "true"}, ["draft"]),
        ({"isDraft": "true", "isArchived": "true"}, ["archived", "draft"]),
        ({"isDraft": "true", "isArchived": "false"}, ["draft"]),
        ({"query": "PUBL"}, ["published"]),
        ({"query": "nothing like it"}, []),
        ({"groupName": "no such group"}, []),
        ({"workspaceLabelTitle": "no such label"}, []),
        ({"testLibraryId": "no such test"}, []),
    ],
)
def test_filters_choose(jobs: Jobs, query: dict[str, str], expected: list[str]) -> None:
    assert sorted(jobs.names(**query)) == expected


def test_all_four_flags_false_still_list_published_assessments(jobs: Jobs) -> None:
    """What a client in use sends, and expects."""
    flags = dict.fromkeys(("isArchived", "isEditable", "isActive", "isDraft"), "false")
    found = jobs.names(limit=50, skip=0, colName="created", inOrder="desc", **flags)
    assert found == ["archived", "subscribed", "published", "draft"]


def test_group_and_label_find_the_assessments_that_have_them(jobs: Jobs) -> None:
    for name in BY_NAME:
        row = jobs.row(name)
        assert name in jobs.names(groupName=row["groupName"])
        for label in row["workspaceLabel"]:
            assert name in jobs.names(workspaceLabelTitle=label)
    assert any(jobs.row(name)["workspaceLabel"] for name in BY_NAME)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"colName": "assessmentTitle"}, list(BY_NAME)),
        ({"colName": "assessmentTitle", "inOrder": "desc"}, list(reversed(BY_NAME))),
        (
            {"colName": "created", "inOrder": "asc"},
            ["draft", "published", "subscribed", "archived"],
        ),
        ({"colName": "totalInvited", "inOrder": "desc", "limit": 1}, ["subscribed"]),
        ({"colName": "assessmentTitle", "skip": 1, "limit": 2}, ["draft", "published"]),
        ({"skip": 3}, ["draft"]),
        ({"limit": 2}, ["archived", "subscribed"]),
    ],
)
def test_rows_are_sorted_and_cut(jobs: Jobs, query: dict[str, Any], expected: list[str]) -> None:
    assert jobs.names(**query) == expected


def test_an_unknown_column_is_refused_with_the_known_columns(jobs: Jobs) -> None:
    answer = jobs.tenant.provider("GET", LIST, params={"colName": "creation"})
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message.startswith("no column 'creation'; near: 'created'")
    assert message.endswith("userId, workspaceLabel (at ?colName)")


def test_a_draft_shows_no_content_and_a_published_assessment_shows_that_of_its_payload(
    server: Server, tenant: Tenant
) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["assessment.updated"])
    job = tenant.assessment()
    path = f"{LIST}/{job['id']}"
    draft = tenant.provider("GET", path).json()["data"]
    hidden = ("assessmentStatus", "totalTestLibrary", "totalTime", "recipientForNotification")
    assert [draft[one] for one in hidden] == ["DRAFT", 0, 0, []]
    tenant.control("POST", f"/assessments/{job['id']}/publish", json={})
    tenant.settle()
    (sent,) = receiver.requests
    payload = json.loads(sent.body)["data"]
    shown = tenant.provider("GET", path).json()["data"]
    assert {one: shown[one] for one in hidden} == {one: payload[one] for one in hidden}
    for one in ("assessmentId", "assessmentTitle", "name", "jobRoleId", "defaultLanguage"):
        assert shown[one] == payload[one]


def test_the_job_role_of_an_assessment_is_one_of_the_list(tenant: Tenant) -> None:
    made = tenant.control("POST", "/assessments", json={"title": "Data Analyst"}).json()
    shown = tenant.provider("GET", f"{LIST}/{made['id']}").json()["data"]
    (role,) = tenant.provider("GET", "/v1/workspace/jobrole", params={"q": "Data Analyst"}).json()[
        "data"
    ]
    assert shown["jobRoleId"] == role["id"]


def test_counts_follow_the_candidates(tenant: Tenant) -> None:
    job = tenant.assessment()
    for commands in (
        "",
        "enroll",
        "enroll start",
        "enroll start complete",
        "enroll start complete reject",
        "enroll disqualify",
    ):
        candidate = tenant.invite(job)
        for command in commands.split():
            tenant.move(candidate, command)
    tenant.invite(job, scheduledDate="2026-02-01T00:00:00Z")
    (row,) = tenant.provider("GET", LIST).json()["data"]
    names = ("CandidateCount", "Invited", "InProgress", "Completed", "Rejected")
    assert [row[f"total{name}"] for name in names] == [7, 6, 2, 1, 2]


def test_a_deleted_assessment_is_gone(jobs: Jobs) -> None:
    answer = jobs.tenant.provider("GET", f"{LIST}/{jobs.ids['deleted']}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"assessment {jobs.ids['deleted']!r} was deleted"


def test_an_archived_assessment_is_shown_as_archived(jobs: Jobs) -> None:
    """Unlike its payload, whose isArchived is false."""
    shown = jobs.tenant.provider("GET", f"{LIST}/{jobs.ids['archived']}").json()["data"]
    assert (shown["assessmentStatus"], shown["isArchived"]) == ("SUBSCRIBED", True)


def test_groups_are_at_the_top_of_the_answer(tenant: Tenant) -> None:
    answer = tenant.provider("GET", "/v1/workspace/assessment/group", params={"limit": 1})
    assert list(answer.json()) == ["groupList"]
    (group,) = answer.json()["groupList"]
    assert list(group) == ["_id", "groupName"]


def test_groups_are_searched_and_turned_round(tenant: Tenant) -> None:
    def names(**query: Any) -> list[str]:
        answer = tenant.provider("GET", "/v1/workspace/assessment/group", params=query)
        return [one["groupName"] for one in answer.json()["groupList"]]

    every = names(query="", skip=0, limit=50, inOrder="asc")
    assert every == sorted(every)
    assert names(inOrder="desc") == every[::-1]
    assert names(query="ENGI") == ["Engineering"]
    assert names(skip=1, limit=1) == every[1:2]
