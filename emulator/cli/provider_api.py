"""Serves the provider API of a run's emulator on a port that the consumer can call."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from emulator.cli.output import say

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from emulator.emulator import Emulator
    from emulator.scenario.callbacks import ApiServer, Callback

HOST = "127.0.0.1"

_MOST = 1_000
"""The most calls that are recorded for an emulator."""

_LONGEST_PATH = 200

option = click.option(
    "--api-port", type=click.IntRange(0, 65_535), metavar="PORT",
    help="Serve the emulator's provider API on 127.0.0.1:PORT during the run, for a consumer that"
    " calls it, with the token 'default'; 0 picks a port and prints it on stderr. One job at a"
    " time.",
)  # fmt: skip


@contextmanager
def served(port: int | None) -> Iterator[ApiServer | None]:
    """Listen on *port* while the context is open; None does not listen.

    Yields:
        A function that serves the provider API of an emulator there.

    Raises:
        InvalidInputError: the port can't be listened on.
    """
    if port is None:
        yield None
        return
    from emulator.serving import listen, url_of

    with listen(HOST, port, option="--api-port") as listening:
        say(f"provider API: {url_of(listening)}, token 'default'", err=True)
        yield partial(_served, listening)


@asynccontextmanager
async def _served(
    listening: socket.socket, emulator: Emulator
) -> AsyncIterator[Sequence[Callback]]:
    from emulator.server.app import application
    from emulator.serving import serving

    calls: list[Callback] = []
    app = _recorded(application(emulator), emulator, calls)
    # A copy, because the server closes the socket, and the next emulator needs it.
    async with serving(app, listening.dup()):
        yield calls


def _recorded(app: ASGIApp, emulator: Emulator, calls: list[Callback]) -> ASGIApp:
    """Return an application that calls *app* for the current workspace and records the calls."""
    from emulator.scenario.callbacks import Callback

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("latin-1")
        path = f"{scope['path']}{'?' if query else ''}{query}"[:_LONGEST_PATH]
        event = _event_under_way(emulator)

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start" and len(calls) < _MOST:
                calls.append(Callback(scope["method"], path, message["status"], event))
            await send(message)

        await app(_with_token(scope, emulator), receive, answered)

    return recorded


def _event_under_way(emulator: Emulator) -> str:
    """Return the event type of the only delivery under way, or an empty string."""
    attempted = [
        delivery.event
        for workspace in emulator.workspaces.values()
        for delivery in workspace.deliveries()
        if delivery.attempts and delivery.attempts[-1].outcome is None
    ]
    return attempted[0] if len(attempted) == 1 else ""


def _with_token(scope: Scope, emulator: Emulator) -> dict[str, Any]:
    """Return *scope* with the token of the current workspace, unless it names another.

    One check or scenario runs at a time, and its deliveries come from the workspace that it opened
    last.
    """
    from emulator.workspace.names import DEFAULT_WORKSPACE, workspace_name

    names = list(emulator.workspaces)

    def token(value: bytes) -> bytes:
        scheme, _, given = value.decode("latin-1").partition(" ")
        named = workspace_name(given.strip())
        if not names or not given.strip() or (named in names and named != DEFAULT_WORKSPACE):
            return value
        return f"{scheme} {names[-1]}".encode("latin-1")

    headers = [
        (name, token(value) if name == b"authorization" else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}
