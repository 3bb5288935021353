"""A load test: phases at a rate, their measurements, and lost updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.load import knee
from emulator.load.measurements import Measurements, Second, percentile
from emulator.load.rate import FASTEST, Rate
from emulator.load.schedule import slots
from emulator.load.thresholds import Expectation, parse
from emulator.load.worker_protocol import (
    LoadedConsumer,
    Phase,
    PhaseEnded,
    Prepare,
    Prepared,
    Reconcile,
    Reconciled,
    Tick,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conformance.target import Target
    from emulator.load.cluster import Master
    from emulator.load.schedule import Traffic

DEFAULT_EXPECTATIONS = (parse("errors<1%"),)
"""The expectations of a run without any of the user's."""

LIMITS = (parse("p99<1s"), parse("errors<1%"), parse("lateness<100ms"))
"""The limits of a search without expectations of the user's."""


class Goal(msgspec.Struct, frozen=True):
    """The rate, the duration and the expectations of a load test.

    Attributes:
        rate: messages a second; of the first phase when the knee is searched.
        seconds: of a phase.
        candidates: how many there are; None for as many as the rate takes in that time.
        is_until_broken: whether to search for the highest rate that meets the expectations.
        expectations: thresholds.
    """

    rate: Rate
    seconds: float
    candidates: int | None
    is_until_broken: bool
    expectations: tuple[Expectation, ...]


class PhaseResult(msgspec.Struct, frozen=True):
    """The result of one phase.

    Attributes:
        seconds: for which messages were due.
        total: all seconds together.
    """

    rate: Rate
    seconds: float
    measurements: Measurements
    total: Second

    @property
    def kept(self) -> float:
        """Messages a second until the last message was sent."""
        return self.total.sent / (self.seconds + percentile(self.total.lateness, 100))


class LoadResult(msgspec.Struct):
    """The result of a load test.

    Attributes:
        phases: in their order; several when the knee was searched.
        sustained: highest rate that met the expectations, and the lowest that did not, if any; None
            when it was not searched.
        reconciled: the comparison with the consumer's state; None without a probe.
    """

    phases: list[PhaseResult] = []
    sustained: tuple[float, float | None] | None = None
    reconciled: Reconciled | None = None


class Run:
    """A load test with its workers.

    Args:
        master: of the workers.
        target: the consumer.
        traffic: the messages.
        on_progress: called during a phase, with its measurements so far.

    Attributes:
        result: the results so far.
    """

    def __init__(
        self,
        master: Master,
        target: Target,
        traffic: Traffic,
        on_progress: Callable[[Phase, Measurements], None],
    ) -> None:
        self.result = LoadResult()
        self._master = master
        self._target = target
        self._traffic = traffic
        self._on_progress = on_progress
        self._first = 0

    def __call__(self, goal: Goal) -> None:
        """Run all phases; the result grows meanwhile.

        Raises:
            EmulatorError: a worker failed, or is lost.
        """
        self._prepare()
        if goal.is_until_broken:
            self._search(goal)
        else:
            self._phase(goal.rate, goal.seconds, goal.candidates)
        if self._target.probe is not None:
            self._master.send(Reconcile())
            for reply in self._master.replies(Reconciled):
                if isinstance(reply, Reconciled):
                    self.result.reconciled = _sum(self.result.reconciled, reply)

    def _prepare(self) -> None:
        consumer, workers = LoadedConsumer.of(self._target), self._master.workers
        for index in range(workers):
            self._master.send(Prepare(consumer, self._traffic, index, workers), index)
        for reply in self._master.replies(Prepared):
            if isinstance(reply, Prepared):
                self._events = reply.events

    def _search(self, goal: Goal) -> None:
        search = knee.rates(goal.rate.start, FASTEST)
        rate = next(search)
        try:
            while True:
                phase = self._phase(Rate(rate, rate), goal.seconds, None)
                is_fine = all(expectation.is_met(phase.total) for expectation in goal.expectations)
                rate = search.send(is_fine)
        except StopIteration as end:
            self.result.sustained = end.value

    def _phase(self, rate: Rate, seconds: float, candidates: int | None) -> PhaseResult:
        total = rate.count(seconds)
        if candidates is not None:
            schedule = slots(
                self._traffic, self._events, rate.mean, first=self._first, candidates=candidates
            )
            total = sum(1 for _ in schedule)
            seconds = total / rate.mean
        phase = Phase(rate, seconds, total, self._first, candidates)
        measurements = Measurements()
        self._master.send(phase)
        for reply in self._master.replies(PhaseEnded):
            if isinstance(reply, Tick):
                measurements.add(reply)
                self._on_progress(phase, measurements)
            elif isinstance(reply, PhaseEnded):
                self._first = max(self._first, reply.candidates)
        result = PhaseResult(rate, seconds, measurements, measurements.total())
        self.result.phases.append(result)
        return result


def _sum(before: Reconciled | None, reply: Reconciled) -> Reconciled:
    if before is None:
        return reply
    return Reconciled(
        before.compared + reply.compared,
        before.undecided + reply.undecided,
        before.differences + reply.differences,
        before.missing + reply.missing,
    )
