"""Sends the requests of attempts and passes their outcomes back."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
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
    """Sends the requests of one workspace.

    Args:
        transport: carries the requests.
        flush: awaited before requests are sent, so that nothing is sent that is not saved in the
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
        self._sizes: dict[Key, int] = {}  # of the bodies of all attempts that have not ended
        self._unsaved: dict[Key, Request] = {}  # wait for the journal
        self._batch: list[tuple[Key, Request]] | None = None  # the unsaved of this turn of the loop
        self._savings: set[asyncio.Task[None]] = set()  # one for each batch
        self._sent: dict[Key, asyncio.Future[Outcome]] = {}
        self._is_idle = asyncio.Event()

    def send(self, key: Key, request: Request) -> Outcome | None:
        """Send the request of an attempt; return an outcome if it is not sent."""
        size = len(request.body)
        # Only faults make large bodies, so the sum is rarely computed.
        if size > _LARGE and sum(self._sizes.values()) + size > MOST_BYTES:
            return Outcome("own_limit", detail=_TOO_MUCH)
        self._sizes[key] = size
        if self._flush is None:
            self._begin(key, request)
            return None
        self._unsaved[key] = request
        if self._batch is None:
            self._batch = []
            saving = asyncio.create_task(self._send_saved(self._batch, self._flush))
            self._savings.add(saving)
            saving.add_done_callback(self._savings.discard)
        self._batch.append((key, request))
        return None

    async def _send_saved(
        self, batch: list[tuple[Key, Request]], flush: Callable[[], Awaitable[None]]
    ) -> None:
        """Send the requests of one turn of the loop, after one flush for all of them."""
        self._batch = None
        failure = None
        try:
            await flush()
        except Exception as error:  # noqa: BLE001 - passed on for each attempt
            failure = error
        for key, request in batch:
            if self._unsaved.get(key) is not request:
                continue  # abandoned; a new attempt may have the same key
            del self._unsaved[key]
            if failure is None:
                self._begin(key, request)
            else:
                self._end(key, failure)

    def _begin(self, key: Key, request: Request) -> None:
        sent: asyncio.Future[Outcome]
        try:
            sent = self._transport.send(request)
        except Exception as bug:  # noqa: BLE001 - passed on like any other bug of the transport
            sent = asyncio.get_running_loop().create_future()
            sent.set_exception(bug)
        self._sent[key] = sent
        sent.add_done_callback(partial(self._answered, key))

    def _answered(self, key: Key, sent: asyncio.Future[Outcome]) -> None:
        if self._sent.get(key) is not sent:
            return  # abandoned; a new attempt may have the same key
        del self._sent[key]
        if sent.cancelled():
            self._end(key, Outcome("shutdown"))
        else:
            self._end(key, sent.exception() or sent.result())

    def _end(self, key: Key, outcome: Outcome | BaseException) -> None:
        del self._sizes[key]
        if not self._sizes:
            self._is_idle.set()
        self._ended(key, outcome)

    async def stop(self, grace: float) -> None:
        """Wait up to *grace* real seconds for the attempts under way, and cancel the others."""
        if not self._sizes:
            return
        self._is_idle.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._is_idle.wait()
        for sent in self._sent.values():  # in the order in which they started
            sent.cancel()
        for saving in self._savings:
            saving.cancel()
        unsaved, self._unsaved = self._unsaved, {}
        for key in unsaved:
            self._end(key, Outcome("shutdown"))
        if self._sizes:
            await self._is_idle.wait()

    def abandon(self) -> None:
        """Cancel every attempt under way without calling *ended*."""
        sent, self._sent = self._sent, {}
        self._unsaved.clear()
        self._sizes.clear()
        for one in sent.values():
            one.cancel()
