"""Composed assessments: calls, payloads and the library agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Json, Server, Tenant

COMPOSE, TEMPLATE = "/v1/assessment/compose", "/v1/reseller/assessment"


def library_rows(tenant: Tenant, count: int) -> list[Json]:
    answer = tenant.provider("GET", "/v1/test/library/search", params={"limit": count, "skip": 7})
    found: list[Json] = answer.json()["data"]
    return found


def test_a_composed_assessment_is_published_with_its_tests(server: Server, tenant: Tenant) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["assessment.created", "assessment.updated"])
    tests = library_rows(tenant, 3)
    settings = {
        "defaultLanguage": "de",
        "supportedLanguages": ["de", "en"],
        "skipRegistration": True,
        "snapshotCaptureRequired": True,
        "verifyPassword": "s3cret",
        "extraTime": 10,
        "somethingNew": 1,
    }
    body = {
        "title": "Junior Team: 2026",
        "testLibraryIds": [test["id"] for test in tests],
        "settings": settings,
    }
    answer = tenant.provider("POST", COMPOSE, json=body)
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert (made["title"], made["titleSlug"]) == ("Junior Team: 2026", "junior-team-2026")
    assert (made["assessmentStatus"], made["isArchived"]) == ("PUBLISHED", False)
    assert (made["language"], made["supportedLanguages"]) == ("de", ["de", "en"])
    tenant.settle()
    created, updated = (json.loads(request.body)["data"] for request in receiver.requests)
    assert (created["assessmentStatus"], created["testLibrary"]) == ("DRAFT", [])
    assert [test["testLibraryId"] for test in updated["testLibrary"]] == body["testLibraryIds"]
    assert updated["customQuestion"] == []
    shown = tenant.provider("GET", f"/v1/assessment/{made['id']}").json()["data"]
    assert shown["totalTestLibrary"] == updated["totalTestLibrary"] == 3
    assert shown["totalTime"] == updated["totalTime"] == sum(test["timeLimit"] for test in tests)
    assert shown["defaultLanguage"] == updated["defaultLanguage"] == "de"
    assert (updated["skipRegistration"], updated["snapshotCaptureRequired"]) == (True, True)
    (listed,) = tenant.provider("GET", "/v1/assessment", params={"isActive": "true"}).json()["data"]
    assert listed["assessmentId"] == made["id"]
    assert "s3cret" not in json.dumps(tenant.journal())


def test_its_candidates_are_asked_as_many_questions_as_its_tests_ask(
    server: Server, tenant: Tenant
) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["candidate.completed"])
    tests = library_rows(tenant, 3)
    body = {"title": "Composed", "testLibraryIds": [test["id"] for test in tests]}
    made = tenant.provider("POST", COMPOSE, json=body).json()["data"]
    ada = tenant.invite(made)
    for command in ("enroll", "start", "complete"):
        assert tenant.move(ada, command).status_code == 200
    tenant.settle()
    payload = json.loads(receiver.requests[0].body)["data"]
    questions = sum(test["questionLimit"] for test in tests)
    assert payload["totalQuestion"] == payload["totalScore"] == questions
    assert payload["totalTestTimeLimit"] == sum(test["timeLimit"] for test in tests)
    assert payload["customQuestions"] == []
    path = f"/v1/assessment/{made['id']}/candidate/{ada['candidateId']}"
    assert tenant.provider("GET", path).json()["data"]["totalQuestion"] == questions


def test_a_template_is_that_of_a_job_role(tenant: Tenant) -> None:
    roles = tenant.provider("GET", "/v1/workspace/jobrole", params={"q": ""}).json()["data"]
    (role, *_) = [one for one in roles if one["isTemplateAvailable"]]
    answer = tenant.provider("POST", TEMPLATE, json={"templateId": role["id"]})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert (made["title"], made["jobRoleId"]) == (role["name"], role["id"])
    assert made["assessmentDescription"] == f"For the role {role['name']}."
    shown = tenant.provider("GET", f"/v1/assessment/{made['id']}").json()["data"]
    assert shown["totalTestLibrary"] == 3


def test_a_job_role_without_a_template_gives_none(tenant: Tenant) -> None:
    roles = tenant.provider("GET", "/v1/workspace/jobrole", params={"q": ""}).json()["data"]
    (role, *_) = [one for one in roles if not one["isTemplateAvailable"]]
    answer = tenant.provider("POST", TEMPLATE, json={"templateId": role["id"]})
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"no template {role['id']!r} in the library"


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"testLibraryIds": []}, 400, "0 tests; expected 1 to 50 (at $.tests)"),
        ({"testLibraryIds": ["x"] * 51}, 400, "51 tests; expected 1 to 50 (at $.tests)"),
        ({"testLibraryIds": ["x"]}, 404, "no test 'x' in the library"),
        ({"title": ""}, 400, "empty; expected some text (at $.title)"),
        (
            {"settings": {"skipRegistration": "yes"}},
            400,
            "expected 'bool', got 'str' (at $.settings.skipRegistration)",
        ),
        (
            {"settings": {"defaultLanguage": "???"}},
            400,
            (
                "expected 'str' matching regex '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$'"
                " (at $.settings.defaultLanguage)"
            ),
        ),
    ],
)
def test_an_assessment_that_cannot_be_composed_changes_nothing(
    tenant: Tenant, change: dict[str, Any], status: int, message: str
) -> None:
    before = tenant.journal()
    body = {"title": "Composed", "testLibraryIds": [library_rows(tenant, 1)[0]["id"]]} | change
    answer = tenant.provider("POST", COMPOSE, json=body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)
    assert tenant.journal() == before


def test_a_test_that_is_named_twice_is_asked_once(tenant: Tenant) -> None:
    one = library_rows(tenant, 1)[0]["id"]
    body = {"title": "Composed", "testLibraryIds": [one, one]}
    made = tenant.provider("POST", COMPOSE, json=body).json()["data"]
    shown = tenant.provider("GET", f"/v1/assessment/{made['id']}").json()["data"]
    assert shown["totalTestLibrary"] == 1
