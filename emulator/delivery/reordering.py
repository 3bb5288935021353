"""Attempts that are held back until later ones have overtaken them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.domain.ids import chance

if TYPE_CHECKING:
    from emulator.delivery.records import Key

Freed = tuple["Key", "Key | None"]
"""An attempt that goes on, and the one for whose end it waits."""


class Hold(msgspec.Struct, frozen=True):
    """How long an attempt is held back.

    Attributes:
        fault: id of the fault that holds it back.
        after: until that many later attempts to the same webhook were planned.
        window: in place of *after*: until the fault holds that many attempts to the webhook,
            which then start in a random order.
    """

    fault: str
    after: int
    window: int | None = None


class Holds:
    """Holds attempts of one workspace back, each for later ones to the same webhook.

    Nothing of it is in the journal: after a restart, what was held goes out at once.

    Args:
        seed: of the order in which a window is let go.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._left: dict[Key, int] = {}  # -> how many later ones are still to be planned
        self._windows: dict[tuple[int, str], list[Key]] = {}  # webhook and fault -> gathered

    def __bool__(self) -> bool:
        return bool(self._left or self._windows)

    def __contains__(self, key: Key) -> bool:
        return key in self._left or any(key in keys for keys in self._windows.values())

    def clear(self) -> None:
        """Forget all of them."""
        self._left.clear()
        self._windows.clear()

    def hold(self, key: Key, hold: Hold) -> list[Freed]:
        """Hold an attempt back.

        Args:
            key: of the attempt.
            hold: how long.

        Returns:
            The attempts that go on because of it: those of a window that is full.
        """
        if hold.window is None:
            self._left[key] = hold.after
            return []
        name = (key[1], hold.fault)
        gathered = self._windows.setdefault(name, [])
        gathered.append(key)
        return self._shuffled(name) if len(gathered) >= hold.window else []

    def overtaken_by(self, key: Key) -> list[Freed]:
        """Return those that go on once the attempt *key*, just planned, has ended."""
        freed: list[Freed] = []
        for held in sorted(self._left):
            if held[1] == key[1]:
                self._left[held] -= 1
                if not self._left[held]:
                    del self._left[held]
                    freed.append((held, key))
        return freed

    def release(self) -> list[Freed]:
        """Return all that are held; nothing is any more."""
        freed: list[Freed] = [(held, None) for held in sorted(self._left)]
        self._left.clear()
        for name in sorted(self._windows):
            freed += self._shuffled(name)
        return freed

    def _shuffled(self, name: tuple[int, str]) -> list[Freed]:
        """Return what a window has gathered, in a drawn order, one after the other."""
        keys = self._windows.pop(name)
        chance(self._seed, f"fault/{name[1]}/window", keys[0][0]).shuffle(keys)
        return list(zip(keys, [None, *keys[:-1]], strict=True))
