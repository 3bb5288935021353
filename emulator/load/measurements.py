"""Measurements by the second, with HDR histograms.

Latency counts from the moment at which a message was due, not from when it was sent: a consumer
that slows down the sender cannot hide its latency (coordinated omission).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hdrh.histogram import HdrHistogram

from emulator.load.worker_protocol import Tick

if TYPE_CHECKING:
    from collections.abc import Iterable

STATUS = "status "
"""Start of the reason of a message that was answered but not accepted."""

_LONGEST = 3_600_000_000  # microseconds: an hour
_DIGITS = 3


def histogram() -> HdrHistogram:
    """Return an empty histogram of microseconds, up to an hour, to three digits."""
    return HdrHistogram(1, _LONGEST, _DIGITS)


class Second:
    """The messages that were due in one second, and the number of messages sent in it."""

    def __init__(self) -> None:
        self.scheduled = 0
        self.sent = 0
        self.accepted = 0
        self.errors: Counter[str] = Counter()
        self.latency = histogram()
        self.service = histogram()
        self.lateness = histogram()

    def note(self, *, late: float, took: float, error: str) -> None:
        """Record the result of a message.

        Args:
            late: seconds from when it was due to when it was sent.
            took: seconds from there to its answer, or to its failure.
            error: why it was not accepted; empty if it was.
        """
        self.lateness.record_value(_microseconds(late))
        self.latency.record_value(_microseconds(late + took))
        self.service.record_value(_microseconds(took))
        if error:
            self.errors[error] += 1
        else:
            self.accepted += 1

    def add(self, tick: Tick) -> None:
        """Add the measurements of a worker."""
        self.scheduled += tick.scheduled
        self.sent += tick.sent
        self.accepted += tick.accepted
        self.errors.update(tick.errors)
        self.latency.decode_and_add(tick.latency)
        self.service.decode_and_add(tick.service)
        self.lateness.decode_and_add(tick.lateness)

    def tick(self, second: int) -> Tick:
        """Return it as a worker reports it."""
        return Tick(
            second,
            self.scheduled,
            self.sent,
            self.accepted,
            dict(self.errors),
            self.latency.encode().decode(),
            self.service.encode().decode(),
            self.lateness.encode().decode(),
        )

    @property
    def answered(self) -> int:
        """The number of messages that got an answer with any status."""
        refused = (one for reason, one in self.errors.items() if reason.startswith(STATUS))
        return self.accepted + sum(refused)

    @property
    def failed(self) -> int:
        """The number of messages that were not accepted."""
        return self.errors.total()


class Measurements:
    """The measurements of one phase, over all workers."""

    def __init__(self) -> None:
        self.seconds: dict[int, Second] = {}

    def add(self, tick: Tick) -> None:
        """Add the measurements of a worker."""
        self.seconds.setdefault(tick.second, Second()).add(tick)

    def total(self) -> Second:
        """Return all seconds together."""
        return _sum(self.seconds.values())


def percentile(measured: HdrHistogram, percent: float) -> float:
    """Return the seconds below which *percent* of the values are; 0 without values."""
    return float(measured.get_value_at_percentile(percent)) / 1e6 if measured.total_count else 0.0


def _sum(seconds: Iterable[Second]) -> Second:
    whole = Second()
    for second in seconds:
        whole.scheduled += second.scheduled
        whole.sent += second.sent
        whole.accepted += second.accepted
        whole.errors.update(second.errors)
        whole.latency.add(second.latency)
        whole.service.add(second.service)
        whole.lateness.add(second.lateness)
    return whole


def _microseconds(seconds: float) -> int:
    return min(max(round(seconds * 1e6), 1), _LONGEST)
