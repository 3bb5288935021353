"""Requests over real sockets: resolve, check, dial the checked address, keep it alive."""

from __future__ import annotations

import asyncio
import errno
import ssl
from ipaddress import ip_address
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.faults.wire import TlsFailure
from emulator.delivery.records import Outcome
from emulator.delivery.transports.connection import Connection
from emulator.delivery.transports.moves import parse_target, plan
from emulator.delivery.transports.names import Names, resolve
from emulator.delivery.transports.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.delivery.records import Reason, Request
    from emulator.delivery.transports.guard import Address, Guard
    from emulator.delivery.transports.moves import Target
    from emulator.delivery.transports.names import Resolve

_BROKEN = frozenset({"closed", "reset"})


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
        self._names = Names(resolve)
        self._idle_timeout = idle_timeout
        self._pool = Pool(per_host=per_host, total=total)
        self._tls = tls
        self._live: set[Connection] = set()
        self._dials: set[asyncio.Timeout] = set()
        self._is_closed = False
        self._all_gone = asyncio.Event()

    async def send(self, request: Request) -> Outcome:
        """Send one request; a failing consumer is an outcome, never an exception.

        Raises:
            InvalidInputError: URL or headers that can't stand on the wire.
        """
        attempt = _Attempt(request)
        try:
            connection, reason = await self._exchange(attempt)
        except _DialError as error:
            return attempt.failure(error.reason, error.detail, error.address)
        if reason == "answered":
            outcome = attempt.answer(connection)
        else:
            reason = "shutdown" if self._is_closed else reason
            outcome = attempt.failure(reason, connection.detail, connection.address)
        if attempt.is_alone:
            connection.end("closed", "")
        else:
            self._release(connection)
        return outcome

    async def close(self) -> None:
        """Let go of every connection; what is under way ends as ``shutdown``."""
        self._is_closed = True
        for connection in list(self._live):
            connection.end("shutdown", "stopped meanwhile")
        now = asyncio.get_running_loop().time()
        for dial in self._dials:
            dial.reschedule(now)
        if self._live or self._dials:
            await self._all_gone.wait()
        await self._names.close()

    async def _exchange(self, attempt: _Attempt) -> tuple[Connection, Reason]:
        """Return the connection that was used in the end, and how that went.

        A kept-alive connection may have died unseen: then, if not one byte of an answer came,
        we dial once more.

        Raises:
            _DialError: there is no connection to be had.
        """
        connection = None if attempt.is_alone else self._pooled(attempt.target)
        if connection is None:
            connection = await self._connect(attempt)
        else:
            attempt.is_reused = True
        reason = await self._make(attempt, connection)
        is_stale = attempt.is_reused and not connection.has_begun and reason in _BROKEN
        if is_stale and not self._is_closed:
            connection.end(reason, connection.detail)
            attempt.is_reused, attempt.is_redialled = False, True
            connection = await self._connect(attempt)
            reason = await self._make(attempt, connection)
        return connection, reason

    async def _make(self, attempt: _Attempt, connection: Connection) -> Reason:
        try:
            return await connection.exchange(
                attempt.moves, first_byte=attempt.timeouts.first_byte, ends=attempt.ends
            )
        except asyncio.CancelledError:
            connection.end("shutdown", "cancelled")
            raise

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

    async def _connect(self, attempt: _Attempt) -> Connection:
        """Return a kept-alive connection or a new one; after a stale one, or alone, a new one.

        Raises:
            _DialError: there is none to be had.
        """
        if self._is_closed:
            raise _DialError("shutdown", "stopped")
        now = asyncio.get_running_loop().time()
        scope = asyncio.timeout_at(min(now + attempt.timeouts.connect, attempt.ends))
        self._dials.add(scope)
        try:
            async with scope:
                target = attempt.target
                addresses = await self._checked(target)
                if not (attempt.is_redialled or attempt.is_alone):
                    for address in addresses:
                        connection = self._pool.take(target.key_at(address))
                        if connection is not None:
                            attempt.is_reused = True
                            return connection
                return await self._dial(target, addresses)
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
                found = await self._names.addresses(target.host, target.port)
            except (OSError, UnicodeError) as error:
                if isinstance(error, OSError) and error.errno in _OWN_LIMITS:
                    detail = f"{error.strerror or error} on this machine".lower()
                    helps = _OWN_LIMITS[error.errno or 0]
                    raise _DialError("own_limit", f"{detail}; {helps}") from None
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
                target.key_at(address), on_end=self._pool.discard, on_gone=self._forget
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
        if self._is_closed and not self._live and not self._dials:
            self._all_gone.set()


class _Attempt:
    """One request under way: where to, until when, and what is known of how it went."""

    __slots__ = (
        "ends", "is_alone", "is_redialled", "is_reused", "moves", "started", "target", "timeouts",
    )  # fmt: skip

    def __init__(self, request: Request) -> None:
        self.started = perf_counter()
        self.target = parse_target(request.url)
        self.moves = plan(request, self.target)
        # With a fault it has a connection to itself, so that a receiver sees that fault alone.
        self.is_alone = bool(request.wire)
        if self.is_alone and isinstance(request.wire[-1], TlsFailure):
            self.target = msgspec.structs.replace(self.target, scheme="http")  # no handshake
        self.timeouts = request.timeouts
        self.ends = asyncio.get_running_loop().time() + request.timeouts.total
        self.is_reused = False
        self.is_redialled = False

    def answer(self, connection: Connection) -> Outcome:
        """Return the answer that *connection* has read."""
        return Outcome(
            "answered",
            connection.status,
            connection.headers,
            connection.body,
            connection.is_cut,
            connection.detail,
            (perf_counter() - self.started) * 1000,
            connection.address,
            self.is_reused,
            self.is_redialled,
        )

    def failure(self, reason: Reason, detail: str, address: str | None) -> Outcome:
        """Return what happened in place of an answer."""
        return Outcome(
            reason,
            detail=detail,
            duration_ms=(perf_counter() - self.started) * 1000,
            address=address,
            is_reused=self.is_reused,
            is_redialled=self.is_redialled,
        )


_FILES = "raise the limit of open files (ulimit -n)"
_OWN_LIMITS = {
    errno.EMFILE: _FILES,
    errno.ENFILE: "raise fs.file-max",
    errno.EADDRNOTAVAIL: "free local ports, or widen net.ipv4.ip_local_port_range",
    errno.ENOBUFS: "free memory for sockets",
    errno.ENOMEM: "free memory",
}
"""Errors that say nothing about the consumer: number -> what helps."""


class _DialError(Exception):
    def __init__(self, reason: Reason, detail: str, address: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.address = address


def _dial_error(error: OSError, connection: Connection) -> _DialError:
    """Return what *error* of the operating system means."""
    reason: Reason = "unreachable"
    if error.errno in _OWN_LIMITS:
        detail = f"{error.strerror or error} on this machine; {_OWN_LIMITS[error.errno]}"
        return _DialError("own_limit", detail.lower(), connection.address)
    if isinstance(error, ConnectionRefusedError):
        reason = "refused"
    elif isinstance(error, TimeoutError):
        reason = "connect_timeout"
    elif isinstance(error, ssl.SSLError):
        reason = "tls_failed"
    elif isinstance(error, ConnectionError):
        reason = "tls_failed" if connection.key[0] == "https" else "reset"
    return _DialError(reason, f"{error}", connection.address)
