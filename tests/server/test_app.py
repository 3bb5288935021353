"""Tests of all calls: bugs, invalid bodies, the replay, consumers that hang."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx2
import pytest
from starlette.exceptions import HTTPException
from starlette.routing import Route

from emulator import data
from emulator.emulator import Emulator
from emulator.server.app import application

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message

    from tests.server.conftest import OpenServer, Server, Tenant

DEADLINE = 10.0  # real seconds


async def _teapot(_: Request) -> Response:
    raise HTTPException(418, "short and stout")


async def _bug(_: Request) -> Response:
    message = "sesame: a detail for us alone"
    raise ZeroDivisionError(message)


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        (
            "/v1/bug",
            "application/json",
            {
                "error": {
                    "message": "a bug of the emulator; its log has the details",
                    "code": "internal_error",
                }
            },
        ),
        (
            "/_emulator/bug",
            "application/problem+json",
            {
                "type": "about:blank",
                "title": "Internal Server Error",
                "status": 500,
                "detail": "a bug of the emulator; its log has the details",
                "code": "internal_error",
            },
        ),
    ],
)
def test_a_bug_is_logged_and_hidden_from_the_caller(
    caplog: pytest.LogCaptureFixture, path: str, media_type: str, body: object
) -> None:
    answer = asyncio.run(call(path, _bug))
    assert (answer.status_code, answer.json()) == (500, body)
    assert answer.headers["content-type"] == media_type
    (record,) = [one for one in caplog.records if one.name == "emulator.server"]
    assert record.getMessage() == f"a bug in GET {path}"
    assert "sesame" in caplog.text


async def call(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> httpx2.Response:
    """Call one more handler of the application."""
    async with Emulator() as emulator:
        app = application(emulator)
        app.router.routes.append(Route(path, endpoint))
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path)


def test_errors_of_the_framework_have_the_form_of_the_api() -> None:
    answer = asyncio.run(call("/v1/teapot", _teapot))
    expected = {"error": {"message": "short and stout", "code": "im_a_teapot"}}
    assert (answer.status_code, answer.json()) == (418, expected)


def test_the_guard_passes_the_lifespan_of_a_server() -> None:
    said: list[str] = []

    async def main() -> None:
        events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> Message:
            return next(events)

        async def send(message: Message) -> None:
            said.append(message["type"])

        async with Emulator() as emulator:
            await application(emulator)({"type": "lifespan", "path": ""}, receive, send)

    asyncio.run(main())
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("form", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_a_client_that_hangs_up_is_no_bug(
    open_server: OpenServer, caplog: pytest.LogCaptureFixture, form: bytes
) -> None:
    with open_server() as server:
        host, port = server.url.removeprefix("http://").split(":")
        tenant = server.tenant("acme")
        before = tenant.journal()
        with socket.create_connection((host, int(port))) as client:
            client.sendall(
                b"POST /_emulator/workspaces/acme/assessments HTTP/1.1\r\n"
                b"Host: localhost\r\nExpect: 100-continue\r\n" + form + b"\r\n\r\n"
            )
            # The server asks for the body once it reads it: now the call is in its hands.
            assert client.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        assert tenant.journal() == before
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_nothing_but_livez_is_served_until_the_journal_is_replayed(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"

    async def calls() -> list[httpx2.Response]:
        async with Emulator(journal=file) as earlier:
            earlier.workspace("acme").create_assessment(title="Cook")
        emulator = Emulator(journal=file)
        transport = httpx2.ASGITransport(application(emulator))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answers = [
                await client.get("/_emulator/livez"),
                await client.get("/_emulator/readyz"),
                await client.put("/_emulator/workspaces/livez"),
                await client.get("/v1/webhook", headers={"Authorization": "Bearer acme"}),
                await client.get("/v1/webhook/livez", headers={"Authorization": "Bearer acme"}),
            ]
            await emulator.start()
            answers.append(await client.get("/_emulator/readyz"))
            answers.append(await client.get("/_emulator/workspaces"))
        await emulator.stop()
        return answers

    livez, readyz, put, listed, read, ready, workspaces = asyncio.run(calls())
    message = "the journal is being replayed; wait for /_emulator/readyz"
    assert livez.status_code == 200
    for answer in (readyz, put):
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()) == (
            503,
            {
                "type": "about:blank",
                "title": "Service Unavailable",
                "status": 503,
                "detail": message,
                "code": "not_ready",
            },
        )
    for answer in (listed, read):
        assert (answer.status_code, answer.json()) == (
            503,
            {"error": {"message": message, "code": "not_ready"}},
        )
    assert ready.status_code == 200
    assert [(one["name"], one["assessments"]) for one in workspaces.json()["data"]] == [("acme", 1)]


@pytest.fixture
def hanging_url() -> Iterator[str]:
    """A consumer that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"


