"""Sends the requests of attempts and passes their outcomes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from emulator.delivery.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.delivery.records import Key, Request, Transport


class Dispatcher:
    """Sends the requests of one workspace, each in a task of its own.

    Args:
        transport: carries the requests.
        flush: awaited before a request leaves, so that nothing is sent that the journal could
            still lose; None where there is nothing to wait for.
        ended: takes the key of each attempt that ended and its outcome, or the exception of a
            bug that the transport met.
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

    def send(self, key: Key, request: Request) -> None:
        """Send the request of an attempt."""
        task = asyncio.get_running_loop().create_task(self._send(request))
        self._tasks[key] = task
        task.add_done_callback(lambda task: self._end(key, task))

    async def _send(self, request: Request) -> Outcome:
        try:
            if self._flush is not None:
                await self._flush()
            return await self._transport.send(request)
        except asyncio.CancelledError:
            return Outcome("shutdown")  # by stop or abandon; the task ends here anyway

    def _end(self, key: Key, task: asyncio.Task[Outcome]) -> None:
        if self._tasks.get(key) is not task:
            return  # abandoned; another attempt may have taken its key since
        del self._tasks[key]
        if task.cancelled():  # before it ran at all
            self._ended(key, Outcome("shutdown"))
        else:
            self._ended(key, task.exception() or task.result())

    async def stop(self, grace: float) -> None:
        """Let the attempts under way end, and cancel the rest after *grace* real seconds."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
            for task in tasks:  # in the order in which they started
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def abandon(self) -> None:
        """Cancel every attempt under way; none of them is handed back."""
        tasks, self._tasks = self._tasks, {}
        for task in tasks.values():
            task.cancel()
