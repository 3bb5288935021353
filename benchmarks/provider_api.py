"""Requests of the provider API, against a bare Starlette route that answers the same bytes.

Each server has a process of its own, and its processor time is measured: the client, and whatever
else the machine does, do not count.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.receivers import started
from benchmarks.rows import Row, ratio

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import aiohttp
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

INVITES = "/v1/assessment/candidate/invites"
PEOPLE = "/v1/candidate"
_CPU = "/cpu"
_CONNECTIONS = 8


def measure(*, rounds: int, requests: int, candidates: int) -> list[Row]:
    """Measure each call against the bare route, in turns.

    Args:
        rounds: pairs of turns.
        requests: of one turn.
        candidates: in the list.
    """
    return asyncio.run(_all(rounds, requests, candidates))


async def _all(rounds: int, requests: int, candidates: int) -> list[Row]:
    import aiohttp

    with (
        tempfile.TemporaryDirectory() as folder,
        _server("emulator") as memory,
        _server("emulator", str(Path(folder) / "journal")) as disk,
        _server("bare") as bare,
    ):
        async with aiohttp.ClientSession() as session:
            rows = []
            for people, target in ((1, "at least 0.35"), (25, "at least 0.15")):
                count = max(1, requests // people)
                for url, where in ((memory, ""), (disk, ", journal in SQLite")):
                    turns = [
                        await _invites(session, url, bare, count, people) for _ in range(rounds)
                    ]
                    what = f"POST {INVITES}, {people} in a call{where}"
                    rows.append(_row(what, turns, "" if where else target))
            turns = await _list(session, memory, bare, requests, candidates, rounds)
            what = f"GET {PEOPLE}?limit=50 of {candidates:,}"
            return [*rows, _row(what, turns, "at least 0.4")]


def _row(what: str, turns: Sequence[tuple[float, float]], target: str) -> Row:
    """Return the row of pairs of turns: the seconds of one request, ours and the bare route's."""
    ours, theirs = (min(times) * 1e6 for times in zip(*turns, strict=True))
    return Row(
        f"requests a second: {what}, against bare Starlette",
        ratio([bare / own for own, bare in turns]),
        target,
        f"{ours:.0f} against {theirs:.0f} us of processor time at best, {len(turns)} pairs",
    )


async def _invites(
    session: aiohttp.ClientSession, url: str, bare: str, count: int, people: int
) -> tuple[float, float]:
    """Invite other people in each call, in a workspace of its own."""
    tenant = f"tenant-{time.monotonic_ns()}"
    job = await _made(session, f"{url}/_emulator/workspaces/{tenant}/assessments", tenant)
    bodies = [_invitation(job["id"], number, people) for number in range(count + 1)]
    answer = await _answer(session, "POST", url + INVITES, tenant, bodies.pop())
    await _answer(session, "PUT", bare + INVITES, tenant, answer)
    ours = await _turn(session, "POST", url, INVITES, tenant, bodies)
    return ours, await _turn(session, "POST", bare, INVITES, tenant, bodies)


async def _list(
    session: aiohttp.ClientSession, url: str, bare: str, count: int, candidates: int, rounds: int
) -> list[tuple[float, float]]:
    job = await _made(session, f"{url}/_emulator/workspaces/list/assessments", "list")
    for number in range(max(1, candidates // 1_000)):
        body = _invitation(job["id"], number, min(1_000, candidates))
        await _answer(session, "POST", url + INVITES, "list", body)
    path = f"{PEOPLE}?limit=50"
    await _answer(
        session, "PUT", bare + PEOPLE, "", await _answer(session, "GET", url + path, "list")
    )
    turns = []
    for _ in range(rounds):
        ours = await _turn(session, "GET", url, path, "list", [b""] * count)
        turns.append((ours, await _turn(session, "GET", bare, path, "list", [b""] * count)))
    return turns


def _invitation(job: str, number: int, people: int) -> bytes:
    invited = [
        {"email": f"a{number}.{one}@example.com", "firstName": "Ada", "lastName": "Example"}
        for one in range(people)
    ]
    return msgspec.json.encode({"assessmentId": job, "candidateInvites": invited})


async def _made(session: aiohttp.ClientSession, url: str, tenant: str) -> Any:
    await _answer(session, "PUT", url.rpartition("/")[0], tenant, b"{}")
    return msgspec.json.decode(await _answer(session, "POST", url, tenant, b"{}"))


async def _answer(
    session: aiohttp.ClientSession, method: str, url: str, tenant: str, body: bytes = b""
) -> bytes:
    headers = {"Authorization": f"Bearer {tenant}"}
    async with session.request(method, url, data=body, headers=headers) as answer:
        found = await answer.read()
        assert answer.ok, found
        return found


async def _turn(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    path: str,
    tenant: str,
    bodies: Sequence[bytes],
) -> float:
    """Return the seconds of the server's processor that one request took."""

    async def call(first: int) -> None:
        for body in bodies[first::_CONNECTIONS]:
            await _answer(session, method, url + path, tenant, body)

    before = float(await _answer(session, "GET", url + _CPU, tenant))
    await asyncio.gather(*map(call, range(_CONNECTIONS)))
    return (float(await _answer(session, "GET", url + _CPU, tenant)) - before) / len(bodies)


def _server(*arguments: str) -> AbstractContextManager[str]:
    """Run a server, ``emulator`` with or without a journal, or ``bare``; yields its base URL."""
    return started("benchmarks.provider_api", *arguments)


class _Metered:
    """Middleware that answers `_CPU` with the processor time of this process, in seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != _CPU:
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(time.process_time()).encode()})


def _bare() -> ASGIApp:
    """Return an application that parses bodies, and answers what was put to the same path."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    from emulator.server.provider.invitations import Invite

    answers: dict[str, bytes] = {}
    parse = msgspec.json.Decoder(Invite).decode

    async def put(request: Request) -> Response:
        answers[request.url.path] = await request.body()
        return Response()

    async def invite(request: Request) -> Response:
        parse(await request.body())
        return Response(answers[INVITES], media_type="application/json")

    async def people(request: Request) -> Response:
        int(request.query_params["limit"])
        return Response(answers[PEOPLE], media_type="application/json")

    return Starlette(
        routes=[
            Route(INVITES, invite, methods=["POST"]),
            Route(PEOPLE, people, methods=["GET"]),
            Route(INVITES, put, methods=["PUT"]),
            Route(PEOPLE, put, methods=["PUT"]),
        ]
    )


async def _serve(kind: str, *journal: str) -> None:
    from emulator import Emulator
    from emulator.server.app import application
    from emulator.serving import listen, serving

    async with Emulator(seed=7, journal=journal[0] if journal else None) as emulator:
        app = _bare() if kind == "bare" else application(emulator)
        async with serving(_Metered(app), listen("127.0.0.1", 0)) as url:
            print(url, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(*sys.argv[1:]))
