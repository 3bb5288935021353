"""The idle kept-alive connections, bounded; what is in use is not counted here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.delivery.transports.connection import Connection
    from emulator.delivery.transports.moves import Key


class Pool:
    """Keeps idle connections by what they are good for, and hands out the latest first.

    Args:
        per_host: idle connections of one key.
        total: idle connections in all; the one that has been idle longest makes room.
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
        """Return an idle connection that is still open, which is then no longer here."""
        same = self._by_key.get(key)
        if not same:
            return None
        connection, _ = same.popitem()
        del self._idle[connection]
        if not same:
            del self._by_key[key]
        return connection

    def put(self, connection: Connection) -> None:
        """Keep *connection*, or end it, or the one that has been idle longest."""
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
        """Forget *connection*, if it is here."""
        if connection not in self._idle:
            return
        del self._idle[connection]
        same = self._by_key[connection.key]
        del same[connection]
        if not same:
            del self._by_key[connection.key]
