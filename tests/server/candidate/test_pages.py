"""A tester plays a candidate on the pages to which links lead, over HTTP and without script."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest

from tests.server.candidate.conftest import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

    from tests.server.conftest import Json, Server, Tenant

HOSTILE = "<script>alert('&')</script>\u202e"


class Browser:
    """Opens pages and submits their forms as a browser does, at the public URL.

    Attributes:
        answer: the last one.
    """

    def __init__(self, server: Server, url: str) -> None:
        self._client = server.client
        self._open(url)

    def _open(self, url: str, data: Mapping[str, str] | None = None) -> None:
        assert url.startswith(PUBLIC)
        headers = {"Host": PUBLIC.partition("://")[2]}
        if data is not None:
            headers |= {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}
        method = "GET" if data is None else "POST"
        path = url.removeprefix(PUBLIC)
        self.url, self.answer = url, self._client.request(method, path, data=data, headers=headers)
        if self.answer.status_code == 303:
            self._open(urljoin(url, self.answer.headers["location"]))

    def submit(self, **fields: str) -> None:
        """Submit the form to the page itself."""
        self._open(self.url, fields)

    @property
    def offered(self) -> set[str]:
        return set(re.findall(r'name="do" value="(\w+)"', self.answer.text))

    @property
    def status(self) -> str:
        [status] = re.findall(r'class="badge">(\w+)<', self.answer.text)
        return str(status)


@pytest.fixture
def tenant(public: Server) -> Tenant:
    tenant = public.tenant("ats")
    tenant.control("POST", "/reset")
    return tenant


@pytest.fixture
def ada(tenant: Tenant) -> Json:
    return tenant.candidate(email="ada@example.com", firstName=HOSTILE, lastName="L")


@pytest.fixture
def browser(public: Server, ada: Json) -> Browser:
    return Browser(public, ada["inviteLink"])


def view(tenant: Tenant, ada: Json) -> Any:
    return tenant.control("GET", f"/candidates/{ada['id']}").json()


def test_a_candidate_is_played_from_the_invitation_to_the_report(
    tenant: Tenant, browser: Browser
) -> None:
    receiver = tenant.server.receiver()
    tenant.webhook(receiver.url, ["completed"])
    assert (browser.status, browser.offered) == ("INVITED", {"enroll"})
    browser.submit(do="enroll")
    assert (browser.status, browser.offered) == ("ENROLLED", {"start"})
    browser.submit(do="start")
    assert (browser.status, browser.offered) == ("IN_PROGRESS", {"answer", "leave", "complete"})
    for correct in ("yes", "no", "yes"):
        browser.submit(do="answer", correct=correct)
    browser.submit(do="leave", seconds="30")
    browser.submit(do="leave", seconds="5")
    assert "2 right of 3" in browser.answer.text
    assert "2 times, 35 s" in browser.answer.text
    assert "Question 4 of" in browser.answer.text
    browser.submit(do="complete")
    assert (browser.status, browser.offered) == ("COMPLETED", set())
    tenant.settle()
    [sent] = receiver.requests
    assert sent.payload["data"]["totalScoreAchieved"] == 2
    assert sent.payload["data"]["antiCheatingMonitor"]["screenLeftByCandidateCount"] == 2
    [report] = re.findall(r'<a href="([^"]+)">Report', browser.answer.text)
    assert urljoin(browser.url, report) == sent.payload["data"]["resultLink"]
    commands = [one["data"]["command"] for one in tenant.journal() if "candidate." in one["kind"]]
    way = ["invite", "enroll", "start", *["answer"] * 3, *["leave"] * 2, "complete"]
    assert commands[-len(way) :] == way


def test_the_question_is_shown_until_all_are_answered(browser: Browser) -> None:
    for command in ("enroll", "start"):
        browser.submit(do=command)
    [total] = re.findall(r"Question 1 of (\d+)", browser.answer.text)
    for _ in range(int(total)):
        assert "answer" in browser.offered
        browser.submit(do="answer", correct="yes")
    assert browser.offered == {"leave", "complete"}
    browser.submit(do="answer")
    assert browser.answer.status_code == 409
    assert f"all {total} questions are answered" in browser.answer.text


def test_a_short_link_leads_to_the_invitation(tenant: Tenant, public: Server) -> None:
    job = tenant.assessment()
    person = {"email": "bob@example.com", "firstName": "Bob", "lastName": "S"}
    body = {"assessmentId": job["id"], "candidateInvites": [person]}
    answer = tenant.provider("POST", "/v1/assessment/candidate/invites", json=body)
    browser = Browser(public, answer.json()["data"][0]["shortLink"])
    assert (browser.status, browser.offered) == ("INVITED", {"enroll"})
    assert browser.url.partition("?")[0].endswith("/candidate/assessment/invite")


def test_by_the_public_link_anybody_invites_themselves(tenant: Tenant, public: Server) -> None:
    job = tenant.assessment()
    [row] = tenant.provider("GET", "/v1/assessment").json()["data"]
    browser = Browser(public, row["publicInviteLink"])
    eve = {"email": "eve@example.com", "first_name": "Eve", "last_name": "M"}
    browser.submit(**eve | {"email": "not an address"})
    assert browser.answer.status_code == 400
    assert 'value="not an address"' in browser.answer.text
    assert "not an e-mail address" in html.unescape(browser.answer.text)
    browser.submit(**eve)
    assert (browser.status, browser.offered) == ("INVITED", {"enroll"})
    [candidate] = tenant.control("GET", "/candidates").json()["data"]
    assert candidate["email"] == "eve@example.com"
    again = Browser(public, row["publicInviteLink"])
    again.submit(**eve)
    assert (again.answer.status_code, "already invited" in again.answer.text) == (409, True)
    tenant.control("POST", f"/assessments/{job['id']}/archive", json={})
    assert "takes no more candidates" in Browser(public, row["publicInviteLink"]).answer.text


@pytest.mark.parametrize(
    ("way", "status"),
    [(["expire"], "INVITATION_EXPIRED"), (["enroll", "disqualify"], "DISQUALIFIED")],
)
def test_a_candidate_in_a_final_state_has_no_commands(
    tenant: Tenant, public: Server, ada: Json, way: list[str], status: str
) -> None:
    for command in way:
        assert tenant.move(ada, command).status_code == 200
    browser = Browser(public, ada["inviteLink"])
    assert (browser.status, browser.offered) == (status, set())


@pytest.mark.parametrize(
    ("fields", "status", "problem"),
    [
        ({"do": "complete"}, 409, "complete"),
        ({"do": "expire"}, 400, "not a command of a candidate: 'expire'"),
        ({"do": HOSTILE}, 400, "not a command of a candidate"),
        ({}, 400, "not a command of a candidate: ''"),
    ],
    ids=str,
)  # fmt: skip
def test_a_command_that_is_not_offered_changes_nothing(
    tenant: Tenant, ada: Json, browser: Browser, fields: dict[str, str], status: int, problem: str
) -> None:
    browser.submit(**fields)
    assert browser.answer.status_code == status
    assert problem in html.unescape(browser.answer.text)
    assert view(tenant, ada)["status"] == browser.status == "INVITED"


@pytest.mark.parametrize("seconds", ["-1", "0", "x", "99999999"])
def test_wrong_seconds_change_nothing(browser: Browser, seconds: str) -> None:
    for command in ("enroll", "start"):
        browser.submit(do=command)
    browser.submit(do="leave", seconds=seconds)
    assert browser.answer.status_code == 400
    assert "0 times, 0 s" in browser.answer.text


def test_hostile_text_is_shown_and_never_markup(tenant: Tenant, public: Server) -> None:
    answer = tenant.control("POST", "/assessments", json={"title": HOSTILE}).json()
    ada = tenant.invite(answer, firstName=HOSTILE, lastName=HOSTILE)
    browser = Browser(public, ada["inviteLink"])
    row = tenant.provider("GET", "/v1/assessment").json()["data"][0]
    form = Browser(public, row["publicInviteLink"])
    form.submit(email=HOSTILE, first_name=HOSTILE, last_name=HOSTILE)
    for one in (browser.answer, form.answer):
        assert "<script" not in one.text
        assert "&lt;script&gt;alert(&#39;&amp;&#39;)" in one.text


def test_each_answer_has_strict_headers(tenant: Tenant, browser: Browser, public: Server) -> None:
    pages = tenant.control("GET").json()["pages"]
    missing = [
        f"{pages}/candidate/assessment/invite?key=xx", f"{pages}/s/xx", f"{pages}/public/xx",
        "/w/xx/public/xx", f"{pages}/candidate/assessment/invite",
    ]  # fmt: skip
    answers: list[httpx2.Response] = [public.client.get(path) for path in missing]
    assert [answer.status_code for answer in answers] == [404] * len(missing)
    for one in (browser.answer, *answers):
        policy = one.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert one.headers["x-content-type-options"] == "nosniff"
        assert one.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": "https://evil.example.com/"},
    ],
    ids=str,
)
def test_a_form_of_another_site_changes_nothing(
    tenant: Tenant, ada: Json, public: Server, headers: dict[str, str]
) -> None:
    path = ada["inviteLink"].removeprefix(PUBLIC)
    host = {"Host": PUBLIC.partition("://")[2]}
    answer = public.client.post(path, data={"do": "enroll"}, headers=host | headers)
    assert answer.status_code == 403
    assert view(tenant, ada)["status"] == "INVITED"


def test_a_link_leads_nowhere_below_other_pages(tenant: Tenant, ada: Json, public: Server) -> None:
    own = tenant.control("GET").json()["pages"]
    other = public.tenant("other").control("GET").json()["pages"]
    path = ada["inviteLink"].removeprefix(PUBLIC)
    assert public.client.get(path).status_code == 200
    assert public.client.get(path.replace(own, other)).status_code == 404
