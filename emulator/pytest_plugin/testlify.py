"""The types of the fixture ``testlify``: a workspace with expectations, sync and async."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, Unpack

from emulator.emulator import Emulator
from emulator.pytest_plugin.expectations import Demands
from emulator.serving import listen, serving, url_of
from emulator.twin import RunningWorkspace
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from socket import socket
    from types import FrameType

    from emulator.delivery.records import Delivery
    from emulator.pytest_plugin.expectations import ExpectOptions
    from emulator.pytest_plugin.options import TestlifyOptions
    from emulator.twin import RunningEmulator

__tracebackhide__ = True  # pytest shows the line of the test

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound="AsyncTestlify")

SEED = 7
"""Seed of the emulators of the plugin; the seed of a workspace is derived from it and the name."""


class Testlify(RunningWorkspace):
    """The workspace of a synchronous test.

    Args:
        server: the emulator of the session.
        name: name of the workspace.
        options: options of the fixture.
    """

    __test__ = False  # pytest would collect it

    def __init__(self, server: RunningEmulator, name: str, options: TestlifyOptions) -> None:
        settings = options.settings(server.emulator, name)
        opened = server.workspace(name, settings, in_flight=options.in_flight)
        super().__init__(server.thread, opened.workspace, server.url)
        self._server = server
        self._options = options
        self._demands = Demands(opened.workspace, server.emulator)

    def expect(self, event: str, **demand: Unpack[ExpectOptions]) -> list[Delivery]:
        """Wait until deliveries are settled, and return the matching deliveries of this test.

        Args:
            event: an event type, by its id or its word in payloads.
            demand: further conditions; see `ExpectOptions`.

        Raises:
            AssertionError: too few or too many deliveries match; shows the nearest.
            InvalidInputError: an invalid demand.
        """
        found, complaint = self.thread.call(self._demands.expect(event, demand))
        if complaint:
            raise AssertionError(complaint)
        return found

    def left(self) -> str:
        """Return the violations of the options at the end of the test; empty if there are none."""
        return self.thread.call(self._demands.left(self._options))

    def close(self) -> None:
        """Remove the workspace; called by the plugin."""
        self._server.remove(self.name)


def _noted(
    method: Callable[Concatenate[_S, _P], Coroutine[Any, Any, _R]],
) -> Callable[Concatenate[_S, _P], Coroutine[Any, Any, _R]]:
    """Return *method* with its calls recorded, to find calls that were not awaited."""

    @functools.wraps(method)
    def call(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, _R]:
        coroutine = method(self, *args, **kwargs)
        place = _place(sys._getframe(1))  # noqa: SLF001 - documented; inspect reads source files
        self._calls = {**self._unfinished(), coroutine: f"{place}: {method.__name__}()"}
        return coroutine

    return call


def _place(frame: FrameType) -> str:
    """Return file and line in the form that terminals and editors turn into a link."""
    path, here = Path(frame.f_code.co_filename), Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{frame.f_lineno}"


class AsyncTestlify(Workspace):
    """The workspace of an async test, on the event loop of the test.

    An async call that is not awaited fails the test, because it has no effect.

    Args:
        name: name of the workspace.
        options: options of the fixture.
        overlay: as `Emulator` takes it.
    """

    __test__ = False

    def __init__(self, name: str, options: TestlifyOptions, overlay: Path | None = None) -> None:
        # Fixtures are created before the loop of the test runs, so nothing here may use a loop.
        self._emulator = Emulator(seed=SEED, clock="virtual", overlay=overlay)
        settings = options.settings(self._emulator, name)
        opened = self._emulator.workspace(name, settings, in_flight=options.in_flight)
        super().__init__(opened.engine)
        self._options = options
        self._demands = Demands(opened, self._emulator)
        self._calls: dict[Coroutine[Any, Any, Any], str] = {}
        self._url = ""
        self._is_over = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @property
    def token(self) -> str:
        """The access token of the workspace in the HTTP APIs."""
        return self.name

    @property
    def url(self) -> str:
        """The base URL of the HTTP APIs; the first access starts a server on the test's loop."""
        if self._serving is None:
            # Clients that connect before the server is ready wait in the queue of the socket.
            listening = listen("127.0.0.1", 0)
            self._url = url_of(listening)
            self._serving = asyncio.create_task(self._serve(listening))
        return self._url

    async def _serve(self, listening: socket) -> None:
        from emulator.server.app import application

        async with serving(application(self._emulator), listening):
            await self._is_over.wait()

    def __repr__(self) -> str:
        return f"<AsyncTestlify {self.name}>"

    @_noted
    async def expect(self, event: str, **demand: Unpack[ExpectOptions]) -> list[Delivery]:
        """Return the matching deliveries of this test; see `Testlify.expect`."""
        found, complaint = await self._demands.expect(event, demand)
        if complaint:
            raise AssertionError(complaint)
        return found

    send_test = _noted(Workspace.send_test)
    redeliver = _noted(Workspace.redeliver)
    wait = _noted(Workspace.wait)
    settle = _noted(Workspace.settle)
    flush = _noted(Workspace.flush)
    advance = _noted(Workspace.advance)
    advance_to_next = _noted(Workspace.advance_to_next)

    async def left(self) -> str:
        """Return the violations of the options at the end of the test; empty if there are none."""
        lines = [f"{call} was not awaited" for call in self._unfinished().values()]
        return "\n".join(lines) or await self._demands.left(self._options)

    def _unfinished(self) -> dict[Coroutine[Any, Any, Any], str]:
        return {
            coroutine: call
            for coroutine, call in self._calls.items()
            if inspect.getcoroutinestate(coroutine) != inspect.CORO_CLOSED
        }

    async def stop(self) -> None:
        """Stop the emulator while the loop of the test runs; called by the plugin."""
        for coroutine in self._unfinished():
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()  # otherwise Python warns later, during another test
        self._is_over.set()
        await self._emulator.stop(grace=0.0)
        if self._serving is not None:
            await self._serving
