"""Shared fixtures: a scripted transport, workspaces on it, verbs."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

import hypothesis
import pytest

from emulator.cli.main import main
from emulator.contracts.validation import Contracts
from emulator.delivery.records import Outcome
from emulator.journal.journal import Journal
from emulator.journal.store import MemoryStore
from emulator.workspace.engine import Engine
from emulator.workspace.entry_data import KEEP, Settings
from emulator.workspace.fold import TYPES
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.clock import Mode
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Request

# Without limits of time, which a machine under load exceeds; quick is for scripts/test --quick.
UNTIMED = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("full", UNTIMED)
hypothesis.settings.register_profile("quick", UNTIMED, max_examples=20)
hypothesis.settings.load_profile("full")

# Here, because tests of several folders import them.
pytest.register_assert_rewrite("tests.consumers.asking", "tests.consumers.probes")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Spare the garbage collector what stays until the end: thousands of collected tests."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are cores, since many tests wait for other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each process begin with its share of the slow files, so that none of them runs last.

    ``--dist worksteal`` gives each process an equal part of the items, in their order.
    """
    processes: int = getattr(config, "workerinput", {}).get("workercount", 1)
    slow: list[list[pytest.Item]] = []
    quick: list[pytest.Item] = []
    for _, group in itertools.groupby(items, key=lambda item: item.path):
        file = list(group)
        if any(item.get_closest_marker("slow") for item in file):
            slow.append(file)
        else:
            quick += file
    shares = [list(itertools.chain(*slow[place::processes])) for place in range(processes)]
    for share in shares:
        missing = max(len(items) // processes - len(share), 0)
        share.extend(quick[:missing])
        del quick[:missing]
    items[:] = [*itertools.chain(*shares), *quick]


DEADLINE = 10.0  # real seconds; nothing here waits for more than the loop


class Scripted:
    """A transport without a socket: records each request, and answers as scripted.

    Attributes:
        requests: all that came, in order.
        statuses: URL -> what to answer, one after the other, the last one from then on;
            200 for any other URL.
        outcomes: URL -> an outcome in place of an answer.
        gates: URL -> what a request there waits for before it is answered.
        under_way: URLs of the requests that have not been answered yet.
        most: how many were ever under way at once.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.statuses: dict[str, list[int]] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.under_way: list[str] = []
        self.most = 0
        self._news = asyncio.Event()

    def send(self, request: Request) -> asyncio.Future[Outcome]:
        return asyncio.ensure_future(self._send(request))

    async def _send(self, request: Request) -> Outcome:
        self.requests.append(request)
        self.under_way.append(request.url)
        self.most = max(self.most, len(self.under_way))
        self._news.set()
        try:
            gate = self.gates.get(request.url)
            if gate is not None:
                await gate.wait()
            if request.url in self.outcomes:
                return self.outcomes[request.url]
            left = self.statuses.get(request.url, [200])
            return Outcome("answered", left.pop(0) if len(left) > 1 else left[0])
        finally:
            self.under_way.remove(request.url)

    async def close(self) -> None:
        """Nothing is open."""

    async def arrived(self, count: int) -> None:
        """Return once *count* requests came."""
        async with asyncio.timeout(DEADLINE):
            while len(self.requests) < count:
                self._news.clear()
                await self._news.wait()

    def urls(self) -> list[str]:
        return [request.url for request in self.requests]


class DurableStore(MemoryStore):
    """Outlives its workspace, as a file does: a shutdown drops nothing."""

    is_durable = True


class MakeJournal(Protocol):
    """Makes a journal in memory; a durable one outlives its workspace, as a file does."""

    def __call__(self, *, is_durable: bool = False) -> Journal: ...


class MakeWorkspace(Protocol):
    """Opens a workspace, with a journal of its own unless one is given."""

    def __call__(
        self,
        transport: Scripted | None = None,
        *,
        seed: int = 1,
        clock: Mode = "virtual",
        profile: Profile | None = None,
        contracts: Contracts | None = None,
        journal: Journal | None = None,
        in_flight: int = 64,
        per_webhook: int = 16,
        keep: int = KEEP,
    ) -> Workspace: ...


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    """The bundled schemas, compiled once."""
    return Contracts()


@pytest.fixture
def transport() -> Scripted:
    return Scripted()


@pytest.fixture(scope="session")
def make_transport() -> Callable[[], Scripted]:
    return Scripted


@pytest.fixture(scope="session")
def make_journal() -> MakeJournal:
    """Make a journal in memory."""

    def make(*, is_durable: bool = False) -> Journal:
        store = DurableStore if is_durable else MemoryStore
        return Journal(store(TYPES))

    return make


@pytest.fixture(scope="session")
def make_workspace(contracts: Contracts, make_journal: MakeJournal) -> MakeWorkspace:
    bundled = contracts

    def make(
        transport: Scripted | None = None,
        *,
        seed: int = 1,
        clock: Mode = "virtual",
        profile: Profile | None = None,
        contracts: Contracts | None = None,
        journal: Journal | None = None,
        in_flight: int = 64,
        per_webhook: int = 16,
        keep: int = KEEP,
    ) -> Workspace:
        engine = Engine(
            "acme",
            journal=journal or make_journal(),
            contracts=contracts or bundled,
            transport=transport or Scripted(),
            settings=Settings(seed, clock=clock, profile=profile, keep=keep),
            in_flight=in_flight,
            per_webhook=per_webhook,
        )
        return Workspace(engine)

    return make


class Ran(NamedTuple):
    """What came of a call: exit code, stdout, stderr."""

    code: object
    out: str
    err: str


class Cli(Protocol):
    """Runs the command line in this process."""

    def __call__(self, *arguments: str) -> Ran: ...


@pytest.fixture
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("TESTLIFY_EMULATOR_", "GITHUB_")) or name in (
            "PORT",
            "NO_COLOR",
            "CONSUMER_URL",
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], no_settings_of_this_machine: None) -> Cli:  # noqa: ARG001
    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        captured = capsys.readouterr()
        return Ran(caught.value.code, captured.out, captured.err)

    return run
