"""A bounded pool of idle keep-alive connections; connections in use are not part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.delivery.transports.connection import Connection
    from emulator.delivery.transports.wire_actions import Key


class Pool:
    """Idle connections by key; the most recently used is taken first.

    Args:
        per_host: limit of idle connections per key.
        total: limit of idle connections; the connection that has been idle longest is closed.
    """

    __slots__ = ("_by_key", "_idle", "_per_host", "_total")

    def __init__(self, *, per_host: int, total: int) -> None:
        self._per_host = per_host
        self._total = total
        self._by_key: dict[Key, dict[Connection, None]] = {}
        self._idle: dict[Connection, None] = {}  # longest idle first

    def __len__(self) -> int:
        return len(self._idle)

    def take(self, key: Key) -> Connection | None:
        """Remove and return an idle connection, or None without one."""
        same = self._by_key.get(key)
        if not same:
            return None
        connection, _ = same.popitem()
        del self._idle[connection]
        if not same:
            del self._by_key[key]
        return connection

    def put(self, connection: Connection) -> None:
        """Add *connection*; at a limit, close it or the one that has been idle longest."""
        same = self._by_key.get(connection.key)
        if self._total < 1 or len(same or ()) >= self._per_host:
            connection.end("closed", "too many idle connections")
            return
        if len(self._idle) >= self._total:
            next(iter(self._idle)).end("closed", "too many idle connections")
            same = self._by_key.get(connection.key)
        if same is None:
            same = self._by_key[connection.key] = {}
        same[connection] = self._idle[connection] = None

    def discard(self, connection: Connection) -> None:
        """Remove *connection* from the pool, if it is idle."""
        if connection not in self._idle:
            return
        del self._idle[connection]
        same = self._by_key[connection.key]
        del same[connection]
        if not same:
            del self._by_key[connection.key]
