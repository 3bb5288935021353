"""An emulator and its server in a thread, with synchronous calls.

All calls run on the event loop of this thread, so that they need no locks.
"""

from __future__ import annotations

import contextlib
import functools
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    ParamSpec,
    TypedDict,
    TypeVar,
    Unpack,
)  # fmt: skip

from emulator.delivery.transports.address_guard import is_loopback
from emulator.emulator import Emulator
from emulator.errors import InvalidInputError
from emulator.event_loops import hosted
from emulator.server.app import application
from emulator.serving import listen, serving
from emulator.workspace.access import Access
from emulator.workspace.names import DEFAULT_WORKSPACE
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Callable,
        Coroutine,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from datetime import datetime
    from pathlib import Path

    from emulator.clock import Mode
    from emulator.domain.events import Generation
    from emulator.event_loops import LoopThread
    from emulator.journal.entry import Entry
    from emulator.workspace.entry_data import Settings

__tracebackhide__ = True  # pytest shows the line that called, not how the call reached the loop

_R = TypeVar("_R")
_P = ParamSpec("_P")


class EmulatorOptions(TypedDict, total=False):
    """The arguments of `Emulator`."""

    seed: int | None
    clock: Mode
    now: datetime
    generation: Generation
    overlay: Path | None
    allow_hosts: tuple[str, ...]
    journal: Path | None
    in_flight: int
    is_strict: bool
    ca: Path | None
    is_insecure: bool
    keep: int
    observed: Iterable[str]
    event_names: Mapping[str, str]
    report_delay: float
    public_url: str


@contextlib.contextmanager
def running(
    *, host: str = "127.0.0.1", port: int = 0, **options: Unpack[EmulatorOptions]
) -> Iterator[RunningEmulator]:
    """Run an emulator and its HTTP server in a thread while the context is open.

    Args:
        host: a loopback address to listen on.
        port: the port; 0 picks a free port.
        options: arguments of `Emulator`.

    Yields:
        The emulator, whose calls are synchronous.

    Raises:
        InvalidInputError: an invalid argument, or the address is in use.
        Exception: at the end, the first bug that occurred in a delivery.
    """
    if not is_loopback(host):
        message = (
            f"can't run on {host!r}: running() listens on loopback only; for other addresses use "
            "'serve --host', which requires a control token"
        )
        raise InvalidInputError(message)
    with hosted(_served(host, port, options)) as (thread, (emulator, url)):
        yield RunningEmulator(thread, emulator, url)


@contextlib.asynccontextmanager
async def _served(
    host: str, port: int, options: EmulatorOptions
) -> AsyncIterator[tuple[Emulator, str]]:
    with listen(host, port) as listening:
        async with Emulator(**options) as emulator:
            emulator.workspace()  # so that its token is valid even if tokens are strict
            async with serving(application(emulator), listening) as url:
                yield emulator, url
                await emulator.drain()  # while the server still answers calls


