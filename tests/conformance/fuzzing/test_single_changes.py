"""Payloads that are sent at once, and which of them is reported for a wrong answer."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from emulator.clock import EPOCH
from emulator.conformance.fuzzing.mutations import Mutation, mutations
from emulator.conformance.fuzzing.payloads import AT_ONCE, PayloadSender, bases
from emulator.conformance.fuzzing.single_changes import all_single, distinct
from emulator.conformance.session import Session
from emulator.conformance.target import Target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from emulator.conformance.fuzzing.payloads import RejectedPayload

EVENTS = ["candidate.invited", "candidate.enrolled", "candidate.completed", "candidate.rejected"]
BASES = bases(1, EPOCH, "v1", EVENTS)
WRONG = Mutation(("data", "firstName"), "text", "wrong")
FINE = Mutation(("data", "firstName"), "text", "fine")


class Picky:
    """An application that handles the requests that arrive at once together.

    Args:
        status: returns the status of the answer to a payload.

    Attributes:
        handled: the payloads of the requests under way, for each request.
    """

    def __init__(self, status: Callable[[Any, list[Any]], int]) -> None:
        self._status = status
        self._under_way: list[Any] = []
        self.handled: list[list[Any]] = []

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        payload = json.loads((await receive())["body"])
        self._under_way.append(payload)
        for _turn in range(20):  # of the event loop, in which the others arrive
            await asyncio.sleep(0)
        together = list(self._under_way)
        for _turn in range(20):
            await asyncio.sleep(0)
        self._under_way.remove(payload)
        self.handled.append(together)
        status = self._status(payload, together)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def sent(target: Target, use: Callable[[PayloadSender], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        emulator = target.emulator()
        async with emulator, Session(target, "payloads", emulator) as session:
            return await use(PayloadSender(session, emulator.contracts, "v1"))

    return asyncio.run(main())


def at_once(target: Target, *changes: Mutation) -> list[RejectedPayload | None]:
    """Send each change with another base, all at once."""
    some = [(base, (change,)) for base, change in zip(BASES, changes, strict=False)]

    async def use(sender: PayloadSender) -> Any:
        return await sender.sent_at_once(some)

    found: list[RejectedPayload | None] = sent(target, use)
    return found


def name_of(payload: Any) -> Any:
    return payload["data"]["firstName"]


def test_a_payload_that_fails_only_beside_a_wrong_payload_is_no_case() -> None:
    def status(_: Any, together: list[Any]) -> int:
        return 500 if "wrong" in map(name_of, together) else 200

    app = Picky(status)
    found = at_once(Target(app=app), FINE, WRONG, FINE, FINE)
    assert len(app.handled[0]) == AT_ONCE
    assert [one and one.changes for one in found] == [None, (WRONG,), None, None]
    assert [one.is_flaky for one in found if one] == [False]


def test_a_payload_that_fails_only_once_is_flaky() -> None:
    seen: list[Any] = []

    def status(payload: Any, _: list[Any]) -> int:
        seen.append(name_of(payload))
        return 500 if seen.count("wrong") == 1 and name_of(payload) == "wrong" else 200

    found = at_once(Target(app=Picky(status)), FINE, WRONG, FINE, FINE)
    assert [one and one.is_flaky for one in found] == [None, True, None, None]


async def stopping(use: Callable[[str], Awaitable[Any]]) -> Any:
    """Serve a consumer that stops while it handles `AT_ONCE` requests with one of the changes."""
    writers: list[asyncio.StreamWriter] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split()[0])
        body = await reader.readexactly(length)
        if b'"wrong"' in body or b'"fine"' in body:
            writers.append(writer)
            if len(writers) == AT_ONCE:
                server.close()
                for one in writers:
                    one.transport.abort()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        return await use(f"http://{host}:{port}/")
    finally:
        server.close()


def test_when_a_consumer_stops_all_payloads_that_it_received_last_are_reported() -> None:
    some = [(base, (FINE if base is BASES[0] else WRONG,)) for base in BASES[:AT_ONCE]]

    async def sent_to(url: str) -> Any:
        target = Target(url=url, timeout=5.0)
        emulator = target.emulator()
        async with emulator, Session(target, "payloads", emulator) as session:
            sender = PayloadSender(session, emulator.contracts, "v1")
            assert await sender.sent(BASES[0], (), BASES[0].payload) is None
            return await sender.sent_at_once(some), sender.is_gone

    cases, is_gone = asyncio.run(stopping(sent_to))
    assert is_gone
    assert [case.changes for case in cases] == [changes for _, changes in some]
    reached = " (one of 4 payloads that it received last)"
    assert all(case.problem.endswith(reached) for case in cases)


def test_every_kind_of_change_of_an_event_type_is_sent_and_null_for_each_status() -> None:
    every = bases(1, EPOCH, "v1")
    found = distinct(every)
    sent_kinds = {
        (one.event, change.path, change.operator) for one in every for change in found[one.name]
    }
    for one in every:
        for change in mutations(one.payload):
            assert (one.event, change.path, change.operator) in sent_kinds
            if change.operator in ("null", "remove"):
                assert change in found[one.name]
    statuses = [one for one in every if one.event == "candidate.status_changed"]
    (whole,) = [status for status in statuses if status.name.endswith("(COMPLETED)")]
    assert found[whole.name] == list(mutations(whole.payload))  # it has the most
    kinds = [
        (change.path, change.operator) for one in statuses for change in found[one.name]
        if change.operator not in ("null", "remove")
    ]  # fmt: skip
    assert len(kinds) == len(set(kinds))


def test_every_change_is_sent_once_and_never_two_of_one_candidate_at_once() -> None:
    app = Picky(lambda *_: 200)
    events = ["candidate.status_changed", "candidate.invited", "candidate.enrolled"]
    pairs = bases(1, EPOCH, "v1", events)[:4]  # two payloads of each candidate

    async def use(sender: PayloadSender) -> Any:
        return await all_single(sender, pairs, lambda _: None)

    assert sent(Target(app=app), use) == []
    assert len(app.handled) == len(pairs) + sum(map(len, distinct(pairs).values()))
    assert max(map(len, app.handled)) == 2
    known = {one.payload["data"]["candidateId"] for one in pairs}
    assert len(known) == 2
    for together in app.handled:
        data = [one.get("data") for one in together if isinstance(one, dict)]
        people = [one.get("candidateId") for one in data if isinstance(one, dict)]
        own = [person for person in people if isinstance(person, str) and person in known]
        assert len(own) == len(set(own))
