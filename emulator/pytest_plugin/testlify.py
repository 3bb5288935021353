"""What the fixture ``testlify`` is: a workspace that also expects things, in two forms."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Unpack

from emulator.emulator import Emulator
from emulator.pytest_plugin.demands import Demands
from emulator.serving import listen, serving, url_of
from emulator.twin import RunningWorkspace

if TYPE_CHECKING:
    from socket import socket

    from emulator.delivery.records import Delivery
    from emulator.pytest_plugin.demands import Demand
    from emulator.pytest_plugin.options import TestlifyOptions
    from emulator.twin import RunningEmulator
    from emulator.workspace.workspace import Workspace as _Workspace
else:
    _Workspace = object

SEED = 7
"""Of the emulators that the plugin starts; a workspace's own follows from it and its name."""


class Testlify(RunningWorkspace):
    """A workspace for one test; every call is a plain one.

    Args:
        server: on whose loop the workspace lives.
        name: of the workspace.
        options: how it is set.
    """

    __test__ = False  # its name starts with Test, and it is none

    def __init__(self, server: RunningEmulator, name: str, options: TestlifyOptions) -> None:
        settings = options.settings(server.emulator, name)
        opened = server.workspace(name, settings, in_flight=options.in_flight)
        super().__init__(server.thread, opened.workspace, server.url)
        self._server = server
        self._options = options
        self._demands = Demands(opened.workspace, server.emulator)

    def expect(self, event: str, **demand: Unpack[Demand]) -> list[Delivery]:
        """Return the deliveries of this test that fit, settled first.

        Args:
            event: an event type, or a word of the wire.
            demand: what else, see `Demand`.

        Raises:
            AssertionError: too few or too many; tells the nearest.
            InvalidInputError: a demand that can't be understood.
        """
        __tracebackhide__ = True
        found, complaint = self.thread.call(self._demands.expect(event, demand))
        if complaint:
            raise AssertionError(complaint)
        return found

    def left(self) -> str:
        """Return what the options forbid the test to end with, empty when all is well."""
        return self.thread.call(self._demands.left(self._options))

    def close(self) -> None:
        """Forget the workspace; the plugin does it."""
        self._server.remove(self.name)


class AsyncTestlify(_Workspace):
    """A workspace for one async test, on the test's own loop: `Workspace`, and `expect`.

    Args:
        name: of the workspace.
        options: how it is set.
    """

    __test__ = False

    def __init__(self, name: str, options: TestlifyOptions) -> None:
        # Nothing here needs a loop yet: fixtures are made before the test's loop runs.
        self._emulator = Emulator(seed=SEED, clock="virtual")
        settings = options.settings(self._emulator, name)
        self._workspace = self._emulator.workspace(name, settings, in_flight=options.in_flight)
        self._options = options
        self._demands = Demands(self._workspace, self._emulator)
        self._url = ""
        self._is_over = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @property
    def token(self) -> str:
        """The access token that names it in the HTTP APIs."""
        return self._workspace.name

    @property
    def url(self) -> str:
        """The base URL of the HTTP APIs; served on the test's loop, from the first look on."""
        if self._serving is None:
            # Whoever connects before the server is up waits in the socket's queue.
            listening = listen("127.0.0.1", 0)
            self._url = url_of(listening)
            self._serving = asyncio.create_task(self._serve(listening))
        return self._url

    async def _serve(self, listening: socket) -> None:
        from emulator.server.app import application

        async with serving(application(self._emulator), listening):
            await self._is_over.wait()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            return getattr(self._workspace, name)

    def __repr__(self) -> str:
        """Say which one it is."""
        return f"<AsyncTestlify {self._workspace.name}>"

    async def expect(self, event: str, **demand: Unpack[Demand]) -> list[Delivery]:
        """Return the deliveries of this test that fit, settled first; see `Testlify.expect`."""
        __tracebackhide__ = True
        found, complaint = await self._demands.expect(event, demand)
        if complaint:
            raise AssertionError(complaint)
        return found

    async def left(self) -> str:
        """Return what the options forbid the test to end with, empty when all is well."""
        return await self._demands.left(self._options)

    async def stop(self) -> None:
        """Stop the emulator while the test's loop still runs; the plugin does it."""
        self._is_over.set()
        await self._emulator.stop(grace=0.0)
        if self._serving is not None:
            await self._serving