def _plain(
    method: Callable[Concatenate[Workspace, _P], _R],
) -> Callable[Concatenate[RunningWorkspace, _P], _R]:
    """Return a method that calls *method* on the loop."""

    @functools.wraps(method)
    def call(twin: RunningWorkspace, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return twin.read(lambda workspace: method(workspace, *args, **kwargs))

    return call


def _awaited(
    method: Callable[Concatenate[Workspace, _P], Coroutine[Any, Any, _R]],
) -> Callable[Concatenate[RunningWorkspace, _P], _R]:
    """Return a synchronous method that awaits *method* on the loop."""

    @functools.wraps(method)
    def call(twin: RunningWorkspace, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return twin.thread.call(method(twin.workspace, *args, **kwargs))

    return call


@functools.wraps(Workspace.advance)
async def _advanced(workspace: Workspace, seconds: float) -> Sequence[Entry]:
    return list(await workspace.advance(seconds))  # they are read on the loop


def _accessing(
    method: Callable[Concatenate[Access, _P], _R],
) -> Callable[Concatenate[RunningAccess, _P], _R]:
    """Return a method that calls *method*, a plain one, on the loop."""

    @functools.wraps(method)
    def call(twin: RunningAccess, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return twin.workspace.read(lambda workspace: method(workspace.access, *args, **kwargs))

    return call


class RunningAccess:
    """The calls on access tokens, the team and logins of a running workspace.

    Args:
        workspace: whose they are.
    """

    def __init__(self, workspace: RunningWorkspace) -> None:
        self.workspace = workspace

    generate_token = _accessing(Access.generate_token)
    invite_members = _accessing(Access.invite_members)
    send_code = _accessing(Access.send_code)
    verify_code = _accessing(Access.verify_code)
    log_in = _accessing(Access.log_in)
    now = _accessing(Access.now)


class RunningWorkspace:
    """A workspace with the calls of `Workspace`, all of them synchronous.

    Args:
        thread: the thread of the emulator.
        workspace: the workspace, which only this thread may use.
        url: the base URL of the HTTP APIs.

    Attributes:
        url: the base URL of the HTTP APIs.
    """

    def __init__(self, thread: LoopThread[Any], workspace: Workspace, url: str) -> None:
        self.thread = thread
        self.workspace = workspace
        self.url = url

    @property
    def name(self) -> str:
        """The name of the workspace."""
        return self.workspace.name

    @property
    def token(self) -> str:
        """The access token of the workspace in the HTTP APIs."""
        return self.workspace.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} of {self.url}>"

    def read(self, view: Callable[[Workspace], _R]) -> _R:
        """Call *view* with the workspace on the loop, and return its result.

        ``twin.read(lambda workspace: list(workspace.state.candidates.values()))``
        """

        async def work() -> _R:
            return view(self.workspace)

        return self.thread.call(work())

    @property
    def access(self) -> RunningAccess:
        """The calls on access tokens, the team and logins."""
        return RunningAccess(self)

    @property
    def last_entry(self) -> int:
        """The number of the newest entry of the journal."""
        return self.read(lambda workspace: workspace.last_entry)

    @property
    def next_due(self) -> datetime | None:
        """When the next timer is due, in the workspace's time; None if no timer is set."""
        return self.read(lambda workspace: workspace.next_due)

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is under way and no attempt waits to start."""
        return self.read(lambda workspace: workspace.is_idle)

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the journal's entries whose number is above *after*."""
        return self.read(lambda workspace: list(workspace.entries(after)))

    add_webhook = _plain(Workspace.add_webhook)
    mount = _plain(Workspace.mount)
    configure_webhook = _plain(Workspace.configure_webhook)
    edit_webhook = _plain(Workspace.edit_webhook)
    rotate_secret = _plain(Workspace.rotate_secret)
    remove_webhook = _plain(Workspace.remove_webhook)
    sample_of = _plain(Workspace.sample_of)
    send_test = _awaited(Workspace.send_test)
    send = _plain(Workspace.send)
    redeliver = _awaited(Workspace.redeliver)
    redeliver_failed = _plain(Workspace.redeliver_failed)

    do = _plain(Workspace.do)
    preview = _plain(Workspace.preview)
    create_assessment = _plain(Workspace.create_assessment)
    update_assessment = _plain(Workspace.update_assessment)
    publish = _plain(Workspace.publish)
    archive_assessment = _plain(Workspace.archive_assessment)
    unarchive_assessment = _plain(Workspace.unarchive_assessment)
    delete_assessment = _plain(Workspace.delete_assessment)
    move_assessment = _plain(Workspace.move_assessment)

    invite = _plain(Workspace.invite)
    invite_all = _plain(Workspace.invite_all)
    send_invitation = _plain(Workspace.send_invitation)
    enroll = _plain(Workspace.enroll)
    start = _plain(Workspace.start)
    answer = _plain(Workspace.answer)
    leave_window = _plain(Workspace.leave_window)
    complete = _plain(Workspace.complete)
    disqualify = _plain(Workspace.disqualify)
    expire = _plain(Workspace.expire)
    reject = _plain(Workspace.reject)
    rescore = _plain(Workspace.rescore)
    move_candidate = _plain(Workspace.move_candidate)

    inject = _plain(Workspace.inject)
    faults = _plain(Workspace.faults)
    clear_fault = _plain(Workspace.clear_fault)
    clear_faults = _plain(Workspace.clear_faults)

    deliveries = _plain(Workspace.deliveries)
    wait = _awaited(Workspace.wait)
    settle = _awaited(Workspace.settle)
    flush = _awaited(Workspace.flush)

    now = _plain(Workspace.now)
    set_clock = _plain(Workspace.set_clock)
    advance = _awaited(_advanced)
    advance_to_next = _awaited(Workspace.advance_to_next)

    configure = _plain(Workspace.configure)
    reset = _plain(Workspace.reset)


class RunningEmulator:
    """An emulator that runs in a thread with its HTTP server.

    Args:
        thread: the thread.
        emulator: the emulator, which only this thread may use.
        url: the base URL of the server.

    Attributes:
        url: the base URL of the server.
        token: the access token of the workspace ``default``.
    """

    def __init__(self, thread: LoopThread[Any], emulator: Emulator, url: str) -> None:
        self.thread = thread
        self.emulator = emulator
        self.url = url
        self.token = DEFAULT_WORKSPACE

    def __repr__(self) -> str:
        return f"<RunningEmulator {self.url}>"

    def read(self, view: Callable[[Emulator], _R]) -> _R:
        """Call *view* with the emulator on the loop, and return its result."""

        async def work() -> _R:
            return view(self.emulator)

        return self.thread.call(work())

    @property
    def settings(self) -> Settings:
        """The default settings of new workspaces."""
        return self.emulator.settings

    def workspace(
        self,
        name: str = DEFAULT_WORKSPACE,
        settings: Settings | None = None,
        *,
        in_flight: int | None = None,
    ) -> RunningWorkspace:
        """Return the workspace called *name*; see `Emulator.workspace`."""
        return self._twin(self.read(lambda one: one.workspace(name, settings, in_flight=in_flight)))

    def existing(self, name: str) -> RunningWorkspace:
        """Return the open workspace called *name*; see `Emulator.existing`."""
        return self._twin(self.read(lambda one: one.existing(name)))

    def by_token(self, token: str) -> RunningWorkspace:
        """Return the workspace of an access token; see `Emulator.by_token`."""
        return self._twin(self.read(lambda one: one.by_token(token)))

    @property
    def workspaces(self) -> dict[str, RunningWorkspace]:
        """The open workspaces, by name."""
        found = self.read(lambda one: one.workspaces)
        return {name: self._twin(workspace) for name, workspace in found.items()}

    def settings_of(self, name: str) -> Settings:
        """Return the default settings of a new workspace; see `Emulator.settings_of`."""
        return self.emulator.settings_of(name)

    def refusal(self, url: str) -> str | None:
        """Return why deliveries to *url* will be refused; see `Emulator.refusal`."""
        return self.read(lambda one: one.refusal(url))

    def remove(self, name: str) -> None:
        """Close a workspace and delete its journal; see `Emulator.remove`."""
        self.thread.call(self.emulator.remove(name))

    def _twin(self, workspace: Workspace) -> RunningWorkspace:
        return RunningWorkspace(self.thread, workspace, self.url)
