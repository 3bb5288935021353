"""The order in which messages of many candidates arrive. Pure, and the same for each worker.

A candidate's messages are spread over time, between the messages of others. The rate determines
when the next message is due, and the schedule which message it is.
"""

from __future__ import annotations

import heapq
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from emulator.domain.ids import chance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

DEFAULT_MIX = {
    "COMPLETED": 60.0,
    "INVITATION_EXPIRED": 15.0,
    "IN_PROGRESS": 10.0,
    "DISQUALIFIED": 10.0,
    "REJECTED": 5.0,
}
"""Status in which a candidate ends -> weight (assumed: no figures are published)."""


class Traffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The messages of a load test, apart from their rate.

    Attributes:
        seed: of all that is drawn.
        mix: status in which a candidate ends -> weight.
        gap: mean seconds between two events of one candidate.
        duplicates: share of messages that are sent twice, from 0 to 1.
        reordered: share of events whose messages arrive after those of the next event.
    """

    seed: int
    mix: dict[str, float] = msgspec.field(default_factory=lambda: dict(DEFAULT_MIX))
    gap: float = 1.0
    duplicates: float = 0.0
    reordered: float = 0.0


class Slot(NamedTuple):
    """A message at its place in the schedule.

    Attributes:
        candidate: number, from 0.
        status: in which the candidate ends.
        message: its index among the messages of the candidate.
    """

    candidate: int
    status: str
    message: int


def slots(
    traffic: Traffic,
    events: Mapping[str, tuple[int, ...]],
    rate: float,
    *,
    first: int = 0,
    candidates: int | None = None,
) -> Iterator[Slot]:
    """Yield the messages in the order of their arrival.

    Args:
        traffic: the messages.
        events: status -> how many messages each event of such a candidate has, in their order.
        rate: messages a second: how many messages of other candidates fit into a gap.
        first: number of the first candidate.
        candidates: how many there are; without end when left out.
    """
    length = _mean_length(traffic, events)
    numbers = count(first) if candidates is None else range(first, first + candidates)
    waiting: list[tuple[float, int, Slot]] = []
    order = count()  # two messages at the same time keep the order in which they were planned
    for place, number in enumerate(numbers):
        start = place * length
        while waiting and waiting[0][0] <= start:
            yield heapq.heappop(waiting)[2]
        for at, slot in life(traffic, events, number, traffic.gap * rate):
            heapq.heappush(waiting, (start + at, next(order), slot))
    while waiting:
        yield heapq.heappop(waiting)[2]


def mine(
    schedule: Iterator[Slot], total: int, index: int, workers: int
) -> Iterator[tuple[int, Slot]]:
    """Yield place and message of those that belong to one worker: whole candidates.

    Args:
        schedule: of all workers.
        total: how many of its messages are sent.
        index: of the worker, from 0.
        workers: how many there are.
    """
    for place, slot in enumerate(islice(schedule, total)):
        if slot.candidate % workers == index:
            yield place, slot


def _mean_length(traffic: Traffic, events: Mapping[str, tuple[int, ...]]) -> float:
    total = sum(traffic.mix.values())
    messages = sum(weight * sum(events[status]) for status, weight in traffic.mix.items())
    return messages / total * (1 + traffic.duplicates)


def life(
    traffic: Traffic, events: Mapping[str, tuple[int, ...]], number: int, gap: float
) -> Iterator[tuple[float, Slot]]:
    """Yield the messages of one candidate, each with its distance from the first.

    Args:
        traffic: the messages.
        events: as for `slots`.
        number: of the candidate.
        gap: mean distance between two events; distances have its unit.
    """
    draw = chance(traffic.seed, "load", number)
    [status] = draw.choices(list(traffic.mix), list(traffic.mix.values()))
    at, message = 0.0, 0
    for size in events[status]:
        is_late = draw.random() < traffic.reordered
        late = _pause(draw, gap) + gap if is_late else 0.0
        for _ in range(size):
            slot = Slot(number, status, message)
            yield at + late, slot
            if draw.random() < traffic.duplicates:
                yield at + late + _pause(draw, gap), slot
            message += 1
        at += _pause(draw, gap)


def _pause(draw: Random, gap: float) -> float:
    """Return a pause with the mean *gap*, half of it at least, like a person's."""
    return gap * (0.5 + draw.expovariate(2))