def test_calls_are_answered_while_a_consumer_hangs(
    server: Server, make_tenant: Callable[..., Tenant], hanging_url: str
) -> None:
    """Neither the API nor another webhook of the same workspace waits for it."""
    tenant = make_tenant(profile={"timeouts": {"total": "60s", "firstByte": "60s"}})
    receiver = server.receiver()
    hanging = tenant.webhook(hanging_url, ["invited", "enrolled"])
    tenant.webhook(receiver.url, ["invited", "enrolled"])
    began = time.monotonic()
    for _ in range(30):
        candidate = tenant.candidate()
        assert tenant.move(candidate, "enroll").status_code == 200
        assert tenant.provider("GET", "/v1/webhook").status_code == 200
    while len(receiver.requests) < 60 and time.monotonic() < began + DEADLINE:
        assert tenant.control("GET", "/clock").status_code == 200
    assert len(receiver.requests) == 60
    pending = tenant.control("GET", "/deliveries?status=pending").json()["data"]
    while len(pending) > 60:  # the last answer may have come this very moment
        pending = tenant.control("GET", "/deliveries?status=pending").json()["data"]
    assert {one["webhookId"] for one in pending} == {hanging["id"]}
    assert len(pending) == 60
    tenant.control("DELETE")


def test_calls_are_served_at_the_same_time(tenant: Tenant, hanging_url: str) -> None:
    """A test event waits for its consumer; others are answered meanwhile."""
    tenant.control("PUT", json={"profile": {"timeouts": {"total": "60s", "firstByte": "60s"}}})
    hanging = tenant.webhook(hanging_url)
    answers: list[httpx2.Response] = []

    def test_event() -> None:
        answers.append(tenant.provider("POST", f"/v1/webhook/{hanging['id']}/test"))

    thread = threading.Thread(target=test_event)
    thread.start()
    while "attempt.started" not in [one["kind"] for one in tenant.journal()]:
        assert thread.is_alive()
    assert tenant.provider("GET", "/v1/webhook").json()["data"] == [hanging]
    assert answers == []
    tenant.provider("DELETE", f"/v1/webhook/{hanging['id']}")
    thread.join(DEADLINE)
    (answer,) = answers
    view = answer.json()["data"]
    assert (answer.status_code, view["status"], view["reason"]) == (
        200,
        "dropped",
        "webhook removed",
    )


def test_a_refused_payload_is_in_the_answer_and_not_sent(
    open_server: OpenServer, tmp_path: Path
) -> None:
    strict = json.loads((data.schemas() / "v1/candidate.invited.json").read_bytes())
    strict["required"] = [*strict["required"], "neverThere"]
    strict["properties"]["neverThere"] = {"type": "string"}
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/candidate.invited.json").write_text(json.dumps(strict))
    with open_server(overlay=tmp_path) as server:
        tenant = server.tenant("acme")
        receiver = server.receiver()
        webhook = tenant.webhook(receiver.url, ["candidate.invited", "candidate.status_changed"])
        candidate = tenant.candidate()
        assert [one["event"] for one in candidate["messages"]] == ["candidate.status_changed"]
        (refused,) = candidate["refused"]
        assert refused == {
            "event": "candidate.invited",
            "generation": "v1",
            "subjectId": candidate["id"],
            "violations": refused["violations"],
        }
        (violation,) = refused["violations"]
        assert violation == "$: lacks the key 'neverThere'"
        tenant.settle()
        assert [request.payload["event"] for request in receiver.requests] == [
            "candidateStatusChanged"
        ]
        entries = [one["data"] for one in tenant.journal() if one["kind"] == "message.refused"]
        assert [entry["violations"] for entry in entries] == [refused["violations"]]
        answer = tenant.provider(
            "POST", f"/v1/webhook/{webhook['id']}/test", json={"event": "invited"}
        )
        message = f"the sample of candidate.invited does not fit its schema: {violation}"
        expected = {"error": {"message": message, "code": "conflict"}}
        assert (answer.status_code, answer.json()) == (409, expected)
        assert len(receiver.requests) == 1
