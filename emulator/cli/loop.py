"""Runs the coroutine of a verb, with uvloop if it is installed, until it ends or is interrupted."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from emulator.event_loops import loop_factory

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

_T = TypeVar("_T")


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run *work* to its end.

    Raises:
        KeyboardInterrupt: Ctrl-C; *work* was cancelled and has cleaned up.
    """
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)


@contextmanager
def stop_signal() -> Iterator[asyncio.Future[bool]]:
    """Handle SIGTERM and SIGINT while the context is open.

    Enter it before you announce that the server is ready, since a signal may follow at once.

    Yields:
        A future that is done at the first signal; its result is whether the signal was SIGINT.
    """
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[bool] = loop.create_future()

    def note(is_interrupt: bool) -> None:
        if not stopped.done():
            stopped.set_result(is_interrupt)

    loop.add_signal_handler(signal.SIGTERM, note, False)
    loop.add_signal_handler(signal.SIGINT, note, True)
    try:
        yield stopped
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)
