"""Chooses the event loop implementation, and runs a loop, or work beside a loop, in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from emulator.errors import ConflictError, StoppingError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextlib import AbstractAsyncContextManager

__tracebackhide__ = True  # pytest shows the line that called, not how the call reached the loop

_T = TypeVar("_T")
_R = TypeVar("_R")

_one_at_a_time = threading.Lock()

_PATIENCE = 10.0  # seconds to wait for a thread after Ctrl-C


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the loop factory for `asyncio.Runner`; None for asyncio's own."""
    try:
        import uvloop
    except ImportError:  # pragma: no cover - Windows
        return None
    return uvloop.new_event_loop


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Pause the collector of cycles, which would look at all objects many times."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


async def beside(work: Callable[[], _R]) -> _R:
    """Run *work* in a thread while the loop continues, and return its result.

    The thread shares the interpreter with the loop, so only one piece of work runs at a time. Work
    whose caller is cancelled continues, but nothing waits for it: the thread is a daemon.

    Raises:
        Exception: *work* raised it.
    """
    future: Future[_R] = Future()
    thread = threading.Thread(target=_settle, args=(future, work), name="beside", daemon=True)
    thread.start()
    return await asyncio.wrap_future(future)


def _settle(future: Future[_R], work: Callable[[], _R]) -> None:
    with _one_at_a_time:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - the caller's task raises it
            future.set_exception(error)


@contextlib.contextmanager
def hosted(context: AbstractAsyncContextManager[_T]) -> Iterator[tuple[LoopThread[_T], _T]]:
    """Keep an async context open in a new thread.

    Yields:
        The thread and the value of *context*.
    """
    thread = LoopThread(context)
    try:
        yield thread, thread.open()
    except BaseException as error:
        try:
            thread.close()
        except Exception as another:  # noqa: BLE001 - the first error is raised
            error.add_note(f"and at the end: {type(another).__name__}: {another}")
        raise
    thread.close()


class LoopThread(Generic[_T]):
    """A thread with an event loop, in which an async context is open.

    Args:
        context: the context.
    """

    def __init__(self, context: AbstractAsyncContextManager[_T]) -> None:
        self._context = context
        self._opened: Future[_T] = Future()
        self._failure: BaseException | None = None
        self._is_over = asyncio.Event()
        self._ended = threading.Event()
        self._task: asyncio.Task[Any] | None = None
        factory = loop_factory() or asyncio.new_event_loop
        self._loop = factory()
        # A daemon, so that an application that blocks it does not block the interpreter's exit.
        self._thread = threading.Thread(target=self._main, name="testlify-emulator", daemon=True)

    def open(self) -> _T:
        """Start the thread, and return the value of the context when it is open.

        Raises:
            Exception: an exception of the context.
        """
        self._thread.start()
        return self._opened.result()

    def close(self) -> None:
        """Close the context and end the thread; Ctrl-C cancels the context.

        Raises:
            Exception: an exception at the end of the context.
        """
        if self._thread.ident is None:  # never started
            self._loop.close()
            return
        self._call_soon(self._is_over.set)
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            if self._task is not None:
                self._call_soon(self._task.cancel)
            self._ended.wait(_PATIENCE)
            raise
        # Join last: in Python 3.11, a join that Ctrl-C interrupts marks the thread as ended.
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _call_soon(self, callback: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is already closed
            self._loop.call_soon_threadsafe(callback)

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._hold())
        except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
            if self._opened.done():
                self._failure = error
            else:
                self._opened.set_exception(error)
        finally:
            self._ended.set()

    async def _hold(self) -> None:
        self._task = asyncio.current_task()
        async with self._context as value:
            self._opened.set_result(value)
            await self._is_over.wait()

    def call(self, work: Coroutine[Any, Any, _R]) -> _R:
        """Run *work* on the loop, and return its result.

        Raises:
            StoppingError: the thread has ended, or ends in the meantime.
            ConflictError: called in this thread, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            work.close()
            message = "a plain call on the emulator's own loop would wait for itself"
            raise ConflictError(message)
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed
            work.close()
            raise StoppingError from None
        try:
            error = future.exception()
        except CancelledError:
            raise StoppingError from None
        except BaseException:
            future.cancel()  # Ctrl-C: no caller waits for the result
            raise
        if error is not None:
            raise error  # result() would add its frames to the traceback
        return future.result()
