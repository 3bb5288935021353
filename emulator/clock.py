"""Time: the timeline of a workspace, real or virtual, and the timers that stand on it.

It knows when; what happens then is its owner's business. Timers at equal times come in the
order of their keys, never of their creation.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Literal

from emulator.errors import InvalidInputError

Mode = Literal["real", "virtual"]

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Where a virtual clock starts unless told otherwise."""

EARLIEST, LATEST = datetime(2002, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Where a virtual clock can stand: ObjectIds have 32 bits for the seconds, and a ``timestamp``
in milliseconds has 13 digits."""

_SPARE = 64

TimerKey = tuple[int, int, int, int]
"""A rank (what kind of timer) and three numbers (whose)."""


class Timeline:
    """The clock and the timers of one workspace.

    Args:
        mode: ``real`` follows the machine's clock; ``virtual`` stands until moved.
        now: where a virtual clock stands.

    Raises:
        InvalidInputError: *now* is not in UTC, or beyond where a clock can stand.
    """

    def __init__(self, mode: Mode, now: datetime = EPOCH) -> None:
        self.mode: Mode = mode
        self._now = checked(now)
        self._due: dict[TimerKey, datetime] = {}
        self._heap: list[tuple[datetime, TimerKey]] = []

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC, whole milliseconds."""
        if self.mode == "virtual":
            return self._now
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def move_to(self, now: datetime) -> None:
        """Set a virtual clock; back in time, too, which only its owner may decide.

        Raises:
            InvalidInputError: beyond where a clock can stand.
        """
        self._now = checked(now)

    def set_timer(self, key: TimerKey, at: datetime) -> None:
        """Set the timer called *key*, in place of an earlier one of that name."""
        self._due[key] = at
        heappush(self._heap, (at, key))

    def cancel(self, key: TimerKey) -> None:
        """Take the timer called *key* away, if it stands."""
        self._due.pop(key, None)
        # What was cancelled stays in the heap until its date; not too much of it.
        if len(self._heap) > 2 * len(self._due) + _SPARE:
            self._heap = [(at, key) for key, at in self._due.items()]
            heapify(self._heap)

    def clear(self) -> None:
        """Take all timers away."""
        self._due.clear()
        self._heap.clear()

    def next_at(self) -> datetime | None:
        """Return when the next timer is due, None without any."""
        while self._heap:
            at, key = self._heap[0]
            if self._due.get(key) == at:
                return at
            heappop(self._heap)  # cancelled, or set anew
        return None

    def pop_due(self) -> TimerKey | None:
        """Take and return the first timer that is due now, None without any."""
        at = self.next_at()
        if at is None or at > self.now():
            return None
        _, key = heappop(self._heap)
        del self._due[key]
        return key

    def __len__(self) -> int:
        """How many timers stand."""
        return len(self._due)


def checked(now: datetime, *, path: str = "$.now") -> datetime:
    """Return *now* if a clock can stand there.

    Raises:
        InvalidInputError: not in UTC, or before 2002 or after 2099.
    """
    if now.utcoffset() != timedelta(0):
        message = f"not a UTC time: {now.isoformat()!r}; expected one like '2026-01-01T00:00:00Z'"
        raise InvalidInputError(message, path=path)
    if not EARLIEST <= now < LATEST:
        message = f"the clock can't stand at {now.isoformat()!r}; expected a year from 2002 to 2099"
        raise InvalidInputError(message, path=path)
    return now


def later(at: datetime, seconds: float) -> datetime:
    """Return the instant *seconds* after *at*, on a whole millisecond."""
    return at + timedelta(milliseconds=round(seconds * 1000))
