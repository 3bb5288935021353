"""Host names to addresses; nothing is remembered, so that no old answer is ever dialled."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    Resolve = Callable[[str, int], Coroutine[Any, Any, Sequence[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of *host* as the system knows them, best first.

    Raises:
        OSError: it has none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class Names:
    """Asks for addresses; who asks for a name while it is being asked for shares the answer.

    Args:
        resolve: host name and port to addresses; raises OSError for a name without one.
    """

    __slots__ = ("_asking", "_resolve")

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._asking: dict[tuple[str, int], asyncio.Task[Sequence[str]]] = {}

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of *host*.

        Raises:
            OSError: it has none.
            UnicodeError: it is no name that could have one.
        """
        key = (host, port)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._resolve(host, port))
            task.add_done_callback(lambda done: self._forget(key, done))
        # Who gives up must not take the answer from the others.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop asking; nobody may be waiting any more."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: tuple[str, int], done: asyncio.Task[Sequence[str]]) -> None:
        del self._asking[key]
        if not done.cancelled():
            done.exception()  # all who asked may have given up: it counts as seen
