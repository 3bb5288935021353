"""The real process is killed under load, again and again: nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import sqlite3
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from emulator.cli.main import main
from emulator.journal.journal_file import read_entries
from emulator.receiver import Receiver
from emulator.workspace import fold
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

pytestmark = pytest.mark.slow

KILLS = 25
CLIENTS = 3
TOKEN = {"Authorization": "Bearer default"}
WORKSPACE = "/_emulator/workspaces/default"


def test_a_killed_process_keeps_all_acknowledged_messages(tmp_path: Path) -> None:
    """Kill it at 25 random moments under load; each restart goes on from the same file."""
    file = tmp_path / "journal.db"
    draw = random.Random(7)
    acknowledged: list[str] = []
    with _receiving() as receiver:
        job = _first_run(file, receiver.url)
        for kill in range(KILLS):
            with _serving(file) as (process, url):
                _load_and_kill(process, url, job, kill, acknowledged, draw.uniform(0.02, 0.25))
            _check_file(file)
        with (
            _serving(file) as (process, url),
            plain_http.Client(base_url=url, timeout=60) as client,
        ):
            assert client.post(f"{WORKSPACE}/settle", json={"timeout": "30s"}).status_code == 200
            candidates = _all(client, "candidates")
            deliveries = _all(client, "deliveries")
            process.terminate()
            process.join(30)
            assert process.exitcode == 0
        received = {request.payload["data"]["email"] for request in receiver.requests}
    emails = {candidate["email"] for candidate in candidates}
    assert len(acknowledged) >= KILLS
    assert set(acknowledged) <= emails
    assert {delivery["payload"]["data"]["email"] for delivery in deliveries} == emails
    assert {delivery["status"] for delivery in deliveries} == {"succeeded"}
    assert emails <= received
    state = _folded(file)
    assert [candidate.email for candidate in state.candidates.values()] == [
        candidate["email"] for candidate in candidates
    ]
    assert [delivery.id for delivery in state.deliveries.values()] == [
        delivery["id"] for delivery in deliveries
    ]


def _first_run(file: Path, receiver_url: str) -> str:
    with _serving(file) as (process, url), plain_http.Client(base_url=url) as client:
        registration = {"name": "x", "payloadUrl": receiver_url, "events": ["candidate.invited"]}
        client.post("/v1/webhook", json=registration, headers=TOKEN).raise_for_status()
        job: str = client.post(f"{WORKSPACE}/assessments", json={}).json()["id"]
        process.kill()
        process.join(30)
    return job


def _load_and_kill(
    process: ForkServerProcess,
    url: str,
    job: str,
    kill: int,
    acknowledged: list[str],
    after: float,
) -> None:
    """Invite from several clients at once, and kill the process *after* seconds of it."""
    is_loaded = threading.Event()

    def invite(client_number: int) -> None:
        with plain_http.Client(base_url=url, timeout=10) as client:
            for number in range(10_000):
                email = f"kill{kill}-client{client_number}-{number}@example.com"
                body = {"assessmentId": job, "email": email}
                try:
                    answer = client.post(f"{WORKSPACE}/candidates", json=body)
                except httpx2.HTTPError:
                    return
                if answer.status_code == 201:
                    acknowledged.append(email)
                    is_loaded.set()

    clients = [threading.Thread(target=invite, args=(number,)) for number in range(CLIENTS)]
    killer = threading.Timer(after, process.kill)
    for one in clients:
        one.start()
    assert is_loaded.wait(60)
    killer.start()
    for one in [*clients, killer]:
        one.join(60)
    process.join(30)


def _check_file(file: Path) -> None:
    """Whole, no entry torn, no gap in the numbers."""
    database = sqlite3.connect(file)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        database.close()
    numbers = [entry.number for entry in read_entries(file, _KINDS, "default")]
    assert numbers == list(range(1, len(numbers) + 1))


_KINDS = {kind: type_ for kind, (type_, _) in fold.KINDS.items()}


def _folded(file: Path) -> Any:
    entries = read_entries(file, _KINDS, "default")
    state = fold.opened(next(entries))
    for entry in entries:
        fold.apply(state, entry)
    return state


def _all(client: httpx2.Client, what: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(f"{WORKSPACE}/{what}", params={"skip": len(found)}).json()
        found += page["data"]
        if len(found) == page["total"]:
            return found


# Each process is forked from a server that has the modules: 27 starts cost the imports once.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "emulator.cli.serve_verb",
        "emulator.server.app",
        "emulator.server.routes",
        "emulator.journal.sqlite",
        "faker.providers.person.en_US",
        "jsonschema_rs",
        "uvloop",
    ]
)


@contextmanager
def _serving(file: Path) -> Iterator[tuple[ForkServerProcess, str]]:
    arguments = ["serve", "--port", "0", "--journal", str(file), "--seed", "7"]
    reading, writing = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_serve, args=(arguments, writing))
    process.start()
    writing.close()
    try:
        with open(reading.fileno(), closefd=False) as out:
            yield process, json.loads(out.readline())["url"]
    finally:
        process.kill()
        process.join(30)
        reading.close()


def _serve(arguments: list[str], out: Connection) -> None:
    sys.stdout = os.fdopen(os.dup(out.fileno()), "w")
    main(arguments)


@contextmanager
def _receiving() -> Iterator[Receiver]:
    """A receiver on a loop in a thread of its own."""
    receiver, ready = Receiver(), threading.Event()
    stop: list[Any] = []

    async def work() -> None:
        async with receiver:
            stopped = asyncio.Event()
            loop = asyncio.get_running_loop()
            stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield receiver
    finally:
        stop[0]()
        thread.join(10)
