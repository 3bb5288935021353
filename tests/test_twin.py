from __future__ import annotations

import inspect
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from emulator.emulator import Emulator
from emulator.errors import InvalidInputError, NotFoundError, StoppingError, UnknownNameError
from emulator.twin import (
    EmulatorOptions,
    RunningAccess,
    RunningEmulator,
    RunningWorkspace,
    running,
)
from emulator.workspace.access import Access
from emulator.workspace.entry_data import Settings
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOT_FOR_CALLERS = {
    "engine", "is_closed",  # what an emulator does with a workspace
    "state",  # read it on the loop's thread, with `read`
    "out_of_lockstep",  # what a scenario does with it
    "by_pages", "reply_to",  # what the server does
    "waiting",  # how many wait, for tests
    "start", "stop", "drain", "unless_stopping", "is_stopping",  # what the thread does with that
}  # fmt: skip


class Consumer:
    """An ASGI application that answers 200 and notes payloads, and the threads it ran in."""

    def __init__(self) -> None:
        self.payloads: list[Any] = []
        self.threads: set[str] = set()

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        self.payloads.append(json.loads((await receive())["body"]))
        self.threads.add(threading.current_thread().name)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    with running(seed=7, clock="virtual", in_flight=1) as one:
        yield one


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "testlify-emulator"]


def call(url: str, token: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


# --- the same calls -------------------------------------------------------------------------


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("kind", "twin"),
    [(Workspace, RunningWorkspace), (Emulator, RunningEmulator), (Access, RunningAccess)],
)
def test_the_twin_has_every_call(kind: type, twin: type) -> None:
    assert public(kind) - NOT_FOR_CALLERS <= public(twin)


def test_tokens_and_the_team_are_plain_calls(emulator: RunningEmulator) -> None:
    access = emulator.workspace("access").access
    record, token = access.generate_token(note="CI")
    assert emulator.by_token(token).name == "access"
    assert record.note == "CI"
    login = access.send_code("ada@example.com")
    key = access.verify_code("ada@example.com", login.code)
    assert access.log_in("ada@example.com", key)[1] != token


@pytest.mark.parametrize("name", sorted(public(Workspace) - NOT_FOR_CALLERS))
def test_each_call_takes_the_same_and_waits(name: str) -> None:
    theirs, ours = getattr(Workspace, name), getattr(RunningWorkspace, name)
    assert not inspect.iscoroutinefunction(ours)
    if not isinstance(theirs, property) and name != "entries":
        assert inspect.signature(ours) == inspect.signature(theirs)
        assert ours.__doc__ == theirs.__doc__


def test_it_takes_the_options_of_an_emulator() -> None:
    parameters = list(inspect.signature(Emulator).parameters)
    assert list(EmulatorOptions.__annotations__) == parameters


# --- at work --------------------------------------------------------------------------------


def test_payloads_follow_the_variants_that_it_runs_with() -> None:
    with running(seed=7, clock="virtual", observed=["skills"]) as one:
        workspace, consumer = one.workspace(), Consumer()
        workspace.add_webhook(name="ats", payload_url=consumer, events=["candidate.completed"])
        ada = workspace.invite(workspace.create_assessment().id)
        workspace.enroll(ada.id)
        workspace.start(ada.id)
        workspace.complete(ada.id)
        workspace.settle()
        assert "skills" in workspace.sample_of("candidate.completed")["data"]["testLibrary"][0]
    (payload,) = consumer.payloads
    assert all(test["skills"] for test in payload["data"]["testLibrary"])


def test_a_variant_that_there_is_not_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="near: 'skills'"), running(observed=["skils"]):
        pass


def test_a_lifecycle_is_plain_calls(emulator: RunningEmulator) -> None:
    workspace, consumer = emulator.workspace("lifecycle"), Consumer()
    webhook = workspace.add_webhook(
        name="ats",
        payload_url=consumer,
        events=["candidate.completed", "candidate.invitation_expired"],
    )
    assert webhook.payload_url == "asgi://ats/"
    job = workspace.create_assessment(title="Cook")
    ada = workspace.invite(job.id, email="ada@example.com")
    bob = workspace.invite(job.id, email="bob@example.com")
    workspace.enroll(ada.id)
    workspace.start(ada.id)
    assert workspace.complete(ada.id, score=14, of=32).state == "COMPLETED"
    assert workspace.settle()
    [delivery] = workspace.deliveries(event="candidate.completed")
    assert repr(delivery) == "<Delivery 1-1 candidate.completed succeeded: 200>"
    before = workspace.now()
    entries = workspace.advance(31 * 86_400)
    assert workspace.now() - before == timedelta(days=31)
    assert entries[-1] == workspace.entries()[-1]
    assert entries[-1].number == workspace.last_entry
    assert [payload["data"]["email"] for payload in consumer.payloads] == [ada.email, bob.email]
    assert workspace.read(lambda one: one.state.candidate(bob.id).state) == "INVITATION_EXPIRED"
    assert workspace.redeliver(delivery.id).attempts[1].trigger == "manual"
    assert consumer.threads == {"testlify-emulator"}


