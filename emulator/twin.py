"""The sync twin: an emulator and its server in a thread, called without a loop of one's own.

Every call runs on the loop of that thread, so commands, views and deliveries never meet.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from concurrent.futures import CancelledError, Future
from ipaddress import ip_address
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    TypedDict,
    TypeVar,
    Unpack,
)  # fmt: skip

from emulator.emulator import DEFAULT_WORKSPACE, GRACE, Emulator
from emulator.errors import ConflictError, InvalidInputError, StoppingError
from emulator.loops import loop_factory
from emulator.server.app import application
from emulator.serving import listen, serving
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from pathlib import Path

    from emulator.clock import Mode
    from emulator.domain.events import Generation
    from emulator.journal.entry import Entry
    from emulator.workspace.records import Settings

_T = TypeVar("_T")
_R = TypeVar("_R")
_P = ParamSpec("_P")


class EmulatorOptions(TypedDict, total=False):
    """What `Emulator` takes, each as there."""

    seed: int | None
    clock: Mode
    now: datetime
    generation: Generation
    schemas: Path | None
    allow_hosts: tuple[str, ...]
    journal: Path | None
    in_flight: int
    is_strict: bool
    ca: Path | None
    is_insecure: bool
    keep: int


@contextlib.contextmanager
def running(
    *, host: str = "127.0.0.1", port: int = 0, **options: Unpack[EmulatorOptions]
) -> Iterator[RunningEmulator]:
    """Run an emulator and its HTTP server in a thread while the context is open.

    Args:
        host: a loopback address to listen on.
        port: 0 picks a free one.
        options: as `Emulator` takes them.

    Yields:
        The emulator, its calls all plain.

    Raises:
        InvalidInputError: one of the arguments is wrong, or nobody can listen there.
        Exception: at the end, the first bug that a delivery met; all is stopped all the same.
    """
    _check_loopback(host)
    with hosted(_served(host, port, options)) as (thread, (emulator, url)):
        yield RunningEmulator(thread, emulator, url)


@contextlib.asynccontextmanager
async def _served(
    host: str, port: int, options: EmulatorOptions
) -> AsyncIterator[tuple[Emulator, str]]:
    with listen(host, port) as listening:
        async with Emulator(**options) as emulator:
            emulator.workspace()  # its token is a known word, also when tokens are strict
            async with serving(application(emulator), listening) as url:
                yield emulator, url
                await emulator.drain()  # while the server still answers who asks


def _check_loopback(host: str) -> None:
    with contextlib.suppress(ValueError):
        if host == "localhost" or ip_address(host).is_loopback:
            return
    message = (
        f"can't run on {host!r}: running() stays on loopback; 'serve --host' goes beyond, "
        "behind a control token"
    )
    raise InvalidInputError(message)


@contextlib.contextmanager
def hosted(context: AbstractAsyncContextManager[_T]) -> Iterator[tuple[LoopThread[_T], _T]]:
    """Hold an async context open in a thread of its own.

    Yields:
        The thread, and what *context* gave.
    """
    thread = LoopThread(context)
    try:
        yield thread, thread.open()
    except BaseException as error:
        try:
            thread.close()
        except Exception as another:  # noqa: BLE001 - the first error is what went wrong
            error.add_note(f"and at the end: {type(another).__name__}: {another}")
        raise
    thread.close()


class LoopThread(Generic[_T]):
    """A thread with an event loop of its own, in which an async context is open.

    Args:
        context: opened and closed there.
    """

    def __init__(self, context: AbstractAsyncContextManager[_T]) -> None:
        self._context = context
        self._opened: Future[_T] = Future()
        self._failure: BaseException | None = None
        self._is_over = asyncio.Event()
        self._ended = threading.Event()
        self._task: asyncio.Task[Any] | None = None
        factory = loop_factory() or asyncio.new_event_loop
        self._loop = factory()
        # A daemon, so that an application that blocks it can't hold up the interpreter's end.
        self._thread = threading.Thread(
            target=self._main, name="testlify-emulator", daemon=True
        )  # fmt: skip

    def open(self) -> _T:
        """Start the thread, and return what the context gave, once it is open.

        Raises:
            Exception: what opening it raised.
        """
        self._thread.start()
        return self._opened.result()

    def close(self) -> None:
        """Close the context and end the thread; Ctrl-C meanwhile makes short work of it.

        Raises:
            Exception: what the end of the context raised.
        """
        if self._thread.ident is None:  # it never started
            self._loop.close()
            return
        self._tell(self._is_over.set)
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            if self._task is not None:
                self._tell(self._task.cancel)
            self._ended.wait(2 * GRACE)
            raise
        # Not before: a join that Ctrl-C interrupts takes the thread for ended (3.11).
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _tell(self, what: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(what)

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._hold())
        except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
            if self._opened.done():
                self._failure = error
            else:
                self._opened.set_exception(error)
        finally:
            self._ended.set()

    async def _hold(self) -> None:
        self._task = asyncio.current_task()
        async with self._context as value:
            self._opened.set_result(value)
            await self._is_over.wait()

    def call(self, work: Coroutine[Any, Any, _R]) -> _R:
        """Run *work* on the loop, and return what it returns.

        Raises:
            StoppingError: the thread ended, or ends meanwhile.
            ConflictError: called by what itself runs on that loop, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            work.close()
            message = "a plain call on the emulator's own loop would wait for itself"
            raise ConflictError(message)
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed
            work.close()
            raise StoppingError from None
        try:
            return future.result()
        except CancelledError:
            raise StoppingError from None
        except BaseException:
            future.cancel()  # Ctrl-C while we waited: nobody waits any more
            raise


