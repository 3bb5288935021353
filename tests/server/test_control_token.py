"""With a control token, every call of the control API has to bring it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from emulator.errors import InvalidInputError
from emulator.server.control import routes
from emulator.server.request_guard import ControlToken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.conftest import OpenServer, Server

TOKEN = "correct-horse/battery+staple=="
OPEN = ("/_emulator/livez", "/_emulator/readyz")
CALLS = [
    (method, route.path)
    for route in routes.ROUTES
    for method in sorted(route.methods or ())
    if route.path not in OPEN
]


@pytest.fixture(scope="module")
def guarded(open_server: OpenServer) -> Iterator[Server]:
    with open_server(control_token=TOKEN) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    ("given", "detail"),
    [
        (None, "no control token"),
        ("Bearer", "no control token"),
        ("Basic", "no control token"),
        ("Bearer default", "not the control token"),
        (f"Bearer {TOKEN}x", "not the control token"),
        (f"Bearer {TOKEN[:-1]}", "not the control token"),
        (f"Bearer {TOKEN.upper()}", "not the control token"),
        (f"Basic {TOKEN}", "not the control token"),
        ("Bearer \xe4", "not the control token"),
    ],
)
def test_every_call_is_refused_without_the_token(
    guarded: Server, method: str, path: str, given: str | None, detail: str
) -> None:
    path = path.replace("{workspace}", "acme").replace("{id}", "1").replace("{command}", "x")
    headers = {} if given is None else {"Authorization": given.encode("latin-1")}
    answer = guarded.client.request(method, path, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        assert answer.json() == {
            "type": "about:blank",
            "title": "Unauthorized",
            "status": 401,
            "detail": f"{detail}; expected the header 'Authorization: Bearer TOKEN'",
            "code": "unauthorized",
        }
    assert "acme" not in guarded.emulator.workspaces


@pytest.mark.parametrize("path", ["/_emulator", "/_emulator/", "/_emulator/livez/", "/_emulatorx"])
def test_a_path_that_does_not_exist_is_no_way_round(guarded: Server, path: str) -> None:
    assert guarded.client.get(path).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_with_the_token_it_is_as_ever(guarded: Server, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    answer = guarded.client.put("/_emulator/workspaces/mine", headers=headers, json={"seed": 3})
    assert answer.status_code in (200, 201)
    assert answer.json()["seed"] == 3


@pytest.mark.parametrize("path", OPEN)
def test_health_needs_none(guarded: Server, path: str) -> None:
    assert guarded.client.get(path).status_code == 200


def test_the_provider_s_api_keeps_its_own_tokens(guarded: Server) -> None:
    answer = guarded.client.get("/v1/webhook", headers={"Authorization": "Bearer theirs"})
    assert (answer.status_code, answer.json()) == (200, {"data": []})
    assert guarded.client.get("/v1/webhook").status_code == 401


def test_it_is_shown_nowhere(
    guarded: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for given in (headers, {"Authorization": f"Bearer {TOKEN}x"}):
        guarded.client.get("/_emulator/workspaces", headers=given)
        guarded.client.post("/_emulator/workspaces", headers=given)
        guarded.client.get("/_emulator/nowhere", headers=given)
    outputs = [caplog.text, *capfd.readouterr(), repr(ControlToken(TOKEN))]
    outputs += [repr(one) for one in guarded.app.user_middleware]
    outputs += [answer.decode("latin-1") for answer in guarded.answers]
    assert any("TokenGuard" in output for output in outputs)
    assert [output for output in outputs if TOKEN in output] == []


@pytest.mark.parametrize("token", ["", "two words", "tab\t", "line\n", "ümlaut", "x" * 1001])
def test_a_token_that_is_no_header_value_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ControlToken(token)
    expected = "can't use the control token; expected 1 to 1000 visible ASCII characters"
    assert str(caught.value) == expected
