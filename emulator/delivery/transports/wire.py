"""Requests over real sockets: resolve, check, dial the checked address, keep connections alive."""

from __future__ import annotations

import asyncio
import errno
import ssl
from functools import partial
from ipaddress import ip_address
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Outcome
from emulator.delivery.transports.connection import Connection
from emulator.delivery.transports.dns import Resolver, resolve
from emulator.delivery.transports.pool import Pool
from emulator.delivery.transports.wire_actions import parse_destination, plan

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.delivery.records import Reason, Request
    from emulator.delivery.transports.address_guard import Address, Guard
    from emulator.delivery.transports.dns import Resolve
    from emulator.delivery.transports.wire_actions import Destination

_BROKEN = frozenset({"closed", "reset"})


def tls_context(*, ca: Path | str | None = None, is_insecure: bool = False) -> ssl.SSLContext:
    """Return the settings for TLS.

    Args:
        ca: file of trusted certificates (PEM), in place of the system's.
        is_insecure: accept any certificate for any name.

    Raises:
        OSError: *ca* can't be read.
    """
    context = ssl.create_default_context(cafile=ca)
    if is_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Wire:
    """A client for HTTP/1.1 with and without TLS; without redirects, cookies and compression.

    It is bound to the event loop of the first `send`. It bounds idle connections; the caller bounds
    those in use, since a request never waits for a connection of another request.

    Args:
        guard: decides which addresses may be dialled; asked for every address.
        resolve: host name and port to addresses; raises OSError for a name without address.
        idle_timeout: seconds after which an idle connection is closed.
        per_host: limit of idle connections for one address and name.
        total: limit of all idle connections.
        tls: settings for TLS; by default, the system's certificates are trusted.
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
        self._names = Resolver(resolve)
        self._idle_timeout = idle_timeout
        self._pool = Pool(per_host=per_host, total=total)
        self._tls = tls
        self._live: set[Connection] = set()
        self._dials: set[asyncio.Timeout] = set()
        self._is_closed = False
        self._all_gone = asyncio.Event()

    @property
    def open_connections(self) -> int:
        """How many connections are open or being dialled, idle ones included."""
        return len(self._live)

    @property
    def idle_connections(self) -> int:
        """How many connections are kept alive for the next request."""
        return len(self._pool)

    def send(self, request: Request) -> asyncio.Future[Outcome]:
        """Send one request; a failing consumer is an outcome, never an exception.

        Returns:
            A future. Its cancellation closes the connection.

        Raises:
            InvalidInputError: the URL or a header is invalid.
        """
        attempt = _Attempt(request)
        connection = None if attempt.is_alone else self._pooled(attempt.target)
        if connection is None:
            self._dial_for(attempt)
        else:
            attempt.is_reused, attempt.connection = True, connection
            # Writes with pauses between them wake the consumer for each request. Therefore, all
            # requests of this turn of the loop are written in one burst.
            attempt.get_loop().call_soon(self._exchange, attempt, connection)
        return attempt

    async def close(self) -> None:
        """Close every connection; requests in progress end as ``shutdown``."""
        self._is_closed = True
        for connection in list(self._live):
            connection.end("shutdown", "stopped meanwhile")
        now = asyncio.get_running_loop().time()
        for dial in self._dials:
            dial.reschedule(now)
        if self._live or self._dials:
            await self._all_gone.wait()
        await self._names.close()

    def _exchange(self, attempt: _Attempt, connection: Connection) -> None:
        attempt.connection = connection
        connection.exchange(
            attempt.moves,
            partial(self._ended, attempt, connection),
            first_byte=attempt.timeouts.first_byte,
            ends=attempt.ends,
            most=attempt.most,
        )

    def _ended(self, attempt: _Attempt, connection: Connection, reason: Reason) -> None:
        if (
            reason in _BROKEN
            and attempt.is_reused
            and not (connection.has_begun or self._is_closed)
        ):
            # The consumer may have closed the idle connection just before we used it. No byte of an
            # answer arrived, so send the request once more over a new connection.
            connection.end(reason, connection.detail)
            attempt.is_reused, attempt.is_redialled = False, True
            self._dial_for(attempt)
            return
        if attempt.done():
            pass  # cancelled
        elif reason == "answered":
            attempt.answer(connection)
        else:
            reason = "shutdown" if self._is_closed else reason
            attempt.fail(reason, connection.detail, connection.address)
        self._release(connection, is_alone=attempt.is_alone)

    def _dial_for(self, attempt: _Attempt) -> None:
        attempt.connection = None
        attempt.dialling = attempt.get_loop().create_task(self._connect_and_exchange(attempt))

    async def _connect_and_exchange(self, attempt: _Attempt) -> None:
        try:
            connection = await self._connect(attempt)
        except _DialError as error:
            if not attempt.done():  # cancelled
                attempt.fail(error.reason, error.detail, error.address)
        except Exception as bug:  # noqa: BLE001 - raised where the future is awaited
            if not attempt.done():
                attempt.set_exception(bug)
        else:
            self._exchange(attempt, connection)

    def _pooled(self, target: Destination) -> Connection | None:
        for key in target.known:
            connection = self._pool.take(key)
            if connection is not None:
                return connection
        return None

    def _release(self, connection: Connection, *, is_alone: bool) -> None:
        is_usable = connection.is_open and connection.is_reusable
        if is_usable and not (is_alone or self._is_closed):
            now = asyncio.get_running_loop().time()
            connection.wait_until(now + self._idle_timeout)
            self._pool.put(connection)
        else:
            connection.end("closed", "")

    async def _connect(self, attempt: _Attempt) -> Connection:
        """Return an idle or a new connection; a new one after a stale one or with wire faults.

        Raises:
            _DialError: no connection could be made.
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

    async def _checked(self, target: Destination) -> list[str]:
        """Return the addresses of *target* that may be dialled, without duplicates."""
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

    async def _dial(self, target: Destination, addresses: list[str]) -> Connection:
        """Return a new connection to the first of the *addresses* that accepts it."""
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


