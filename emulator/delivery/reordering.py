"""Holds attempts back until later attempts have overtaken them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.domain.ids import chance

if TYPE_CHECKING:
    from emulator.delivery.records import Key

Freed = tuple["Key", "Key | None"]
"""A released attempt, and the attempt for whose end it waits."""


class Hold(msgspec.Struct, frozen=True):
    """How long an attempt is held back.

    Attributes:
        fault: id of the fault.
        after: until this number of later attempts to the same webhook were planned.
        window: instead of *after*: until the fault holds this number of attempts to the webhook,
            which then start in a random order.
    """

    fault: str
    after: int
    window: int | None = None


class Holds:
    """The attempts of one workspace that are held back.

    They are not in the journal; after a restart, they start at once.

    Args:
        seed: for the random order of a window.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._left: dict[Key, int] = {}  # -> how many later attempts are still missing
        self._windows: dict[tuple[int, str], list[Key]] = {}  # webhook and fault -> attempts

    def __bool__(self) -> bool:
        return bool(self._left or self._windows)

    def __contains__(self, key: Key) -> bool:
        return key in self._left or any(key in keys for keys in self._windows.values())

    def clear(self) -> None:
        """Remove all attempts."""
        self._left.clear()
        self._windows.clear()

    def hold(self, key: Key, hold: Hold) -> list[Freed]:
        """Hold an attempt back.

        Args:
            key: the key of the attempt.
            hold: how long.

        Returns:
            The attempts that are released: those of a complete window.
        """
        if hold.window is None:
            self._left[key] = hold.after
            return []
        name = (key[1], hold.fault)
        gathered = self._windows.setdefault(name, [])
        gathered.append(key)
        return self._shuffled(name) if len(gathered) >= hold.window else []

    def overtaken_by(self, key: Key) -> list[Freed]:
        """Count the planned attempt *key*, and return the attempts that start after its end."""
        freed: list[Freed] = []
        for held in sorted(self._left):
            if held[1] == key[1]:
                self._left[held] -= 1
                if not self._left[held]:
                    del self._left[held]
                    freed.append((held, key))
        return freed

    def release(self) -> list[Freed]:
        """Remove and return all attempts."""
        freed: list[Freed] = [(held, None) for held in sorted(self._left)]
        self._left.clear()
        for name in sorted(self._windows):
            freed += self._shuffled(name)
        return freed

    def _shuffled(self, name: tuple[int, str]) -> list[Freed]:
        """Remove and return the attempts of a window in a random order, each after the previous."""
        keys = self._windows.pop(name)
        chance(self._seed, f"fault/{name[1]}/window", keys[0][0]).shuffle(keys)
        return list(zip(keys, [None, *keys[:-1]], strict=True))
