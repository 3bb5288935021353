"""With a control token, the page asks for it once and keeps a cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.conftest import OpenServer, Server

TOKEN = "s3cret-of-tests"


@pytest.fixture(scope="module")
def guarded(open_server: OpenServer) -> Iterator[Server]:
    with open_server(control_token=TOKEN) as server:
        yield server


@pytest.fixture(autouse=True)
def without_cookies(guarded: Server) -> None:
    guarded.client.cookies.clear()


@pytest.mark.parametrize("path", ["/", "/ui", "/ui/default", "/ui/default/webhooks"])
def test_without_the_cookie_the_page_asks_for_the_token(guarded: Server, path: str) -> None:
    answer = guarded.client.get(path)
    assert answer.status_code == 401
    assert 'action="/ui/-/token"' in answer.text


def test_a_form_without_the_cookie_changes_nothing(guarded: Server) -> None:
    form = {"url": "http://127.0.0.1:9000", "name": "x", "events": "candidate.completed"}
    assert guarded.client.post("/ui/default/webhooks", data=form).status_code == 401
    assert guarded.client.post("/ui/-/token/../default/webhooks", data=form).status_code == 401


def test_another_token_is_refused(guarded: Server) -> None:
    answer = guarded.client.post("/ui/-/token", data={"token": "wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "Not the control token" in answer.text


def test_the_token_opens_the_page_that_was_asked_for(guarded: Server) -> None:
    guarded.emulator.workspace()
    form = {"token": TOKEN, "path": "/ui/default/webhooks"}
    answer = guarded.client.post("/ui/-/token", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/ui/default/webhooks"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert guarded.client.get("/ui/default/webhooks").status_code == 200


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/ui/-/token"])
def test_the_token_leads_to_no_other_place(guarded: Server, path: str) -> None:
    answer = guarded.client.post("/ui/-/token", data={"token": TOKEN, "path": path})
    assert answer.headers["location"] == "/"


def test_the_cookie_opens_the_page_and_not_the_control_api(guarded: Server) -> None:
    guarded.client.post("/ui/-/token", data={"token": TOKEN})
    assert guarded.client.get("/_emulator/workspaces").status_code == 401


def test_the_page_has_no_link_that_the_cookie_does_not_open(guarded: Server) -> None:
    guarded.emulator.workspace()
    guarded.client.post("/ui/-/token", data={"token": TOKEN})
    answer = guarded.client.get("/ui/default/journal")
    assert answer.status_code == 200
    assert "/_emulator/" not in answer.text


def test_static_files_need_no_token(guarded: Server) -> None:
    assert guarded.client.get("/static/page.css").status_code == 200