def _plain(
    method: Callable[Concatenate[Workspace, _P], _R],
) -> Callable[Concatenate[RunningWorkspace, _P], _R]:
    """Return a method that calls *method*, a plain one, on the loop."""

    @functools.wraps(method)
    def call(twin: RunningWorkspace, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return twin.read(lambda workspace: method(workspace, *args, **kwargs))

    return call


def _awaited(
    method: Callable[Concatenate[Workspace, _P], Coroutine[Any, Any, _R]],
) -> Callable[Concatenate[RunningWorkspace, _P], _R]:
    """Return a plain method that awaits *method* on the loop."""

    @functools.wraps(method)
    def call(twin: RunningWorkspace, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return twin.thread.call(method(twin.workspace, *args, **kwargs))

    return call


class RunningWorkspace:
    """A workspace whose calls are all plain; they take and return what `Workspace`'s do.

    Args:
        thread: on whose loop it lives.
        workspace: itself; only that loop's thread may touch it.
        url: the base URL under which the HTTP APIs serve it.

    Attributes:
        url: as given.
    """

    def __init__(self, thread: LoopThread[Any], workspace: Workspace, url: str) -> None:
        self.thread = thread
        self.workspace = workspace
        self.url = url

    @property
    def name(self) -> str:
        """Its name."""
        return self.workspace.name

    @property
    def token(self) -> str:
        """The access token that names it in the HTTP APIs."""
        return self.workspace.name

    def __repr__(self) -> str:
        """Say which one it is."""
        return f"<{type(self).__name__} {self.name} of {self.url}>"

    def read(self, view: Callable[[Workspace], _R]) -> _R:
        """Return what *view* makes of the workspace, run on the loop's thread.

        ``workspace.read(lambda one: list(one.state.candidates.values()))``
        """

        async def work() -> _R:
            return view(self.workspace)

        return self.thread.call(work())

    @property
    def last_entry(self) -> int:
        """The number of the newest entry of the journal."""
        return self.read(lambda workspace: workspace.last_entry)

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the journal's entries whose number is above *after*."""
        return self.read(lambda workspace: list(workspace.entries(after)))

    add_webhook = _plain(Workspace.add_webhook)
    mount = _plain(Workspace.mount)
    configure_webhook = _plain(Workspace.configure_webhook)
    edit_webhook = _plain(Workspace.edit_webhook)
    rotate_secret = _plain(Workspace.rotate_secret)
    remove_webhook = _plain(Workspace.remove_webhook)
    send_test = _awaited(Workspace.send_test)
    send = _plain(Workspace.send)
    redeliver = _awaited(Workspace.redeliver)
    redeliver_failed = _plain(Workspace.redeliver_failed)

    create_assessment = _plain(Workspace.create_assessment)
    update_assessment = _plain(Workspace.update_assessment)
    publish = _plain(Workspace.publish)
    archive_assessment = _plain(Workspace.archive_assessment)
    unarchive_assessment = _plain(Workspace.unarchive_assessment)
    delete_assessment = _plain(Workspace.delete_assessment)
    move_assessment = _plain(Workspace.move_assessment)

    invite = _plain(Workspace.invite)
    enroll = _plain(Workspace.enroll)
    start = _plain(Workspace.start)
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
    advance = _awaited(Workspace.advance)
    advance_to_next = _awaited(Workspace.advance_to_next)

    configure = _plain(Workspace.configure)
    reset = _plain(Workspace.reset)


class RunningEmulator:
    """An emulator that runs in a thread, with its HTTP server.

    Args:
        thread: on whose loop it lives.
        emulator: itself; only that loop's thread may touch it.
        url: the base URL of its server.

    Attributes:
        url: as given.
        token: the access token of the workspace ``default``.
    """

    def __init__(self, thread: LoopThread[Any], emulator: Emulator, url: str) -> None:
        self.thread = thread
        self.emulator = emulator
        self.url = url
        self.token = DEFAULT_WORKSPACE

    def __repr__(self) -> str:
        """Say where it is."""
        return f"<RunningEmulator {self.url}>"

    def read(self, view: Callable[[Emulator], _R]) -> _R:
        """Return what *view* makes of the emulator, run on the loop's thread."""

        async def work() -> _R:
            return view(self.emulator)

        return self.thread.call(work())

    @property
    def settings(self) -> Settings:
        """Of new workspaces."""
        return self.emulator.settings

    def workspace(
        self,
        name: str = DEFAULT_WORKSPACE,
        settings: Settings | None = None,
        *,
        in_flight: int | None = None,
    ) -> RunningWorkspace:
        """Return the workspace called *name*, opened if need be, as `Emulator.workspace`."""
        return self._twin(self.read(lambda one: one.workspace(name, settings, in_flight=in_flight)))

    def existing(self, name: str) -> RunningWorkspace:
        """Return the open workspace called *name*, as `Emulator.existing`."""
        return self._twin(self.read(lambda one: one.existing(name)))

    def by_token(self, token: str) -> RunningWorkspace:
        """Return the workspace that an access token names, as `Emulator.by_token`."""
        return self._twin(self.read(lambda one: one.by_token(token)))

    @property
    def workspaces(self) -> dict[str, RunningWorkspace]:
        """The open workspaces, by name."""
        found = self.read(lambda one: one.workspaces)
        return {name: self._twin(workspace) for name, workspace in found.items()}

    def settings_of(self, name: str) -> Settings:
        """Return the settings of a new workspace that nobody set."""
        return self.emulator.settings_of(name)

    def refusal(self, url: str) -> str | None:
        """Return why deliveries to *url* will be refused, as `Emulator.refusal`."""
        return self.read(lambda one: one.refusal(url))

    def remove(self, name: str) -> None:
        """Close a workspace and forget all of it, as `Emulator.remove`."""
        self.thread.call(self.emulator.remove(name))

    def _twin(self, workspace: Workspace) -> RunningWorkspace:
        return RunningWorkspace(self.thread, workspace, self.url)
