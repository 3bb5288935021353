"""The library over HTTP: its content agrees with assessments and payloads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Json, Server, Tenant

TESTS, QUESTIONS = "/v1/test/library/search", "/v1/question"


@pytest.fixture(scope="module")
def library(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()


def rows(tenant: Tenant, path: str, **query: Any) -> list[Json]:
    answer = tenant.provider("GET", path, params={"limit": 5_000} | query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["data"]
    return found


def test_pages_cover_everything_once(library: Tenant) -> None:
    every = [row["id"] for row in rows(library, TESTS)]
    assert len(set(every)) == 200
    paged = [rows(library, TESTS, limit=50, skip=skip) for skip in range(0, 250, 50)]
    assert [len(one) for one in paged] == [50, 50, 50, 50, 0]
    assert [one["id"] for page in paged for one in page] == every
    assert len(library.provider("GET", TESTS).json()["data"]) == 50
    assert len({row["id"] for row in rows(library, QUESTIONS)}) == 2_000


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"isCompanyTest": "true"}, 3),
        ({"isTestlifyLibraries": "true"}, 197),
        ({"isCompanyTest": "true", "isTestlifyLibraries": "true"}, 200),
        ({"type": "Language"}, 25),
        ({"industryType": "Banking"}, 10),
        ({"archived": "true"}, 0),
        ({"isAiInterview": "true"}, 0),
        ({"isAssessment": "true"}, 200),
        ({"language": "fr"}, 0),
        ({"language": "en"}, 200),
        ({"query": "PYTHON"}, 1),
        ({"jobRoleId": "x"}, 0),
    ],
)
def test_tests_are_filtered(library: Tenant, query: dict[str, str], count: int) -> None:
    assert len(rows(library, TESTS, **query)) == count


def test_filters_take_names_and_ids(library: Tenant) -> None:
    kind = library.provider("GET", "/v1/static/testlibrary/type").json()["data"][0]
    by_id = rows(library, TESTS, type=kind["id"])
    assert by_id == rows(library, TESTS, type=kind["name"])
    assert len(by_id) == kind["count"]
    industry = library.provider("GET", "/v1/static/testlibrary/industry/types").json()["data"][0]
    assert rows(library, TESTS, industryType=industry["id"]) == rows(
        library, TESTS, industryType=industry["name"]
    )


def test_job_roles_and_templates_select_tests(library: Tenant) -> None:
    (role,) = rows(library, "/v1/workspace/jobrole", q="Backend Developer")
    found = rows(library, TESTS, jobRoleId=role["id"])
    assert len(found) == 10
    assert all(role["id"] in {one["id"] for one in test["jobRoles"]} for test in found)
    in_templates = rows(library, TESTS, template="true")
    assert 0 < len(in_templates) < 200
    difficult = rows(library, TESTS, difficulty="Advanced")
    assert {one["difficultyLevel"] for one in difficult} == {"Advanced"}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"isStarred": "true"}, 0),
        ({"isCompanyTest": "true"}, 30),
        ({"isCompanyTestLibraries": "true"}, 30),
        ({"isTestlifyLibraries": "true"}, 1_970),
        ({"type": "AUDIO_ANSWER"}, 24),
        ({"language": "fr"}, 0),
        ({"query": "free afternoon with the team"}, 1),
    ],
)
def test_questions_are_filtered(library: Tenant, query: dict[str, str], count: int) -> None:
    assert len(rows(library, QUESTIONS, **query)) == count


def test_a_question_is_the_same_alone_and_in_the_list(library: Tenant) -> None:
    test = rows(library, TESTS, query="Shell Scripts")[0]
    found = rows(library, QUESTIONS, testLibraryId=test["id"])
    assert len(found) == 10
    for row in found:
        shown = library.provider("GET", f"{QUESTIONS}/{row['id']}").json()["data"]
        assert shown["_id"] == row["id"]
        assert shown["testLibraryId"] == test["id"]
        assert {one: shown[one] for one in row.keys() & shown.keys()} == {
            one: row[one] for one in row.keys() & shown.keys()
        }
        assert row["difficultyLevel"] == test["difficultyLevel"]


def test_the_questions_of_a_payload_are_those_of_the_library(
    server: Server, tenant: Tenant
) -> None:
    receiver = server.receiver()
    tenant.webhook(receiver.url, ["candidate.in_progress", "assessment.updated"])
    ada = tenant.candidate()
    tenant.control("POST", f"/assessments/{ada['assessmentId']}/update", json={"title": "New"})
    for command in ("enroll", "start"):
        tenant.move(ada, command)
    tenant.settle()
    updated, started = (json.loads(request.body)["data"] for request in receiver.requests)
    known = {one["id"]: one for one in rows(tenant, TESTS)}
    for test in updated["testLibrary"]:
        row = known[test["testLibraryId"]]
        assert row["title"] == test["testLibraryTitle"]
        for one in row.keys() & test.keys():
            assert row[one] == test[one], one
    for test in started["testLibrary"]:
        for asked in test["questions"]:
            path = f"{QUESTIONS}/{asked['questionnaireId']}"
            shown = tenant.provider("GET", path).json()["data"]
            assert shown["question"] == asked["question"]
            assert shown["testLibraryId"] == test["testLibraryId"]


def test_a_job_role_is_searched_by_name_the_closest_first(library: Tenant) -> None:
    found = rows(library, "/v1/workspace/jobrole", q="data")
    assert [one["name"] for one in found] == [
        "Data Analyst",
        "Data Engineer",
        "Database Administrator",
    ]
    assert len(rows(library, "/v1/workspace/jobrole", q="")) == 60
    answer = library.provider("GET", "/v1/workspace/jobrole")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "the parameter 'q' is missing",
    )


def test_programming_languages_are_searched_by_name(library: Tenant) -> None:
    path = "/v1/assessment/coding/language"
    assert [row["name"] for row in rows(library, path, query="script")] == [
        "JavaScript",
        "TypeScript",
    ]
    assert len(rows(library, path)) == 42
