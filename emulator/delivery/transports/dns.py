"""Resolves host names; nothing is cached, so that an outdated address is never dialled."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    Resolve = Callable[[str, int], Coroutine[Any, Any, Sequence[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of *host* from the system's resolver, best first.

    Raises:
        OSError: the host has no address.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class Resolver:
    """Resolves names; concurrent calls for the same name share one lookup.

    Args:
        resolve: host name and port to addresses; raises OSError for a name without address.
    """

    __slots__ = ("_asking", "_resolve")

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._asking: dict[tuple[str, int], asyncio.Task[Sequence[str]]] = {}

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of *host*.

        Raises:
            OSError: the host has no address.
            UnicodeError: the name is not a host name.
        """
        key = (host, port)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._resolve(host, port))
            task.add_done_callback(lambda done: self._forget(key, done))
        # A caller that is cancelled must not cancel the lookup for the others.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel all lookups; no caller may be waiting for them."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: tuple[str, int], done: asyncio.Task[Sequence[str]]) -> None:
        del self._asking[key]
        if not done.cancelled():
            done.exception()  # mark it as retrieved, since all callers may be gone
