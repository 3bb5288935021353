"""The flows of the public clients, as tests."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.conftest import Json, OpenServer, Tenant

INVITES = "/v1/assessment/candidate/invites"


def test_a_shop_invites_its_customer_and_stores_the_link(tenant: Tenant) -> None:
    """It compares totalInvalid and data[0].status, then reads the link at the top of the answer."""
    job = tenant.assessment()
    email = "u77_0@example.com"
    person = {"firstName": "Ada", "lastName": "L", "email": email, "phoneExt": 91, "phone": 0}
    body = {"candidateInvites": [person], "assessmentId": job["id"]}
    invite = tenant.provider("POST", INVITES, json=body)
    assert invite.status_code == 200
    assert invite.json()["totalInvalid"] == 0
    assert invite.json()["data"][0]["status"] == "VALID"
    path = f"/v1/assessment/{job['id']}/candidate/link"
    link = tenant.provider("POST", path, json={"email": email}).json()
    assert set(link) == {
        "id", "orgId", "userId", "assessmentId", "assessmentCandidateId", "email", "shortId",
        "inviteKey", "inviteLink", "isExpired", "lastModifiedBy", "isPublic", "type", "timeObject",
        "invitationLinkValidityStartDate", "invitationLinkValidityEndDate", "source", "isPreview",
        "created", "modified", "deleted",
    }  # fmt: skip
    assert (link["email"], link["assessmentId"]) == (email, job["id"])


def test_a_learning_platform_checks_its_token_then_lists_and_invites_a_class(
    tenant: Tenant,
) -> None:
    """It takes any 2xx for a good token, filters by group, and sends 25 students at once."""
    job = tenant.assessment()
    groups = "/v1/workspace/assessment/group"
    assert tenant.provider("GET", f"{groups}?limit=1").status_code == 200
    query = {"query": "", "skip": "0", "limit": "50", "inOrder": "asc"}
    names = [one["groupName"] for one in tenant.provider("GET", groups, params=query).json()[
        "groupList"
    ]]  # fmt: skip
    flags = dict.fromkeys(("isArchived", "isEditable", "isActive", "isDraft"), "false")
    asked = {"limit": "50", "skip": "0", "colName": "created", "inOrder": "desc", **flags}
    (row,) = tenant.provider("GET", "/v1/assessment", params=asked).json()["data"]
    assert row["assessmentId"] == job["id"]
    assert row["assessmentTitle"] == job["title"]
    assert row["createdBy"]
    assert row["groupName"] in names
    asked["groupName"] = row["groupName"]
    assert tenant.provider("GET", "/v1/assessment", params=asked).json()["data"] == [row]
    students = [
        {
            "firstName": f"First{number}",
            "lastName": f"Last{number}",
            "email": f"student{number}@example.com",
            "phoneExt": None,
            "phone": None,
            "candidateGroupId": None,
        }
        for number in range(25)
    ]
    answer = tenant.provider(
        "POST",
        INVITES,
        json={"candidateInvites": students, "assessmentId": job["id"]},
        headers=tenant.token | {"production-testing": "false", "Accept": "*/*"},
    )
    assert answer.status_code == 200
    (row,) = tenant.provider("GET", "/v1/assessment", params=asked).json()["data"]
    assert row["totalInvited"] == 25


def test_a_bad_token_is_401(open_server: OpenServer) -> None:
    with open_server(is_strict=True) as server:
        answer = server.client.get(
            "/v1/workspace/assessment/group?limit=1", headers={"Authorization": "Bearer wrong"}
        )
        assert answer.status_code == 401


def test_a_recruiting_system_takes_nothing_but_200_and_shows_the_error(tenant: Tenant) -> None:
    """It reads the text of an error at error.message."""
    body: Json = {"assessmentId": "nowhere", "candidateInvites": []}
    answer = tenant.provider("POST", INVITES, json=body)
    assert answer.status_code == 404
    assert isinstance(answer.json()["error"]["message"], str)


class Consumer:
    """A consumer that reads the assessment from the API before it answers a webhook."""

    def __init__(self) -> None:
        self.api = self.token = ""
        self.read: list[Any] = []
        consumer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                id_ = json.loads(body)["data"]["assessmentId"]
                url = f"{consumer.api}/v1/assessment/{id_}"
                headers = {"Authorization": f"Bearer {consumer.token}"}
                with urlopen(Request(url, headers=headers), timeout=10) as answer:
                    consumer.read.append(json.loads(answer.read()))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    made = Consumer()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.mark.parametrize("in_flight", [1, 512])
def test_an_assessment_is_read_from_inside_the_webhook_s_handler(
    open_server: OpenServer, consumer: Consumer, in_flight: int
) -> None:
    """A delivery under way never blocks the API, even with one attempt in flight."""
    with open_server(in_flight=in_flight) as server:
        tenant = server.tenant("acme")
        consumer.api, consumer.token = server.url, "acme"
        tenant.webhook(consumer.url, ["candidateStatusChanged"])
        ada = tenant.candidate()
        for command in ("enroll", "start", "complete"):
            tenant.move(ada, command)
        tenant.settle()
        deliveries = tenant.control("GET", "/deliveries").json()["data"]
        assert [delivery["status"] for delivery in deliveries] == ["succeeded"] * 4
    assert [one["data"]["assessmentId"] for one in consumer.read] == [ada["assessmentId"]] * 4
