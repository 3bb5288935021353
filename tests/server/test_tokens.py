"""The access token says whose data a call sees."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import OpenServer, Server, Tenant

LIST = "/v1/webhook"


def test_an_unknown_token_opens_a_workspace_of_that_name(server: Server) -> None:
    assert "fresh-token" not in server.workspaces()
    answer = server.client.get(LIST, headers={"Authorization": "Bearer fresh-token"})
    assert (answer.status_code, answer.json()) == (200, {"data": []})
    assert "fresh-token" in server.workspaces()


@pytest.mark.parametrize("token", ["eyJhbGciOi.J9/x+y==", "a b", "-x", "k" * 65, "k" * 1000])
def test_a_token_that_is_no_plain_word_opens_a_workspace_without_showing_itself(
    server: Server, token: str
) -> None:
    answer = server.client.get(LIST, headers={"Authorization": f"bearer  {token}"})
    name = f"token-{hashlib.sha256(token.encode()).hexdigest()[:16]}"
    assert answer.status_code == 200
    assert name in server.workspaces()
    assert token not in server.workspaces()


def test_two_tokens_see_nothing_of_each_other(server: Server) -> None:
    one, two = server.tenant("token-one"), server.tenant("token-two")
    made = one.webhook("https://example.com/hook")
    candidate = one.candidate()
    assert two.provider("GET", LIST).json() == {"data": []}
    assert two.provider("DELETE", f"{LIST}/{made['id']}").status_code == 404
    assert two.move(candidate, "enroll").status_code == 404
    assert two.control("GET", "/deliveries").json() == {"data": [], "total": 0}
    assert two.control("GET", "/candidates").json() == {"data": [], "total": 0}
    assert [one["kind"] for one in two.journal()] == ["workspace.opened"]
    assert one.provider("GET", LIST).json() == {"data": [made]}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "acme"},
        {"Authorization": f"Bearer {'k' * 1001}"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", LIST),
        ("GET", LIST),
        ("GET", f"{LIST}/{{id}}"),
        ("PUT", f"{LIST}/{{id}}"),
        ("PATCH", f"{LIST}/{{id}}"),
        ("DELETE", f"{LIST}/{{id}}"),
        ("POST", f"{LIST}/{{id}}/test"),
    ],
)
def test_a_call_without_a_token_is_refused(
    server: Server, registered: tuple[Tenant, str], method: str, path: str, headers: dict[str, str]
) -> None:
    tenant, id_ = registered
    before = (server.workspaces(), tenant.journal())
    answer = server.client.request(
        method, path.format(id=id_), headers=headers, json={"name": "new"}
    )
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {
            "message": "no access token; expected the header 'Authorization: Bearer TOKEN'",
            "code": "unauthorized",
        }
    }
    assert (server.workspaces(), tenant.journal()) == before


@pytest.fixture(scope="module")
def registered(server: Server) -> tuple[Tenant, str]:
    tenant = server.tenant("without-token")
    return tenant, tenant.webhook("https://example.com/hook")["id"]


def test_with_strict_tokens_only_open_workspaces_have_a_token(open_server: OpenServer) -> None:
    with open_server(is_strict=True) as strict:
        unknown = strict.client.get(LIST, headers={"Authorization": "Bearer acme"})
        assert unknown.status_code == 401
        assert unknown.json() == {
            "error": {
                "message": "unknown access token; the workspace has to be opened first",
                "code": "unauthorized",
            }
        }
        assert strict.workspaces() == []
        assert strict.tenant("acme").provider("GET", LIST).json() == {"data": []}
