"""What stands before every call: no foreign web page, and nothing before the replay ended."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.errors import ForbiddenError, NotReadyError
from emulator.server.control.routes import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.emulator import Emulator


class PageGuard:
    """Middleware that refuses what a page of another site could send.

    A page that made its own name resolve to us (DNS rebinding) is told by the Host header, any
    other page by its Origin.

    Args:
        app: what is guarded.
        hostnames: names under which we are called, beside loopback ones.
    """

    def __init__(self, app: ASGIApp, hostnames: Iterable[str] = ()) -> None:
        self._app = app
        self._hostnames = frozenset(name.lower() for name in hostnames)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise.

        Raises:
            ForbiddenError: a Host that is not ours, or an Origin that is not the Host.
        """
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            host = headers.get(b"host", b"").decode("latin-1").lower()
            self._check_host(host)
            origin = headers.get(b"origin")
            if origin is not None:
                self._check_origin(origin.decode("latin-1").lower(), host)
        await self._app(scope, receive, send)

    def _check_host(self, host: str) -> None:
        name = _name(host)
        if not (name in self._hostnames or _is_loopback(name)):
            message = f"the Host {host[:80]!r} is not ours; allow it with --hostname"
            raise ForbiddenError(message)

    def _check_origin(self, origin: str, host: str) -> None:
        if _netloc(origin) != host:
            message = f"a page of {origin[:80]!r} may not call this API"
            raise ForbiddenError(message)


class ReplayGuard:
    """Middleware that serves nothing but ``livez`` until the journal is replayed.

    Args:
        app: what is guarded.
        emulator: that replays.
    """

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self._app = app
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise.

        Raises:
            NotReadyError: the journal is not replayed yet.
        """
        if not self._emulator.is_ready and scope["path"] != f"{PREFIX}/livez":
            message = "the journal is being replayed; ask /_emulator/readyz again"
            raise NotReadyError(message)
        await self._app(scope, receive, send)


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