class _Attempt(asyncio.Future[Outcome]):
    """One request in progress: its target, its deadline and its result so far."""

    def __init__(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop=loop)
        self.started = perf_counter()
        self.target = parse_destination(request.url)
        self.moves, self.most = plan(request, self.target), request.most
        # A request with wire faults gets its own connection, so that faults don't affect others.
        self.is_alone = bool(request.wire)
        if self.is_alone and not request.wire[-1].does_handshake:
            self.target = msgspec.structs.replace(self.target, scheme="http")  # no handshake
        self.timeouts = request.timeouts
        self.ends = loop.time() + request.timeouts.total
        self.connection: Connection | None = None
        self.dialling: asyncio.Task[None] | None = None
        self.is_reused = False
        self.is_redialled = False

    def cancel(self, msg: Any | None = None) -> bool:
        """Cancel the request and drop its connection."""
        is_cancelled = super().cancel(msg)
        if is_cancelled and self.connection is not None:
            self.connection.end("shutdown", "cancelled")
        elif is_cancelled and self.dialling is not None:
            self.dialling.cancel()
        return is_cancelled

    def answer(self, connection: Connection) -> None:
        """Set the outcome: the answer that *connection* received."""
        outcome = Outcome(
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
        self.set_result(outcome)

    def fail(self, reason: Reason, detail: str, address: str | None) -> None:
        """Set the outcome of a request without an answer."""
        outcome = Outcome(
            reason,
            detail=detail,
            duration_ms=(perf_counter() - self.started) * 1000,
            address=address,
            is_reused=self.is_reused,
            is_redialled=self.is_redialled,
        )
        self.set_result(outcome)


_FILES = "raise the limit of open files (ulimit -n)"
_OWN_LIMITS = {
    errno.EMFILE: _FILES,
    errno.ENFILE: "raise fs.file-max",
    errno.EADDRNOTAVAIL: "free local ports, or widen net.ipv4.ip_local_port_range",
    errno.ENOBUFS: "free memory for sockets",
    errno.ENOMEM: "free memory",
}
"""Errors of this machine, not of the consumer: number -> remedy."""


class _DialError(Exception):
    def __init__(self, reason: Reason, detail: str, address: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.address = address


def _dial_error(error: OSError, connection: Connection) -> _DialError:
    """Return the reason for an *error* of the operating system."""
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
