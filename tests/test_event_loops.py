from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from typing import TYPE_CHECKING

import pytest
import uvloop

from emulator.event_loops import LoopThread, beside, hosted, loop_factory, without_collector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def test_loops_are_uvloop_s_where_it_is_installed() -> None:
    factory = loop_factory()
    assert factory is not None
    loop = factory()
    assert isinstance(loop, uvloop.Loop)
    loop.close()


@contextlib.asynccontextmanager
async def failing(*, at_start: bool = False, at_end: bool = False) -> AsyncIterator[int]:
    if at_start:
        raise LookupError("start")
    yield 1
    if at_end:
        raise LookupError("end")


def test_an_error_in_the_thread_reaches_the_caller() -> None:
    with pytest.raises(LookupError, match="start"), hosted(failing(at_start=True)):
        pytest.fail("it never opened")
    with pytest.raises(LookupError, match="end"), hosted(failing(at_end=True)) as (_, value):
        assert value == 1


def test_a_thread_that_never_started_is_closed_all_the_same() -> None:
    LoopThread(failing()).close()


def test_of_two_errors_the_caller_s_own_is_raised_with_the_other_as_a_note() -> None:
    with pytest.raises(ValueError, match="mine") as caught, hosted(failing(at_end=True)):
        raise ValueError("mine")
    assert caught.value.__notes__ == ["and at the end: LookupError: end"]


def test_work_beside_the_loop_does_not_block_it() -> None:
    turns = threading.Event()

    async def main() -> bool:
        waiting = asyncio.create_task(beside(lambda: turns.wait(20)))
        await asyncio.sleep(0)
        turns.set()  # never reached if the work ran on the loop
        return await waiting

    assert asyncio.run(main())


def test_errors_of_work_beside_the_loop_reach_the_caller() -> None:
    def fails() -> None:
        raise LookupError("there")

    with pytest.raises(LookupError, match="there"):
        asyncio.run(beside(fails))


def test_work_whose_caller_was_cancelled_is_not_begun() -> None:
    """One piece of work is under way; the next waits for its turn, and is cancelled there."""
    first, begun = threading.Event(), []

    async def main() -> None:
        held = asyncio.create_task(beside(lambda: first.wait(20)))
        late = asyncio.create_task(beside(lambda: begun.append("late")))
        await asyncio.sleep(0)
        late.cancel()
        await asyncio.wait([late])
        first.set()
        assert await held
        await beside(lambda: begun.append("last"))

    asyncio.run(main())
    assert begun == ["last"]


def test_the_collector_is_paused_and_goes_on_as_it_was() -> None:
    with without_collector():
        assert not gc.isenabled()
        with without_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
