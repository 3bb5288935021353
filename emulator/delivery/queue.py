"""Decides which of the due attempts may start next. Pure, without an event loop.

The queue has keys of attempts, not messages: a waiting delivery is a record in the journal.

Order: the first attempt of a message about a candidate starts after the first attempt of the
previous message about this candidate to the same webhook has ended. Attempts that may start are
started in the order of their keys. With one attempt at a time, that is lockstep.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from emulator.delivery.reordering import Holds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.delivery.records import Key
    from emulator.delivery.reordering import Freed, Hold

_AT_FIRST = 4
"""Limit of concurrent attempts to a webhook that has not answered yet."""

Chain = tuple[int, str]
"""Webhook number and subject of deliveries that are sent in order."""


class AttemptQueue:
    """The attempts of one workspace that wait to start or are under way.

    Args:
        in_flight: limit of concurrent attempts; 1 is lockstep.
        per_webhook: limit of concurrent attempts to one webhook, so that a slow consumer does not
            delay others.
        seed: for the order in which a reorder fault releases a window of attempts.
    """

    def __init__(self, *, in_flight: int, per_webhook: int, seed: int) -> None:
        self._limit = in_flight
        self._webhook_limit = per_webhook
        self._holds = Holds(seed)
        self._ready: list[Key] = []  # a heap
        self._full: dict[int, list[Key]] = defaultdict(list)  # webhook at its limit -> heap
        self._freed: set[int] = set()  # webhooks in `_full` with an attempt that has ended
        self._open: set[Key] = set()  # offered and not yet ended
        self._behind: dict[Key, list[Key]] = {}  # key -> attempts that wait for its end
        self._tails: dict[Chain, Key] = {}  # the last attempt of each chain
        self._chain_of: dict[Key, Chain] = {}
        self._running: set[Key] = set()
        self._busy: dict[int, int] = defaultdict(int)  # webhook -> attempts under way
        self._hangs: dict[int, bool] = {}  # webhook -> whether its last attempt timed out
        self._express: set[Key] = set()  # without the webhook's limit, because a caller waits
        self._crowd: set[Key] = set()  # without any limit, by a flood fault

    def offer(self, key: Key, subject: str = "", *, after: Key | None = None) -> None:
        """Add a due attempt.

        Args:
            key: the key of the attempt.
            subject: wait for earlier attempts about this subject to the webhook; empty for retries
                and manual attempts, which do not wait.
            after: wait for the end of this attempt.
        """
        if subject:
            chain = (key[1], subject)
            after = self._tails.get(chain, after)
            self._tails[chain] = key
            self._chain_of[key] = chain
        self._open.add(key)
        if after in self._open:
            self._behind.setdefault(after, []).append(key)
        else:
            heappush(self._ready, key)

    def hurry(self, key: Key) -> None:
        """Start an attempt without regard to the limit of its webhook."""
        self._express.add(key)

    def crowd(self, key: Key) -> None:
        """Start an attempt without regard to any limit."""
        self._crowd.add(key)

    # --- held back by a reorder fault ---------------------------------------------------------

    def hold(self, key: Key, hold: Hold) -> None:
        """Hold an attempt back until later attempts to its webhook have overtaken it."""
        self._release_held(self._holds.hold(key, hold))

    def is_held(self, key: Key) -> bool:
        """Return whether a fault holds the attempt back."""
        return key in self._holds

    def planned(self, key: Key) -> None:
        """Count a planned attempt, which overtakes the attempts that are held back."""
        if self._holds:
            self._release_held(self._holds.overtaken_by(key))

    def release_held(self) -> bool:
        """Release all attempts that are held back; return whether there were any."""
        freed = self._holds.release()
        self._release_held(freed)
        return bool(freed)

    def _release_held(self, freed: Iterable[Freed]) -> None:
        for key, after in freed:
            self.offer(key, after=after)

    # --- attempts that may start --------------------------------------------------------------

    @property
    def has_ready(self) -> bool:
        """Whether an attempt is ready to start; a limit may still prevent it."""
        return bool(self._ready or self._freed)

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is under way or waits to start, except attempts held back."""
        return not (self._running or self._ready or self._full)

    def take(self) -> Key | None:
        """Return the next attempt to start; it counts as under way until `release`."""
        while self._freed:
            self._refill(self._freed.pop())
        while self._ready:
            key = self._ready[0]
            webhook = key[1]
            in_crowd = key in self._crowd
            if len(self._running) >= self._limit and not in_crowd:
                return None
            heappop(self._ready)
            is_full = self._busy[webhook] >= self._places_of(webhook)
            if is_full and not in_crowd and key not in self._express:
                heappush(self._full[webhook], key)
                continue
            self._express.discard(key)
            self._crowd.discard(key)
            self._busy[webhook] += 1
            self._running.add(key)
            return key
        return None

    def _refill(self, webhook: int) -> None:
        full = self._full[webhook]
        for _ in range(min(len(full), self._places_of(webhook) - self._busy[webhook])):
            heappush(self._ready, heappop(full))
        if not full:
            del self._full[webhook]

    def release(self, key: Key) -> None:
        """Remove an attempt that has ended or was not sent."""
        webhook = key[1]
        self._running.discard(key)
        self._busy[webhook] -= 1
        if webhook in self._full:
            self._freed.add(webhook)
        self._open.discard(key)
        chain = self._chain_of.pop(key, None)
        if chain is not None and self._tails[chain] == key:
            del self._tails[chain]
        for behind in self._behind.pop(key, ()):
            heappush(self._ready, behind)

    def note_speed(self, webhook: int, *, is_hanging: bool) -> None:
        """Note how an attempt ended: a hanging consumer gets one attempt at a time."""
        # Otherwise, a few hanging consumers would occupy all attempts.
        self._hangs[webhook] = is_hanging

    def _places_of(self, webhook: int) -> int:
        if webhook in self._hangs:
            return 1 if self._hangs[webhook] else self._webhook_limit
        return min(_AT_FIRST, self._webhook_limit)

    def set_limits(self, *, in_flight: int, per_webhook: int) -> tuple[int, int]:
        """Set the limits of concurrent attempts, and return the previous limits."""
        before = self._limit, self._webhook_limit
        self._limit, self._webhook_limit = in_flight, per_webhook
        return before

    def clear(self) -> None:
        """Remove all attempts."""
        self._holds.clear()
        for waiting in (
            self._ready, self._full, self._freed, self._open, self._behind, self._tails,
            self._chain_of, self._running, self._busy, self._hangs, self._express, self._crowd,
        ):  # fmt: skip
            waiting.clear()
