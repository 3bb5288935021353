"""Requests over real sockets: resolve, check, dial the checked address, keep it alive."""

from __future__ import annotations

import asyncio
import socket
import ssl
from ipaddress import ip_address
from time import perf_counter
from typing import TYPE_CHECKING, Any

from emulator.delivery.records import Outcome
from emulator.delivery.transports.connection import Connection
from emulator.delivery.transports.moves import parse_target, plan
from emulator.delivery.transports.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from emulator.delivery.records import Reason, Request, Timeouts
    from emulator.delivery.transports.guard import Address, Guard
    from emulator.delivery.transports.moves import Target

    Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_BROKEN = frozenset({"closed", "reset"})


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of *host* as the system knows them, best first.

    Raises:
        OSError: it has none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def tls_context(*, ca: Path | str | None = None, is_insecure: bool = False) -> ssl.SSLContext:
    """Return how to speak TLS.

    Args:
        ca: file of the certificates to trust (PEM), in place of the system's.
        is_insecure: trust whatever certificate comes, for whatever name.

    Raises:
        OSError: *ca* can't be read.
    """
    context = ssl.create_default_context(cafile=ca)
    if is_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Wire:
    """Posts over HTTP/1.1 and TLS; no redirects, no cookies, no compression.

    Bound to the event loop of its first `send`. Idle connections are bounded here, those in use
    by the caller: a request never waits for another one's connection.

    Args:
        guard: which addresses may be dialled; asked for every one.
        resolve: host name and port to addresses; raises OSError for a name without one.
        idle_timeout: how long an idle connection is kept, in seconds.
        per_host: how many idle connections are kept for one address and name.
        total: how many idle connections are kept in all.
        tls: how to speak TLS; the system's roots unless given.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        resolve: Resolve = resolve,
        idle_timeout: float = 30.0,
        per_host: int = 128,
        total: int = 512,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._resolve = resolve
        self._idle_timeout = idle_timeout
        self._pool = Pool(per_host=per_host, total=total)
        self._tls = tls
        self._live: set[Connection] = set()
        self._dials: set[asyncio.Timeout] = set()
        self._is_closed = False
        self._all_gone: asyncio.Future[None] | None = None

    async def send(self, request: Request) -> Outcome:
        """Send one request; a failing consumer is an outcome, never an exception.

        Raises:
            InvalidInputError: URL or headers that can't stand on the wire.
        """
        started = perf_counter()
        target = parse_target(request.url)
        moves = plan(request, target)
        timeouts = request.timeouts
        ends = asyncio.get_running_loop().time() + timeouts.total
        connection = self._pooled(target)
        is_reused, is_redialled = connection is not None, False
        while True:
            if connection is None:
                try:
                    connection, is_reused = await self._connect(
                        target, timeouts, ends, is_fresh=is_redialled
                    )
                except _DialError as error:
                    return Outcome(
                        error.reason,
                        detail=error.detail,
                        duration_ms=(perf_counter() - started) * 1000,
                        address=error.address,
                        is_redialled=is_redialled,
                    )
            try:
                reason = await connection.exchange(moves, first_byte=timeouts.first_byte, ends=ends)
            except asyncio.CancelledError:
                connection.end("shutdown", "cancelled")
                raise
            is_stale = is_reused and not connection.has_begun and reason in _BROKEN
            if not is_stale or self._is_closed:
                break
            connection.end(reason, connection.detail)
            connection, is_redialled = None, True
        outcome = self._outcome(connection, reason, started, is_reused, is_redialled)
        self._release(connection)
        return outcome

    async def close(self) -> None:
        """Let go of every connection; what is under way ends as ``shutdown``."""
        self._is_closed = True
        loop = asyncio.get_running_loop()
        for connection in list(self._live):
            connection.end("shutdown", "stopped meanwhile")
        for dial in self._dials:
            dial.reschedule(loop.time())
        if self._live or self._dials:
            self._all_gone = loop.create_future()
            await self._all_gone

    def _outcome(
        self,
        connection: Connection,
        reason: Reason,
        started: float,
        is_reused: bool,
        is_redialled: bool,
    ) -> Outcome:
        duration_ms = (perf_counter() - started) * 1000
        if reason == "answered":
            return Outcome(
                reason,
                connection.status,
                connection.headers,
                connection.body,
                connection.is_cut,
                connection.detail,
                duration_ms,
                connection.address,
                is_reused,
                is_redialled,
            )
        if self._is_closed:
            reason = "shutdown"
        return Outcome(
            reason,
            detail=connection.detail,
            duration_ms=duration_ms,
            address=connection.address,
            is_reused=is_reused,
            is_redialled=is_redialled,
        )

    def _pooled(self, target: Target) -> Connection | None:
        for key in target.known:
            connection = self._pool.take(key)
            if connection is not None:
                return connection
        return None

    def _release(self, connection: Connection) -> None:
        if connection.is_open and connection.is_reusable and not self._is_closed:
            now = asyncio.get_running_loop().time()
            connection.wait_until(now + self._idle_timeout)
            self._pool.put(connection)
        else:
            connection.end("closed", "")

    async def _connect(
        self, target: Target, timeouts: Timeouts, ends: float, *, is_fresh: bool
    ) -> tuple[Connection, bool]:
        """Return a connection, and whether it was kept alive.

        Args:
            target: where to.
            timeouts: of the request.
            ends: when the attempt ends, in the loop's time.
            is_fresh: take no idle connection.

        Raises:
            _DialError: there is none to be had.
        """
        loop = asyncio.get_running_loop()
        if self._is_closed:
            raise _DialError("shutdown", "stopped")
        scope = asyncio.timeout_at(min(loop.time() + timeouts.connect, ends))
        self._dials.add(scope)
        try:
            async with scope:
                addresses = await self._checked(target)
                if not is_fresh:
                    for address in addresses:
                        key = (target.scheme, address, target.port, target.host)
                        connection = self._pool.take(key)
                        if connection is not None:
                            return connection, True
                return await self._dial(target, addresses), False
        except TimeoutError:
            if self._is_closed:
                raise _DialError("shutdown", "stopped meanwhile") from None
            raise _DialError("connect_timeout", "not connected in time") from None
        finally:
            self._dials.discard(scope)
            self._note_gone()

    async def _checked(self, target: Target) -> list[str]:
        """Return the addresses of *target* that the guard lets us dial, without repeats."""
        candidates: list[Address]
        if target.address is not None:
            candidates = [target.address]
        else:
            try:
                found = await self._resolve(target.host, target.port)
            except (OSError, UnicodeError) as error:
                raise _DialError("name_not_found", f"{target.host}: {error}") from None
            candidates = [ip_address(one) for one in dict.fromkeys(found)]
        if not candidates:
            raise _DialError("name_not_found", f"{target.host} has no address")
        refusals = {one: self._guard.refusal(one, target.host) for one in candidates}
        fine = [str(one) for one, refusal in refusals.items() if refusal is None]
        if not fine:
            raise _DialError("address_forbidden", "; ".join(filter(None, refusals.values())))
        return fine

    async def _dial(self, target: Target, addresses: list[str]) -> Connection:
        """Return a new connection to the first of the *addresses* that takes one."""
        failure = _DialError("unreachable", "no address")
        for address in addresses:
            connection = Connection(
                (target.scheme, address, target.port, target.host),
                on_end=self._pool.discard,
                on_gone=self._forget,
            )
            try:
                await self._dial_one(connection)
            except OSError as error:
                failure = _dial_error(error, connection)
                if failure.reason == "tls_failed":
                    break
            else:
                return connection
        raise failure

    async def _dial_one(self, connection: Connection) -> None:
        scheme, address, port, host = connection.key
        settings: dict[str, Any] = {}
        if scheme == "https":
            if self._tls is None:
                self._tls = tls_context()
            settings = {"ssl": self._tls, "server_hostname": host.rstrip(".")}
        self._live.add(connection)
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: connection, address, port, **settings
            )
        except BaseException:
            self._forget(connection)
            raise

    def _forget(self, connection: Connection) -> None:
        self._live.discard(connection)
        self._note_gone()

    def _note_gone(self) -> None:
        gone = self._all_gone
        if gone is not None and not self._live and not self._dials and not gone.done():
            gone.set_result(None)


class _DialError(Exception):
    def __init__(self, reason: Reason, detail: str, address: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.address = address


def _dial_error(error: OSError, connection: Connection) -> _DialError:
    """Return what *error* of the operating system means."""
    reason: Reason = "unreachable"
    if isinstance(error, ConnectionRefusedError):
        reason = "refused"
    elif isinstance(error, TimeoutError):
        reason = "connect_timeout"
    elif isinstance(error, ssl.SSLError):
        reason = "tls_failed"
    elif isinstance(error, ConnectionError):
        reason = "tls_failed" if connection.key[0] == "https" else "reset"
    return _DialError(reason, f"{error}", connection.address)