def test_its_server_serves_the_same_workspaces(emulator: RunningEmulator) -> None:
    workspace = emulator.workspace("served")
    assert (workspace.url, workspace.token) == (emulator.url, "served")
    assert repr(workspace) == f"<RunningWorkspace served of {emulator.url}>"
    registration = {"name": "ats", "payloadUrl": "http://127.0.0.1:9/", "events": ["invited"]}
    made = call(f"{emulator.url}/v1/webhook", workspace.token, registration)["data"]
    assert workspace.read(lambda one: list(one.state.webhooks)) == [made["id"]]
    job = workspace.create_assessment(title="Cook")
    listed = call(f"{emulator.url}/_emulator/workspaces/served/assessments", workspace.token)
    assert [one["id"] for one in listed["data"]] == [job.id]


def test_its_own_token_names_the_default_workspace(emulator: RunningEmulator) -> None:
    assert emulator.by_token(emulator.token).name == "default"
    assert emulator.existing("default").name == "default"
    assert repr(emulator) == f"<RunningEmulator {emulator.url}>"


def test_a_workspace_is_opened_with_its_settings_and_removed(emulator: RunningEmulator) -> None:
    workspace = emulator.workspace("brief", Settings(99), in_flight=3)
    assert workspace.read(lambda one: one.state.settings.seed) == 99
    assert "brief" in emulator.workspaces
    emulator.remove("brief")
    assert "brief" not in emulator.workspaces
    assert emulator.settings_of("brief").seed == Emulator(seed=7).settings_of("brief").seed
    assert emulator.settings.seed == 7
    assert emulator.refusal("http://127.0.0.1/") is None


# --- errors ---------------------------------------------------------------------------------


def test_a_wrong_call_is_raised_at_its_line(emulator: RunningEmulator) -> None:
    with pytest.raises(NotFoundError, match=r"^no candidate 'nobody'; none exists yet$"):
        emulator.workspace("empty").enroll("nobody")
    with pytest.raises(ZeroDivisionError):
        emulator.read(lambda _: 1 // 0)


def test_a_call_from_its_own_loop_is_refused(emulator: RunningEmulator) -> None:
    """It would wait for itself."""
    workspace = emulator.workspace("selfish")

    async def consumer(*_: Any) -> None:
        workspace.settle()

    workspace.add_webhook(name="ats", payload_url=consumer, events=["invited"])
    workspace.invite(workspace.create_assessment().id)
    workspace.settle()
    [delivery] = workspace.deliveries()
    outcome = delivery.attempts[0].outcome
    assert outcome is not None
    assert outcome.detail == (
        "ConflictError: a plain call on the emulator's own loop would wait for itself"
    )


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "emulator.example.com", ""])
def test_it_stays_on_loopback(host: str) -> None:
    with pytest.raises(InvalidInputError) as caught, running(host=host):
        pass
    assert str(caught.value) == (
        f"can't run on {host!r}: running() listens on loopback only; for other addresses use "
        "'serve --host', which requires a control token"
    )


def test_an_error_at_the_start_is_raised_and_leaves_nothing() -> None:
    before = threads()
    with pytest.raises(InvalidInputError, match="can't trust the CA file"), running(ca=missing()):
        pass
    with running(host="localhost") as one:
        port = int(one.url.rpartition(":")[2])
        with pytest.raises(InvalidInputError, match="can't listen on"), running(port=port):
            pass
    assert threads() == before


def missing() -> Path:
    from pathlib import Path

    return Path("no-such-file.pem")


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), SystemExit(3)])
def test_the_end_stops_everything_also_after_an_error(error: BaseException) -> None:
    before = threads()

    def body() -> None:
        with running(seed=7) as one:
            opened.append((one, one.workspace()))
            raise error

    opened: list[tuple[RunningEmulator, RunningWorkspace]] = []
    with pytest.raises(type(error)) as caught:
        body()
    assert caught.value is error
    [(one, workspace)] = opened
    assert threads() == before
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(one.url)
    with pytest.raises(StoppingError):
        workspace.settle()
    with pytest.raises(StoppingError):
        workspace.create_assessment()


def test_a_call_that_waits_in_another_thread_ends_at_the_stop() -> None:
    with ThreadPoolExecutor(1) as pool:
        with running(clock="virtual") as one:
            workspace = one.workspace()
            waiting = pool.submit(workspace.wait, within=60)
            # The wait is on its way to the loop before this is.
            workspace.read(lambda _: None)
        with pytest.raises(StoppingError):
            waiting.result(timeout=60)


INTERRUPTED = """
import asyncio, contextlib, os, signal, threading
from emulator import running
from emulator.event_loops import hosted

async def consumer(scope, receive, send):
    os.kill(os.getpid(), signal.SIGINT)

@contextlib.asynccontextmanager
async def endless():
    yield
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.Event().wait()

def waits():
    with running(seed=7) as emulator:
        workspace = emulator.workspace()
        workspace.add_webhook(name="ats", payload_url=consumer, events=["invited"])
        workspace.invite(workspace.create_assessment().id)
        workspace.settle()
        workspace.wait(within=60, count=9)

def stops():
    with hosted(endless()):
        pass

try:
    {doing}()
except KeyboardInterrupt:
    print(len(threading.enumerate()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("doing", ["waits", "stops"])
def test_ctrl_c_leaves_no_thread(doing: str) -> None:
    code = INTERRUPTED.format(doing=doing)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)
