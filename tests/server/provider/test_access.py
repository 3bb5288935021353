"""Access tokens, the team, login by a code and registration."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import OpenServer, Server, Tenant

GENERATE, TOKENS = "/v1/workspace/accesstoken/generate", "/v1/workspace/accesstokens"
TEAM, INVITE = "/v1/workspace/team", "/v1/workspace/invite/user"
LOGIN = "/v1/public/auth"
LIST = "/v1/assessment"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# --- access tokens --------------------------------------------------------------------------


def test_a_token_opens_the_workspace_that_generated_it(tenant: Tenant) -> None:
    job = tenant.assessment()
    answer = tenant.provider("POST", GENERATE, json={"note": "CI"})
    assert answer.status_code == 201
    token = answer.json()["data"]["accessToken"]
    assert re.fullmatch(r"[0-9a-f-]{36}-at", token)
    before = tenant.server.workspaces()
    (row,) = tenant.provider("GET", LIST, headers=bearer(token)).json()["data"]
    assert row["assessmentId"] == job["id"]
    assert tenant.server.workspaces() == before


def test_a_token_is_shown_once_and_kept_nowhere(tenant: Tenant) -> None:
    made = tenant.provider("POST", GENERATE, json={}).json()["data"]
    listed = tenant.provider("GET", TOKENS)
    assert [one["id"] for one in listed.json()["data"]] == [made["id"]]
    assert "accessToken" not in listed.json()["data"][0]
    for text in (listed.text, json.dumps(tenant.journal())):
        assert made["accessToken"] not in text


def test_a_token_expires_on_the_timeline(tenant: Tenant) -> None:
    asked = {"note": "for a week", "expiration": "2026-01-08T00:00:00Z"}
    made = tenant.provider("POST", GENERATE, json=asked).json()["data"]
    assert (made["expiration"], made["status"]) == ("2026-01-08T00:00:00.000Z", "ACTIVE")
    token = bearer(made["accessToken"])
    tenant.control("POST", "/clock/advance", json={"by": "167h"})
    assert tenant.provider("GET", LIST, headers=token).status_code == 200
    tenant.control("POST", "/clock/advance", json={"by": "1h"})
    answer = tenant.provider("GET", LIST, headers=token)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"message": "the access token has expired", "code": "unauthorized"}
    }
    (row,) = tenant.provider("GET", TOKENS).json()["data"]
    assert row["status"] == "EXPIRED"


@pytest.mark.parametrize(
    ("query", "notes"),
    [
        ({}, ["two", "one"]),
        ({"q": "ON"}, ["one"]),
        ({"status": "ACTIVE"}, ["one"]),
        ({"status": "EXPIRED"}, ["two"]),
        ({"createdBy": "nobody"}, []),
    ],
)
def test_tokens_are_filtered(tenant: Tenant, query: dict[str, str], notes: list[str]) -> None:
    tenant.provider("POST", GENERATE, json={"note": "one"})
    asked = {"note": "two", "expiration": "2026-01-01T00:00:01Z"}
    tenant.provider("POST", GENERATE, json=asked)
    tenant.control("POST", "/clock/advance", json={"by": "1s"})
    rows = tenant.provider("GET", TOKENS, params=query).json()["data"]
    assert [row["note"] for row in rows] == notes
    by = tenant.provider("GET", TOKENS).json()["data"][0]["createdBy"]
    assert len(tenant.provider("GET", TOKENS, params={"createdBy": by}).json()["data"]) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"expiration": "2025-12-31T00:00:00Z"},
            (
                "expires at 2025-12-31T00:00:00.000Z; expected a time after "
                "2026-01-01T00:00:00.000Z (at $.expiration)"
            ),
        ),
        (
            {"expiration": "2150-01-01T00:00:00Z"},
            (
                "out of range: '2150-01-01T00:00:00+00:00'; expected a year from 2002 to 2099 "
                "(at $.expiration)"
            ),
        ),
        ({"note": "x" * 10_001}, "10001 characters; the longest is 10000 (at $.note)"),
    ],
)
def test_a_token_that_cannot_be(tenant: Tenant, body: dict[str, Any], message: str) -> None:
    before = tenant.journal()
    answer = tenant.provider("POST", GENERATE, json=body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    assert tenant.journal() == before


def test_strict_tokens_know_those_that_were_generated(open_server: OpenServer) -> None:
    with open_server(is_strict=True) as strict:
        tenant = strict.tenant("acme")
        token = tenant.provider("POST", GENERATE, json={}).json()["data"]["accessToken"]
        assert tenant.provider("GET", LIST, headers=bearer(token)).status_code == 200
        tenant.control("POST", "/reset")
        assert tenant.provider("GET", LIST, headers=bearer(token)).status_code == 401


# --- the team -------------------------------------------------------------------------------


def test_the_team_begins_with_its_owner(tenant: Tenant) -> None:
    (owner,) = tenant.provider("GET", TEAM).json()["data"]
    assert (owner["role"], owner["userStatus"], owner["isSuperAdmin"]) == ("OWNER", "ACTIVE", True)
    assert owner["email"].endswith("@example.com")
    assert owner["inviteLink"] is None
    tenant.assessment()
    (row,) = tenant.provider("GET", LIST).json()["data"]
    assert row["createdBy"] == f"{owner['firstName']} {owner['lastName']}"
    assert row["userId"] == owner["userId"]


def test_an_invited_member_is_listed(tenant: Tenant) -> None:
    members = [
        {"email": f"{name}@example.com", "role": role, "userRoleId": f"role-{role}"}
        for name, role in (("ada", "ADMIN"), ("bob", "RECRUITER"))
    ]
    answer = tenant.provider("POST", INVITE, json={"members": members})
    assert answer.status_code == 201
    invited = answer.json()["data"]
    assert [one["userStatus"] for one in invited] == ["INVITED", "INVITED"]
    assert tenant.provider("GET", TEAM).json()["data"][1:] == invited

    def emails(**query: Any) -> list[str]:
        rows = tenant.provider("GET", TEAM, params=query).json()["data"]
        return [row["email"].split("@")[0] for row in rows]

    assert emails(userStatus="INVITED") == ["ada", "bob"]
    assert emails(userRole="ADMIN") == ["ada"]
    assert emails(userRoleId="role-RECRUITER") == ["bob"]
    assert emails(query="BOB") == ["bob"]
    assert emails(colName="email", inOrder="desc", limit=1) != ["ada"]
    assert emails(skip=1, limit=1) == ["ada"]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"email": "nobody"}, 400, "not an e-mail address: 'nobody'; expected one like"),
        ({"role": ""}, 400, "empty; expected some text (at $.members[1].role)"),
        ({"userRoleId": " "}, 400, "empty; expected some text (at $.members[1].userRoleId)"),
        ({"email": "ADA@example.com"}, 409, "'ADA@example.com' is already in the team"),
    ],
)
def test_one_invalid_member_refuses_the_whole_call(
    tenant: Tenant, change: dict[str, str], status: int, message: str
) -> None:
    one = {"email": "ada@example.com", "role": "ADMIN", "userRoleId": "x"}
    before = tenant.journal()
    answer = tenant.provider(
        "POST", INVITE, json={"members": [one, one | {"email": "b@example.com"} | change]}
    )
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(message)
    assert tenant.journal() == before


# --- login ----------------------------------------------------------------------------------


def sent_code(tenant: Tenant) -> str:
    *_, entry = [one for one in tenant.journal() if one["kind"] == "login.code_sent"]
    code: str = entry["data"]["code"]
    return code


def begin(tenant: Tenant, email: str, domain: str) -> None:
    body = {"provider": "email", "email": email, "action": "login", "language": "en",
            "domainName": domain}  # fmt: skip
    answer = tenant.server.client.post(f"{LOGIN}/otp", json=body)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("form", ["{name}", "{name}.testlify.com", "https://{name}.testlify.com/"])
def test_a_login_by_a_code_ends_with_an_access_token(tenant: Tenant, form: str) -> None:
    email = f"me-{tenant.name}@example.com"
    begin(tenant, email, form.format(name=tenant.name))
    code = sent_code(tenant)
    assert re.fullmatch(r"[0-9]{6}", code)
    client = tenant.server.client
    asked = {"provider": "email", "email": email.upper(), "otp": code}
    answer = client.post(f"{LOGIN}/otp/verify", json=asked)
    assert answer.status_code == 200
    key = answer.json()["accessKey"]
    assert re.fullmatch(r"[0-9a-f-]{36}-ak", key)
    answer = client.post(
        f"{LOGIN}/login", json={"provider": "email", "email": email, "accesskey": key}
    )
    assert answer.status_code == 200
    token = bearer(answer.json()["data"]["accessToken"])
    assert tenant.provider("GET", TOKENS, headers=token).json()["data"][0]["note"] == (
        f"Login of {email}"
    )
    assert client.post(f"{LOGIN}/otp/verify", json=asked).status_code == 401  # used


def test_the_name_of_the_organisation_is_a_domain_too(open_server: OpenServer) -> None:
    with open_server() as server:
        tenant = server.tenant("acme")
        name = tenant.control("GET").json()["organisation"]["name"]
        begin(tenant, "me@example.com", f"{name}.testlify.com")
        assert sent_code(tenant)
        assert server.workspaces() == ["acme"]


def test_a_wrong_or_old_code_and_a_wrong_key_are_refused(tenant: Tenant) -> None:
    email = f"late-{tenant.name}@example.com"
    client = tenant.server.client

    def verify(code: str) -> tuple[int, str]:
        answer = client.post(f"{LOGIN}/otp/verify", json={"email": email, "otp": code})
        return answer.status_code, answer.json()["error"]["message"]

    assert verify("000000") == (401, "no login was started for this address")
    begin(tenant, email, tenant.name)
    code = sent_code(tenant)
    wrong = "a wrong or expired code"
    assert verify("nonsense") == (401, wrong)
    body = {"email": email, "accesskey": ""}
    answer = client.post(f"{LOGIN}/login", json=body)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "not the access key of a login"
    tenant.control("POST", "/clock/advance", json={"by": "10m"})
    assert verify(code) == (401, wrong)


def test_a_login_without_a_domain_is_that_of_the_default_workspace(
    open_server: OpenServer,
) -> None:
    with open_server() as server:
        default = server.tenant("default")
        begin(default, "me@example.com", "")
        assert sent_code(default)
        begin(default, "me@example.com", "fresh")
        assert "fresh" in server.workspaces()


# --- registration ---------------------------------------------------------------------------

CUSTOMER = {
    "provider": "email", "workspaceName": "Acme Inc.", "email": "boss@example.com",
    "terms": True, "promotion": False,
}  # fmt: skip


def test_a_registration_opens_a_workspace_of_that_name(server: Server, tenant: Tenant) -> None:
    body = CUSTOMER | {"workspaceUrl": f"{tenant.name}-shop"}
    headers = {"X-Api-Key": "key"}
    answer = server.client.post("/v1/reseller/register", json=body, headers=headers)
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert made["workspaceUrl"] == f"https://{tenant.name}-shop.testlify.com"
    team = server.client.get(TEAM, headers=bearer(f"{tenant.name}-shop")).json()["data"]
    assert [one["role"] for one in team] == ["OWNER", "OWNER"]
    assert team[1]["email"] == "boss@example.com"
    assert team[0]["userId"] == made["userId"]
    again = server.client.post("/v1/reseller/register", json=body, headers=headers)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("change", "headers", "status", "message"),
    [
        ({}, {}, 401, "no API key; expected the header 'X-Api-Key'"),
        ({"terms": False}, {"X-Api-Key": "k"}, 400, "the terms have to be accepted (at $.terms)"),
        ({"workspaceUrl": "a b"}, {"X-Api-Key": "k"}, 400, "not a workspace URL: 'a b'; expected"),
        ({"workspaceName": ""}, {"X-Api-Key": "k"}, 400, "expected 'str' of length >= 1"),
        ({"email": "a@b"}, {"X-Api-Key": "k"}, 400, "expected 'str' of length >= 5"),
        ({"promotion": None}, {"X-Api-Key": "k"}, 400, "expected 'bool', got 'null'"),
    ],
)
def test_a_registration_that_cannot_be(
    server: Server, change: dict[str, Any], headers: dict[str, str], status: int, message: str
) -> None:
    before = server.workspaces()
    body = CUSTOMER | {"workspaceUrl": "never-opened"} | change
    answer = server.client.post("/v1/reseller/register", json=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(message)
    assert server.workspaces() == before
