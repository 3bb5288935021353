"""Decides which of the due attempts may start next. Pure, without an event loop.

It holds keys, never messages: a waiting delivery is a record in the journal, not a task.

Order: the first attempt of a candidate's next message to a webhook starts after the first attempt
of the previous message ended. Attempts that may start do so in the order of their keys; with one
attempt in flight at a time that is lockstep.
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
"""Attempts at once to a webhook that has not answered yet."""

Chain = tuple[int, str]
"""Webhook number and subject: deliveries that are sent one after the other."""


class AttemptQueue:
    """The attempts of one workspace that wait to start, and those under way.

    Args:
        in_flight: how many attempts may be under way at once; 1 is lockstep.
        per_webhook: how many of them to one webhook, so that a slow consumer delays no other.
        seed: for the order in which a reorder fault releases a window of attempts.
    """

    def __init__(self, *, in_flight: int, per_webhook: int, seed: int) -> None:
        self._limit = in_flight
        self._webhook_limit = per_webhook
        self._holds = Holds(seed)
        self._ready: list[Key] = []  # a heap
        self._full: dict[int, list[Key]] = defaultdict(list)  # ready, but the webhook is full
        self._open: set[Key] = set()  # offered and not ended yet
        self._behind: dict[Key, list[Key]] = {}  # key -> attempts that wait for its end
        self._tails: dict[Chain, Key] = {}  # the last attempt of each chain
        self._chain_of: dict[Key, Chain] = {}
        self._running: set[Key] = set()
        self._busy: dict[int, int] = defaultdict(int)  # webhook -> attempts under way
        self._places: dict[int, int] = {}  # webhook -> attempts that it may have under way
        self._express: set[Key] = set()  # past the webhook's limit: a caller waits for these
        self._crowd: set[Key] = set()  # past every limit: a flood

    def offer(self, key: Key, subject: str = "", *, after: Key | None = None) -> None:
        """Add an attempt that is due.

        Args:
            key: of the attempt.
            subject: makes it wait for earlier attempts of that subject to that webhook; empty
                for retries and manual attempts, which delay nothing.
            after: makes it wait for the end of that attempt, unless it has ended.
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
        """Let an attempt that was just offered start although its webhook is full."""
        self._express.add(key)

    def crowd(self, key: Key) -> None:
        """Let an attempt that was just offered start whatever the limits are: a flood."""
        self._crowd.add(key)

    # --- held back by a reorder fault ---------------------------------------------------------

    def hold(self, key: Key, hold: Hold) -> None:
        """Hold an attempt back until later attempts to its webhook have overtaken it."""
        self._release_held(self._holds.hold(key, hold))

    def is_held(self, key: Key) -> bool:
        """Return whether a fault holds the attempt back."""
        return key in self._holds

    def planned(self, key: Key) -> None:
        """Count an attempt that was just planned: it overtakes those that are held back."""
        if self._holds:
            self._release_held(self._holds.overtaken_by(key))

    def release_held(self) -> bool:
        """Offer every attempt that is held back, and return whether there was any."""
        freed = self._holds.release()
        self._release_held(freed)
        return bool(freed)

    def _release_held(self, freed: Iterable[Freed]) -> None:
        for key, after in freed:
            self.offer(key, after=after)

    # --- what may start -----------------------------------------------------------------------

    @property
    def has_ready(self) -> bool:
        """Whether an attempt is ready; a limit may still keep it from starting."""
        return bool(self._ready)

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is under way and none waits to start; held ones do not count."""
        return not (self._running or self._ready or self._full)

    def take(self) -> Key | None:
        """Return the next attempt that may start, and count it as under way until `release`."""
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

    def release(self, key: Key) -> None:
        """Note that an attempt ended, or that there was nothing to send; others take its place."""
        webhook = key[1]
        self._running.discard(key)
        self._busy[webhook] -= 1
        if webhook in self._full:
            full = self._full[webhook]
            for _ in range(min(len(full), self._places_of(webhook) - self._busy[webhook])):
                heappush(self._ready, heappop(full))
            if not full:
                del self._full[webhook]
        self._open.discard(key)
        chain = self._chain_of.pop(key, None)
        if chain is not None and self._tails[chain] == key:
            del self._tails[chain]
        for behind in self._behind.pop(key, ()):
            heappush(self._ready, behind)

    def note_speed(self, webhook: int, *, is_hanging: bool) -> None:
        """Remember whether a webhook answers: one that hangs gets one attempt at a time."""
        # A few consumers that hang would otherwise fill all places, again and again.
        self._places[webhook] = 1 if is_hanging else self._webhook_limit

    def _places_of(self, webhook: int) -> int:
        return self._places.get(webhook, min(_AT_FIRST, self._webhook_limit))

    def set_limits(self, *, in_flight: int, per_webhook: int) -> tuple[int, int]:
        """Set other limits of attempts under way at once, and return those before."""
        before = self._limit, self._webhook_limit
        self._limit, self._webhook_limit = in_flight, per_webhook
        return before

    def clear(self) -> None:
        """Forget every attempt, those under way too."""
        self._holds.clear()
        for waiting in (
            self._ready, self._full, self._open, self._behind, self._tails, self._chain_of,
            self._running, self._busy, self._places, self._express, self._crowd,
        ):  # fmt: skip
            waiting.clear()
