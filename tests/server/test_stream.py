"""The journal as server-sent events, over a real socket."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from emulator.emulator import Emulator
from emulator.server.control.stream import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.server.conftest import OpenServer, Server, Tenant

DEADLINE = 20.0


class Event(NamedTuple):
    id: int
    kind: str
    data: dict[str, Any]


@contextmanager
def stream(tenant: Tenant, query: str = "", **headers: str) -> Iterator[Iterator[Event]]:
    path = f"{tenant.path}/journal/stream{query}"
    with tenant.server.client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[Event]:
    for line in lines:
        if line.startswith(":"):
            assert next(lines) == ""
            continue
        number, kind, data, end = line, next(lines), next(lines), next(lines)
        assert number.startswith("id: ")
        assert kind.startswith("event: ")
        assert data.startswith("data: ")
        assert end == ""
        yield Event(int(number[4:]), kind[7:], json.loads(data[6:]))


@pytest.fixture
def streaming(open_server: OpenServer) -> Iterator[Server]:
    """A server whose client keeps no answers, so that it does not read streams to their end."""
    with open_server() as server:
        server.client.event_hooks = {}
        yield server


@pytest.fixture
def acme(streaming: Server) -> Tenant:
    return streaming.tenant("acme")


def test_old_entries_are_first_and_new_entries_follow(acme: Tenant) -> None:
    job = acme.assessment()
    before = acme.journal()
    with stream(acme) as received:
        assert [next(received).data for _ in before] == before
        acme.invite(job)
        event = next(received)
        assert (event.id, event.kind) == (event.data["number"], event.data["kind"])
        assert event.id == len(before) + 1
        rest = acme.journal()[len(before) :]
        assert [event.data, *(next(received).data for _ in rest[1:])] == rest


def test_it_goes_on_after_a_number(acme: Tenant) -> None:
    for _ in range(3):
        acme.assessment()
    assert _first(acme, "?after=2") == 3
    assert _first(acme, **{"Last-Event-ID": "3"}) == 4
    assert _first(acme, "?after=1", **{"Last-Event-ID": "3"}) == 4


def _first(tenant: Tenant, query: str = "", **headers: str) -> int:
    with stream(tenant, query, **headers) as received:
        return next(received).id


def test_a_number_beyond_the_journal_starts_from_the_beginning(acme: Tenant) -> None:
    assert _first(acme, "?after=100") == 1
    assert _first(acme, **{"Last-Event-ID": "100"}) == 1


def test_a_long_journal_is_complete(acme: Tenant) -> None:
    for _ in range(450):
        acme.server.on_loop(_make(acme))
    with stream(acme) as received:
        assert [next(received).id for _ in range(451)] == list(range(1, 452))


async def _make(tenant: Tenant) -> None:
    tenant.server.emulator.existing(tenant.name).create_assessment(title="Cook")


def test_secrets_are_redacted(acme: Tenant) -> None:
    body = {
        "name": "ats",
        "payloadUrl": "http://127.0.0.1:9/",
        "events": ["invited"],
        "headers": {"X-Token": "sesame-open"},
        "secret": "sesame-close",
    }
    with stream(acme, "?after=1") as received:
        assert acme.provider("POST", "/v1/webhook", json=body).status_code == 201
        event = next(received)
        assert event.kind == "webhook.added"
        assert "sesame" not in json.dumps(event.data)


def test_it_ends_when_the_workspace_is_removed(acme: Tenant) -> None:
    with stream(acme) as received:
        assert next(received).kind == "workspace.opened"
        assert acme.control("DELETE").status_code == 204
        acme.server.tenant("acme").assessment()
        assert list(received) == []


def test_a_reset_is_an_entry_like_others(acme: Tenant) -> None:
    with stream(acme) as received:
        assert next(received).kind == "workspace.opened"
        acme.control("POST", "/reset")
        assert next(received).kind == "workspace.reset"


def test_it_ends_when_the_emulator_stops(acme: Tenant) -> None:
    with stream(acme) as received:
        assert next(received).kind == "workspace.opened"
        acme.server.on_loop(acme.server.emulator.drain())
        assert list(received) == []


def test_many_can_listen_and_leave(acme: Tenant) -> None:
    journal = acme.server.emulator.journal
    for _ in range(5):
        with stream(acme) as one, stream(acme) as two:
            assert next(one) == next(two)
    acme.server.on_loop(_until(lambda: journal.waiting(acme.name) == 0))


async def _until(is_met: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not is_met():  # noqa: ASYNC110 - nothing tells when a client left
            await asyncio.sleep(0)


def test_silence_is_broken_by_a_comment() -> None:
    async def main() -> None:
        async with Emulator(seed=7) as emulator:
            workspace = emulator.workspace()
            received = events(emulator, workspace, 1, ping=0.01)
            assert [await anext(received), await anext(received)] == [b": ping\n\n", b": ping\n\n"]
            workspace.create_assessment()
            while (event := await anext(received)) == b": ping\n\n":
                pass
            assert event.startswith(b"id: 2\nevent: assessment.created\ndata: {")
            await emulator.remove("default")
            assert [request async for request in received if request != b": ping\n\n"] == []

    asyncio.run(main())


def test_a_head_request_does_not_wait_for_the_end(acme: Tenant) -> None:
    answer = acme.control("HEAD", "/journal/stream")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "headers", "message"),
    [
        ("?after=x", {}, "after is 'x'; expected 'int'"),
        ("", {"Last-Event-ID": "-1"}, "Last-Event-ID is '-1'; expected a whole number from 0"),
        ("?since=1", {}, "unknown parameter 'since'; known: after"),
    ],
)
def test_an_invalid_start_is_refused(
    tenant: Tenant, query: str, headers: dict[str, str], message: str
) -> None:
    answer = tenant.control("GET", f"/journal/stream{query}", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (400, message)


def test_a_workspace_that_is_not_open_is_404(server: Server) -> None:
    answer = server.client.get("/_emulator/workspaces/nowhere/journal/stream")
    assert answer.status_code == 404
