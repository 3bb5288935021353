from __future__ import annotations

import uvloop

from emulator.loops import loop_factory


def test_loops_are_uvloop_s_where_there_is_one() -> None:
    factory = loop_factory()
    assert factory is not None
    loop = factory()
    assert isinstance(loop, uvloop.Loop)
    loop.close()
