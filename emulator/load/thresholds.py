"""Thresholds of a load test: ``p99<200ms``, ``errors<0.1%``. Pure."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING

import msgspec

from emulator import durations
from emulator.errors import InvalidInputError, UnknownNameError
from emulator.load.measurements import percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.load.measurements import Second

_FORM = re.compile(r"\s*(?P<metric>[a-z]+[0-9.]*)\s*(?P<sign><=?)\s*(?P<limit>\S+)\s*")
_PERCENTILE = re.compile(r"p(?P<percent>[0-9]{1,2}(?:\.[0-9]+)?)")
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<": operator.lt, "<=": operator.le}
_METRICS = ("p50", "p95", "p99", "p99.9", "max", "errors", "lateness")
_EXAMPLES = "expected one like 'p99<200ms', 'errors<0.1%' or 'lateness<50ms'"


class Expectation(msgspec.Struct, frozen=True):
    """A threshold.

    Attributes:
        text: as the user wrote it.
        metric: ``p50`` to ``p99.99`` and ``max`` of the latency, ``lateness`` (its 99th
            percentile), or ``errors`` (their share).
        sign: ``<`` or ``<=``.
        limit: seconds, or a share from 0 to 1.
    """

    text: str
    metric: str
    sign: str
    limit: float

    def value(self, measured: Second) -> float:
        """Return the measured value, in the unit of the limit."""
        match self.metric:
            case "errors":
                return measured.failed / measured.scheduled if measured.scheduled else 0.0
            case "lateness":
                return percentile(measured.lateness, 99)
            case "max":
                return percentile(measured.latency, 100)
            case _:
                return percentile(measured.latency, float(self.metric[1:]))

    def is_met(self, measured: Second) -> bool:
        """Return whether the measured value is within the limit."""
        return _SIGNS[self.sign](self.value(measured), self.limit)

    def shown(self, measured: Second) -> str:
        """Return the measured value for people."""
        value = self.value(measured)
        return share(value) if self.metric == "errors" else milliseconds(value)


def parse(text: str) -> Expectation:
    """Parse a threshold: ``p99<200ms``.

    Raises:
        InvalidInputError: not a threshold.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        message = f"not an expectation: {text!r}; {_EXAMPLES}"
        raise InvalidInputError(message, path="--expect")
    metric = match["metric"]
    if metric not in _METRICS and not _PERCENTILE.fullmatch(metric):
        raise UnknownNameError("metric", metric, _METRICS, path="--expect", show_all=True)
    return Expectation(text.strip(), metric, match["sign"], _limit(metric, match["limit"], text))


def share(value: float) -> str:
    """Return a share from 0 to 1 in percent."""
    return f"{value * 100:.3g}%"


def milliseconds(seconds: float) -> str:
    """Return a length of time to three digits."""
    return f"{seconds:.3g}s" if seconds >= 1 else f"{seconds * 1000:.3g}ms"


def _limit(metric: str, text: str, whole: str) -> float:
    if metric != "errors":
        return durations.parse(text)
    number = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]+)?)%", text)
    if number is None or float(number[1]) > 100:
        message = f"not a share: {text!r} in {whole!r}; expected a percentage, as in 'errors<0.1%'"
        raise InvalidInputError(message, path="--expect")
    return float(number[1]) / 100
