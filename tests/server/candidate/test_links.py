"""Links in payloads and answers, with and without a public URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.emulator import Emulator
from emulator.errors import InvalidInputError
from tests.server.candidate.conftest import PUBLIC

if TYPE_CHECKING:
    from tests.server.conftest import Json, Server, Tenant

INVITES = "/v1/assessment/candidate/invites"


@pytest.fixture
def tenant(public: Server) -> Tenant:
    tenant = public.tenant("ats")
    tenant.control("POST", "/reset")
    return tenant


@pytest.fixture
def base(tenant: Tenant) -> str:
    pages: str = tenant.control("GET").json()["pages"]
    return PUBLIC + pages


def test_links_in_payloads_lead_to_the_public_url(tenant: Tenant, base: str) -> None:
    receiver = tenant.server.receiver()
    tenant.webhook(receiver.url, ["candidateStatusChanged", "updated"])
    job = tenant.assessment()
    tenant.control("POST", f"/assessments/{job['id']}/publish", json={})
    ada = tenant.invite(job)
    for command in ("enroll", "start", "complete", "reject"):
        answer = tenant.move(ada, command)
        assert (answer.status_code, answer.json()["refused"]) == (200, [])
    tenant.settle()
    sent = [request.payload["data"] for request in receiver.requests]
    links = [one["inviteLink"] for one in sent if "inviteLink" in one]
    assert len(links) == 5
    assert all(link.startswith(f"{base}/candidate/assessment/invite?key=") for link in links)
    report = f"reports/pdf/assessment-candidate-report/{ada['id']}.pdf"
    reports = [one["resultLink"] for one in sent if one.get("status") in ("COMPLETED", "REJECTED")]
    assert reports == [f"{base}/{report}", report]
    assert sent[0]["publicInviteLink"] == f"{base}/public/{job['id']}"


def test_links_in_answers_lead_to_the_public_url(tenant: Tenant, base: str) -> None:
    job = tenant.assessment()
    person = {"email": "ada@example.com", "firstName": "Ada", "lastName": "L"}
    body = {"assessmentId": job["id"], "candidateInvites": [person]}
    [invited] = tenant.provider("POST", INVITES, json=body).json()["data"]
    link = tenant.provider(
        "POST", f"/v1/assessment/{job['id']}/candidate/link", json={"email": person["email"]}
    ).json()
    [row] = tenant.provider("GET", "/v1/assessment").json()["data"]
    [view] = tenant.control("GET", "/candidates").json()["data"]
    assert invited["shortLink"] == f"{base}/s/{link['shortId']}"
    assert link["inviteLink"] == view["inviteLink"]
    assert link["inviteLink"].startswith(f"{base}/candidate/assessment/invite?key=")
    assert row["publicInviteLink"] == f"{base}/public/{job['id']}"


def test_two_workspaces_have_separate_pages_and_no_path_contains_a_token(public: Server) -> None:
    pages = [public.tenant(name).control("GET").json()["pages"] for name in ("one", "two", "ats")]
    assert len(set(pages)) == 3
    assert not any(name in one for one in pages for name in ("one", "two", "ats"))


def test_settings_of_a_workspace_do_not_change_the_public_url(tenant: Tenant, base: str) -> None:
    assert tenant.control("PUT", json={"seed": 9}).status_code == 200
    ada: Json = tenant.candidate()
    assert ada["inviteLink"].startswith(base)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("emulator.example.com", "neither http nor https"),
        ("http://host/?a=1", "a path or a query in the public URL"),
        ("http://host/path/", "a path or a query in the public URL"),
        ("http://host/#top", "a fragment"),
        ("http://me:secret@host/", "user and password in the URL"),
    ],
)
def test_a_wrong_public_url_is_refused(url: str, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        Emulator(public_url=url)
