"""Faults of the provider API, met by a real client over real sockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Json, Tenant

INVITES = "/v1/assessment/candidate/invites"
ROUTE = f"POST {INVITES}"


class RetryingClient:
    """A client that calls again after a broken answer, as integrations do.

    Attributes:
        failures: why each call that failed did.
        waits: the pauses that ``Retry-After`` asked for; it does not wait.
    """

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.failures: list[str] = []
        self.waits: list[str] = []

    def invite(self, job: Json, email: str) -> Json:
        person = {"email": email, "firstName": "Ada", "lastName": "L"}
        body = {"assessmentId": job["id"], "candidateInvites": [person]}
        for _ in range(4):
            answer = self._call(body)
            if answer is not None:
                return answer
        raise AssertionError(self.failures)

    def _call(self, body: Any) -> Json | None:
        try:
            response = self._tenant.provider("POST", INVITES, json=body)
            if response.status_code == 200:
                answer: Json = response.json()
                return answer
        except httpx2.TransportError as error:
            self.failures.append(type(error).__name__)
        except ValueError:
            self.failures.append("not JSON")
        else:
            self.failures.append(str(response.status_code))
            self.waits += [response.headers.get("Retry-After", "")]
        return None


@pytest.fixture
def job(tenant: Tenant) -> Json:
    return tenant.assessment()


@pytest.fixture
def client(tenant: Tenant) -> RetryingClient:
    return RetryingClient(tenant)


def inject(tenant: Tenant, fault: Json, **on: Any) -> None:
    answer = tenant.control("POST", "/faults", json={**fault, "on": {"route": ROUTE, **on}})
    assert answer.status_code == 201, answer.text


def received(tenant: Tenant) -> list[tuple[str, list[str]]]:
    return [
        (one["data"]["path"], one["data"]["faults"])
        for one in tenant.journal()
        if one["kind"] == "call.received"
    ]


def test_a_client_that_obeys_retry_after_invites_once(
    tenant: Tenant, job: Json, client: RetryingClient
) -> None:
    inject(tenant, {"api_error": {"status": 429, "retry_after": "1500ms", "times": 2}})
    answer = client.invite(job, "ada@example.com")
    assert (answer["totalInvalid"], answer["data"][0]["status"]) == (0, "VALID")
    assert (client.failures, client.waits) == (["429", "429"], ["2", "2"])
    assert received(tenant) == [(INVITES, ["f1"]), (INVITES, ["f1"]), (INVITES, [])]
    assert tenant.control("GET", "/faults").json()["data"][0]["used"] == 2


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"api_reset": {"times": 1}}, "ReadError"),
        ({"api_reset": {"times": 1, "after": 20}}, "ReadError"),
        ({"api_close": {"times": 1}}, "RemoteProtocolError"),
        ({"api_close": {"times": 1, "after": 20}}, "RemoteProtocolError"),
        ({"api_corrupt": {"times": 1}}, "not JSON"),
        ({"api_corrupt": {"times": 1, "how": "cut"}}, "not JSON"),
    ],
    ids=str,
)
def test_a_client_whose_answer_breaks_finds_its_invitation_made_when_it_calls_again(
    tenant: Tenant, job: Json, client: RetryingClient, fault: Json, failure: str
) -> None:
    inject(tenant, fault)
    answer = client.invite(job, "ada@example.com")
    assert client.failures == [failure]
    assert (answer["totalInvalid"], answer["data"][0]["status"]) == (1, "ALREADY_INVITED")
    assert len(tenant.control("GET", "/candidates").json()["data"]) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(500, "internal_server_error"), (503, "service_unavailable")]
)
def test_an_error_has_the_form_of_the_provider_s_errors_and_no_effect(
    tenant: Tenant, job: Json, status: int, code: str
) -> None:
    inject(tenant, {"api_error": {"status": status}})
    answer = tenant.provider("POST", INVITES, json={"assessmentId": job["id"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "Retry-After" not in answer.headers
    assert tenant.control("GET", "/candidates").json()["data"] == []


def test_a_slow_answer_is_sent_after_the_delay(tenant: Tenant, job: Json) -> None:
    inject(tenant, {"api_delay": {"by": "50ms"}})
    started = time.monotonic()
    answer = tenant.provider(
        "POST", INVITES, json={"assessmentId": job["id"], "candidateInvites": []}
    )
    assert answer.status_code == 200
    assert time.monotonic() - started >= 0.05


def test_a_client_with_a_time_out_gives_up_on_a_slow_answer(tenant: Tenant) -> None:
    inject(tenant, {"api_delay": {"by": "1h"}})
    with pytest.raises(httpx2.ReadTimeout):
        tenant.provider("POST", INVITES, json={}, timeout=0.05)


def test_a_fault_of_one_route_does_not_affect_other_calls_and_tenants(
    tenant: Tenant, job: Json, make_tenant: Any
) -> None:
    inject(tenant, {"api_error": {"status": 500}})
    assert tenant.provider("GET", f"/v1/assessment/{job['id']}").status_code == 200
    assert make_tenant().provider("POST", INVITES, json={}).status_code == 400
    assert received(tenant) == []


def test_without_a_route_every_call_is_met_and_nth_counts_all_of_them(tenant: Tenant) -> None:
    fault = {"api_error": {"status": 500}, "on": {"nth": 2}}
    assert tenant.control("POST", "/faults", json=fault).status_code == 201
    paths = ("/v1/candidate", "/v1/assessment", "/v1/candidate")
    assert [tenant.provider("GET", path).status_code for path in paths] == [200, 500, 200]
    assert received(tenant) == [(paths[0], []), (paths[1], ["f1"]), (paths[2], [])]


def test_a_probability_is_decided_by_the_seed(make_tenant: Any) -> None:
    def statuses(seed: int) -> list[int]:
        tenant = make_tenant(seed=seed)
        fault = {"api_error": {"status": 500}, "on": {"probability": 0.5}}
        assert tenant.control("POST", "/faults", json=fault).status_code == 201
        return [tenant.provider("GET", "/v1/candidate").status_code for _ in range(20)]

    assert set(statuses(1)) == {200, 500}
    assert statuses(1) == statuses(1) != statuses(2)


def test_an_error_of_the_api_is_damaged_like_any_answer(tenant: Tenant) -> None:
    fault = {"api_corrupt": {}, "on": {"route": "getAssessment"}}
    assert tenant.control("POST", "/faults", json=fault).json()["on"] == {
        "route": "GET /v1/assessment/{assessmentId}"
    }
    answer = tenant.provider("GET", "/v1/assessment/nope")
    assert (answer.status_code, answer.content[:10]) == (404, b'{{"error":')


def test_an_answer_without_a_body_is_broken_before_its_head(tenant: Tenant, dead_url: str) -> None:
    hook = tenant.webhook(dead_url)
    fault = {"api_close": {"after": 5}, "on": {"route": "deleteWebhook"}}
    assert tenant.control("POST", "/faults", json=fault).status_code == 201
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        tenant.provider("DELETE", f"/v1/webhook/{hook['id']}")
    assert tenant.provider("GET", "/v1/webhook").json()["data"] == []


def test_faults_of_both_sides_do_not_affect_each_other(tenant: Tenant, job: Json) -> None:
    receiver = tenant.server.receiver(200)
    tenant.webhook(receiver.url)
    assert tenant.control("POST", "/faults", json={"duplicate": {}}).status_code == 201
    assert tenant.control("POST", "/faults", json={"api_error": {"status": 500}}).status_code == 201
    assert tenant.provider("GET", "/v1/candidate").status_code == 500
    tenant.invite(job)
    tenant.settle()
    assert len(receiver.requests) == 2
    counts = [one["used"] for one in tenant.control("GET", "/faults").json()["data"]]
    assert counts == [1, 1]


@pytest.mark.parametrize(
    ("fault", "path", "detail"),
    [
        ({"api_error": {}}, "$.api_error", "the key 'status' is missing"),
        ({"api_error": {"status": 200}}, "$.api_error.status", "expected 'int' >= 400"),
        (
            {"api_error": {"status": 599}},
            "$.api_error",
            "no status 599; expected a known status, such as 429, 500 or 503",
        ),
        ({"api_corrupt": {"at": 3}}, "$.api_corrupt", "'at' needs how: cut"),
        (
            {"api_reset": {}, "on": {"event": "candidate.invited"}},
            "$.on",
            "unknown key 'event'; known: nth, probability, route",
        ),
        (
            {"api_reset": {}, "on": {"route": "POST /v1/assessment/invites"}},
            "$.on.route",
            "no route 'POST /v1/assessment/invites'; near: 'POST /v1/assessment/candidate/invites'",
        ),
        (
            {"drop": {}, "on": {"route": "getAssessment"}},
            "$.on",
            "unknown key 'route'; known: ",
        ),
    ],
    ids=str,
)
def test_a_wrong_fault_is_refused_with_the_place(
    tenant: Tenant, fault: Json, path: str, detail: str
) -> None:
    answer = tenant.control("POST", "/faults", json=fault)
    assert (answer.status_code, answer.json()["path"]) == (400, path), answer.text
    assert answer.json()["detail"].startswith(detail)
