"""Sends the requests of attempts and passes their outcomes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from emulator.delivery.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.delivery.records import Key, Request, Transport

MOST_BYTES = 256 * 1024 * 1024
"""Limit for all bodies under way in bytes; an attempt beyond it ends as ``own_limit``."""

_LARGE = 64 * 1024
_TOO_MUCH = f"more than {MOST_BYTES // 2**20} MiB of bodies under way at once"


class Dispatcher:
    """Sends the requests of one workspace, each in a task of its own.

    Args:
        transport: carries the requests.
        flush: awaited before each request, so that nothing is sent that is not saved in the
            journal; None does not wait.
        ended: called with the key of each attempt that ended, and its outcome or the exception
            of the transport.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        flush: Callable[[], Awaitable[None]] | None,
        ended: Callable[[Key, Outcome | BaseException], None],
    ) -> None:
        self._transport = transport
        self._flush = flush
        self._ended = ended
        self._tasks: dict[Key, asyncio.Task[Outcome]] = {}
        self._sizes: dict[Key, int] = {}  # of the bodies under way

    def send(self, key: Key, request: Request) -> Outcome | None:
        """Send the request of an attempt; return an outcome if it is not sent."""
        size = len(request.body)
        # Only faults make large bodies, so the sum is rarely computed.
        if size > _LARGE and sum(self._sizes.values()) + size > MOST_BYTES:
            return Outcome("own_limit", detail=_TOO_MUCH)
        self._sizes[key] = size
        task = asyncio.get_running_loop().create_task(self._send(request))
        self._tasks[key] = task
        task.add_done_callback(lambda task: self._end(key, task))
        return None

    async def _send(self, request: Request) -> Outcome:
        try:
            if self._flush is not None:
                await self._flush()
            return await self._transport.send(request)
        except asyncio.CancelledError:
            return Outcome("shutdown")  # cancelled by `stop` or `abandon`

    def _end(self, key: Key, task: asyncio.Task[Outcome]) -> None:
        if self._tasks.get(key) is not task:
            return  # abandoned; a new attempt may have the same key
        del self._tasks[key], self._sizes[key]
        if task.cancelled():  # before it started to run
            self._ended(key, Outcome("shutdown"))
        else:
            self._ended(key, task.exception() or task.result())

    async def stop(self, grace: float) -> None:
        """Wait up to *grace* real seconds for the attempts under way, and cancel the others."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
            for task in tasks:  # in the order in which they started
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def abandon(self) -> None:
        """Cancel every attempt under way without calling *ended*."""
        tasks, self._tasks = self._tasks, {}
        self._sizes.clear()
        for task in tasks.values():
            task.cancel()
