"""Time: the timeline of a workspace, real or virtual, and its timers.

A timeline only knows when a timer is due; its owner decides what happens then. Timers that are due
at the same instant run in the order of their keys, not of their creation.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Literal

from emulator.errors import InvalidInputError

Mode = Literal["real", "virtual"]

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The default start of a virtual clock."""

EARLIEST, LATEST = datetime(2002, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""The range of a virtual clock: an ObjectId has 32 bits for the seconds, and a ``timestamp`` in
milliseconds has 13 digits."""

_SPARE = 64

TimerKey = tuple[int, int, int, int]
"""The rank of the kind of timer, and three numbers that identify its owner."""


class Timeline:
    """The clock and the timers of one workspace.

    Args:
        mode: ``real`` follows the machine's clock; ``virtual`` is moved by `move_to`.
        now: the time of a virtual clock.

    Raises:
        InvalidInputError: *now* is not in UTC, or out of range.
    """

    def __init__(self, mode: Mode, now: datetime = EPOCH) -> None:
        self.mode: Mode = mode
        self._now = checked(now)
        self._due: dict[TimerKey, datetime] = {}
        self._heap: list[tuple[datetime, TimerKey]] = []

    def now(self) -> datetime:
        """Return the current time as an aware UTC datetime, in whole milliseconds."""
        if self.mode == "virtual":
            return self._now
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def move_to(self, now: datetime) -> None:
        """Set a virtual clock, also to an earlier time; the caller decides whether that is allowed.

        Raises:
            InvalidInputError: *now* is not in UTC, or out of range.
        """
        self._now = checked(now)

    def set_timer(self, key: TimerKey, at: datetime) -> None:
        """Set the timer *key*, replacing an earlier timer with the same key."""
        self._due[key] = at
        heappush(self._heap, (at, key))

    def cancel(self, key: TimerKey) -> None:
        """Remove the timer *key*, if it is set."""
        self._due.pop(key, None)
        # Cancelled timers stay in the heap until they are due; rebuild it when they prevail.
        if len(self._heap) > 2 * len(self._due) + _SPARE:
            self._heap = [(at, key) for key, at in self._due.items()]
            heapify(self._heap)

    def clear(self) -> None:
        """Remove all timers."""
        self._due.clear()
        self._heap.clear()

    def next_at(self) -> datetime | None:
        """Return when the next timer is due, or None without timers."""
        while self._heap:
            at, key = self._heap[0]
            if self._due.get(key) == at:
                return at
            heappop(self._heap)  # cancelled, or rescheduled
        return None

    def pop_due(self) -> TimerKey | None:
        """Remove and return the first timer that is due, or None if none is due."""
        at = self.next_at()
        if at is None or at > self.now():
            return None
        _, key = heappop(self._heap)
        del self._due[key]
        return key

    def __len__(self) -> int:
        return len(self._due)


def checked(now: datetime, *, path: str = "$.now") -> datetime:
    """Return *now* if a virtual clock can be set to it.

    Raises:
        InvalidInputError: not in UTC, or before 2002 or after 2099.
    """
    if now.utcoffset() != timedelta(0):
        message = f"not a UTC time: {now.isoformat()!r}; expected one like '2026-01-01T00:00:00Z'"
        raise InvalidInputError(message, path=path)
    if not EARLIEST <= now < LATEST:
        message = f"out of range: {now.isoformat()!r}; expected a year from 2002 to 2099"
        raise InvalidInputError(message, path=path)
    return now


def later(at: datetime, seconds: float) -> datetime:
    """Return the instant *seconds* after *at*, on a whole millisecond."""
    return at + timedelta(milliseconds=round(seconds * 1000))
