"""No page of another site can call the server, under any host name."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from tests.server.conftest import OpenServer, Server

PROVIDER, CONTROL = "/v1/webhook", "/_emulator/workspaces"


def refusal(path: str, message: str) -> dict[str, Any]:
    if path == PROVIDER:
        return {"error": {"message": message, "code": "forbidden"}}
    return {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": message,
        "code": "forbidden",
    }


def get(server: Server, path: str, **headers: str) -> httpx2.Response:
    token = {"Authorization": "Bearer guarded"}
    return server.client.get(path, headers=token | headers)


@pytest.mark.parametrize("path", [PROVIDER, CONTROL])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4800",
        "127.8.9.1:1",
        "localhost",
        "LOCALHOST:4800",
        "acme.localhost:4800",
        "[::1]:4800",
    ],
)
def test_a_loopback_host_is_ours(server: Server, path: str, host: str) -> None:
    assert get(server, path, Host=host).status_code == 200


@pytest.mark.parametrize("path", [PROVIDER, CONTROL])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4800",
        "localhost.evil.example",
        "evillocalhost",
        "192.168.1.5:4800",
        "127.0.0.1@evil.example",
        "127.0.0.1.evil.example",
        "[::1",
        "",
    ],
)
def test_a_foreign_host_is_refused(server: Server, path: str, host: str) -> None:
    before = server.workspaces()
    answer = get(server, path, Host=host)
    message = f"the Host {host!r} is no name of this server; allow it with --hostname"
    assert (answer.status_code, answer.json()) == (403, refusal(path, message))
    assert server.workspaces() == before


def test_a_hostname_that_was_given_is_ours(open_server: OpenServer) -> None:
    with open_server(hostnames=["Emulator", "testlify.internal"]) as named:
        assert get(named, CONTROL, Host="emulator:4800").status_code == 200
        assert get(named, CONTROL, Host="TESTLIFY.internal").status_code == 200
        assert get(named, CONTROL, Host="sub.testlify.internal").status_code == 403
        assert get(named, CONTROL).status_code == 200


@pytest.fixture(scope="module")
def exposed(open_server: OpenServer) -> Iterator[Server]:
    with open_server(hostnames=["emulator"], is_exposed=True) as server:
        yield server


@pytest.mark.parametrize("path", [PROVIDER, CONTROL])
@pytest.mark.parametrize(
    "host",
    ["192.168.1.5:4800", "10.0.0.1", "93.184.216.34", "[fd00::5]:4800", "127.0.0.1", "emulator:1"],
)
def test_beyond_loopback_any_address_may_call_us(exposed: Server, path: str, host: str) -> None:
    assert get(exposed, path, Host=host).status_code == 200


@pytest.mark.parametrize("path", [PROVIDER, CONTROL])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4800",
        "192.168.1.5.evil.example",
        "192-168-1-5.evil.example",
        "192.168.1.5@evil.example",
        "192.168.1",
        "0x7f.1",
        "3232235781",
        "[fd00::5].evil.example",
        "fd00::5",
        "[emulator]",
        "",
    ],
)
def test_beyond_loopback_a_foreign_name_is_refused(exposed: Server, path: str, host: str) -> None:
    assert get(exposed, path, Host=host).status_code == 403


@pytest.mark.parametrize("path", [PROVIDER, CONTROL])
def test_beyond_loopback_a_page_of_another_port_or_address_is_refused(
    exposed: Server, path: str
) -> None:
    host = "192.168.1.5:4800"
    for origin in ("http://192.168.1.5:8080", "http://192.168.1.6:4800", "http://192.168.1.5"):
        assert get(exposed, path, Host=host, Origin=origin).status_code == 403
    assert get(exposed, path, Host=host, Origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize("path", [PROVIDER, CONTROL])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[",
        "null",
        "",
        "file://",
    ],
)
def test_a_page_of_another_origin_is_refused(server: Server, path: str, origin: str) -> None:
    before = server.workspaces()
    answer = get(server, path, Origin=origin)
    message = f"a page of {origin!r} may not call this API"
    assert (answer.status_code, answer.json()) == (403, refusal(path, message))
    assert server.workspaces() == before


@pytest.mark.parametrize("path", [PROVIDER, CONTROL])
def test_a_page_of_ours_may_call(server: Server, path: str) -> None:
    assert get(server, path, Origin=server.url).status_code == 200


def test_a_foreign_page_can_t_change_anything(server: Server) -> None:
    """Also not with a request that browsers send without a preflight: a plain POST."""
    tenant = server.tenant("attacked")
    before = tenant.journal()
    headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    for path in ("/assessments", "/reset", "/clock/advance"):
        answer = tenant.control("POST", path, content=b'{"by": "1h"}', headers=headers)
        assert answer.status_code == 403
    assert tenant.journal() == before


def test_no_foreign_page_can_read_an_answer(server: Server) -> None:
    answer = server.client.options(
        CONTROL, headers={"Origin": server.url, "Access-Control-Request-Method": "PUT"}
    )
    assert answer.status_code == 405
    assert [header for header in answer.headers if header.startswith("access-control")] == []


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "a cross-site page may not call this API"),
        ({"Sec-Fetch-Site": "same-site"}, "a same-site page may not call this API"),
        (
            {"Referer": "http://evil.example/page"},
            "a page of 'http://evil.example/page' may not call this API",
        ),
        ({"Referer": "nonsense"}, "a page of 'nonsense' may not call this API"),
    ],
)
@pytest.mark.parametrize("path", [PROVIDER, f"{CONTROL}/page/reset"])
def test_a_page_that_sends_no_origin_changes_nothing(
    server: Server, path: str, headers: dict[str, str], message: str
) -> None:
    server.tenant("page")
    token = {"Authorization": "Bearer page"}
    answer = server.client.post(path, headers=token | headers)
    assert (answer.status_code, answer.json()) == (403, refusal(path, message))
    # A link to our page is no harm, nor is our own page.
    assert get(server, CONTROL, **headers).status_code == 200
    ours = {"Sec-Fetch-Site": "same-origin", "Referer": f"{server.url}/"}
    assert server.client.post(f"{CONTROL}/page/reset", headers=ours).status_code == 200


def test_several_hosts_are_refused(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(
            b"GET /_emulator/workspaces HTTP/1.1\r\nHost: evil.example\r\n"
            b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )
        with wire.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"2 Host headers; expected one" in body
