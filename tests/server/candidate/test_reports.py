"""The report behind resultLink, fetched over HTTP."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2
    from pypdf import PageObject

    from tests.server.conftest import Json, Tenant

REPORTS = "reports/pdf/assessment-candidate-report"


def completed(tenant: Tenant, **person: str) -> Json:
    candidate = tenant.candidate(**person)
    for command in ("enroll", "start"):
        assert tenant.move(candidate, command).status_code == 200
    assert tenant.move(candidate, "complete", score=14, of=32).status_code == 200
    return candidate


def fetch(tenant: Tenant, id_: str) -> httpx2.Response:
    """Get a report as its consumer does: without a token."""
    pages = tenant.control("GET").json()["pages"]
    return tenant.server.client.get(f"{pages}/{REPORTS}/{id_}.pdf")


def pages(answer: httpx2.Response) -> list[PageObject]:
    from pypdf import PdfReader

    return list(PdfReader(BytesIO(answer.content), strict=True).pages)


def text(answer: httpx2.Response) -> list[str]:
    return [line for page in pages(answer) for line in page.extract_text().splitlines()]


def test_a_report_is_a_pdf_with_person_and_score(tenant: Tenant) -> None:
    ada = completed(tenant, email="ada@example.com", firstName="Ada", lastName="(L\\o) Ünal")
    answer = fetch(tenant, ada["id"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["x-content-type-options"] == "nosniff"
    lines = text(answer)
    assert lines[0] == "Candidate report"
    assert "Ada (L\\o) Ünal <ada@example.com>" in lines
    assert "Score: 14 of 32, " in "\n".join(lines)


@pytest.mark.parametrize(
    "name", ["Жанна", ") Tj ET endstream endobj", "<script>", "a\u202eb", "x" * 200, "%PDF-1.7"]
)
def test_a_report_is_valid_for_every_name(tenant: Tenant, name: str) -> None:
    ada = completed(tenant, firstName=name)
    lines = text(fetch(tenant, ada["id"]))
    assert lines[0] == "Candidate report"
    assert any(line.startswith("Score: 14 of 32") for line in lines)


def test_a_report_of_many_tests_has_several_pages(tenant: Tenant) -> None:
    titles = [
        one["title"]
        for one in tenant.provider("GET", "/v1/test/library/search?limit=50").json()["data"]
    ]
    job = tenant.control("POST", "/assessments", json={"title": "Long", "tests": titles}).json()
    ada = tenant.invite(job)
    for command in ("enroll", "start", "complete"):
        assert tenant.move(ada, command).status_code == 200
    answer = fetch(tenant, ada["id"])
    assert len(pages(answer)) == 2
    assert [line for line in text(answer) if line.startswith(titles[-1][:20])]


def test_a_report_is_available_after_the_delay(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(reportDelay="3m")
    assert tenant.control("GET").json()["reportDelay"] == "3m"
    ada = completed(tenant)
    tenant.control("POST", "/clock/advance", json={"by": "179s"})
    early = fetch(tenant, ada["id"])
    assert (early.status_code, early.json()["error"]) == (
        404,
        {
            "message": f"no report of {ada['id']} before 2026-01-01T00:03:00.000Z",
            "code": "not_found",
        },
    )
    tenant.control("POST", "/clock/advance", json={"by": "1s"})
    assert fetch(tenant, ada["id"]).status_code == 200


def test_a_candidate_who_has_not_completed_has_no_report(tenant: Tenant) -> None:
    ada = tenant.candidate()
    assert fetch(tenant, ada["id"]).status_code == 404
    assert fetch(tenant, "nobody").status_code == 404


def test_a_report_is_only_below_the_pages_of_its_workspace(
    make_tenant: Callable[..., Tenant],
) -> None:
    one, other = make_tenant(), make_tenant(seed=8)
    ada = completed(one)
    assert fetch(other, ada["id"]).status_code == 404
    assert one.server.client.get(f"/w/default/{REPORTS}/{ada['id']}.pdf").status_code == 404


@pytest.mark.parametrize("delay", ["5", "-1s", "4000d"])
def test_a_wrong_delay_is_refused(tenant: Tenant, delay: str) -> None:
    answer = tenant.control("PUT", json={"reportDelay": delay})
    assert (answer.status_code, answer.json()["path"]) == (400, "$.reportDelay")
    assert tenant.control("GET").json()["reportDelay"] == "0ms"
