"""The rate of messages, constant or increasing, and when each message is due. Pure."""

from __future__ import annotations

import math
import re

import msgspec

from emulator.errors import InvalidInputError

_UNITS = {"s": 1.0, "m": 60.0}
_FORM = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,6})?)/(?P<unit>s|m)")
FASTEST = 1_000_000.0
"""Messages a second."""


class Rate(msgspec.Struct, frozen=True):
    """A rate of arrivals that changes linearly from start to end.

    Attributes:
        start, end: messages a second.
    """

    start: float
    end: float

    @property
    def mean(self) -> float:
        """Messages a second, over the whole time."""
        return (self.start + self.end) / 2

    def count(self, seconds: float) -> int:
        """Return how many messages are due within *seconds*."""
        return round(self.mean * seconds)

    def at(self, second: float, seconds: float) -> float:
        """Return the rate *second* seconds after the start of *seconds* seconds."""
        return self.start + (self.end - self.start) * min(second / seconds, 1)

    def due(self, number: int, seconds: float) -> float:
        """Return the seconds after the start at which a message is due.

        Args:
            number: of the message, from 0.
            seconds: in which the rate rises from its start to its end.
        """
        # The time at which the integral of the rate reaches `number`.
        acceleration = (self.end - self.start) / seconds
        return 2 * number / (self.start + math.sqrt(self.start**2 + 2 * acceleration * number))

    def __str__(self) -> str:
        if self.start == self.end:
            return f"{self.start:g}/s"
        return f"{self.start:g}/s..{self.end:g}/s"


def parse(text: str) -> Rate:
    """Parse a rate: ``500/s``, ``30/m`` or ``10/s..1000/s``.

    Raises:
        InvalidInputError: not a rate, zero, or a decreasing rate.
    """
    first, dots, last = text.partition("..")
    start = _number(first, text)
    end = _number(last, text) if dots else start
    if start > end:
        message = f"the rate {text!r} decreases; expected an increasing rate, as in '10/s..1000/s'"
        raise InvalidInputError(message)
    return Rate(start, end)


def _number(part: str, text: str) -> float:
    match = _FORM.fullmatch(part.strip())
    if match is None:
        message = f"not a rate: {text!r}; expected one like '500/s', '30/m' or '10/s..1000/s'"
        raise InvalidInputError(message)
    number = float(match["number"]) / _UNITS[match["unit"]]
    if not 0 < number <= FASTEST:
        message = f"the rate {text!r} is out of range; expected above 0, up to {FASTEST:.0f}/s"
        raise InvalidInputError(message)
    return number
