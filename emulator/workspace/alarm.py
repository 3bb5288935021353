"""Wakes a workspace with a real clock when its next timer is due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.clock import Timeline

_LONGEST_SLEEP = 3_600.0  # real seconds, because event loops limit their timers


class Alarm:
    """A timer of the event loop.

    Args:
        ring: called when a timer of the timeline is due, or earlier; sets the alarm again.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None

    def set(self, timeline: Timeline) -> None:
        """Set the alarm for the next timer of a real clock, in place of the previous alarm."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        at = timeline.next_at()
        if timeline.mode == "real" and at is not None:
            delay = max(0.0, (at - datetime.now(UTC)).total_seconds())
            loop = asyncio.get_running_loop()
            self._handle = loop.call_later(min(delay, _LONGEST_SLEEP), self._ring)
