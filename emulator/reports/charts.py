"""Charts of a report as coordinates of an SVG picture. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emulator.reports.report import Chart, Series

_LEFT, _WIDTH, _HEIGHT = 64, 980, 190
_TOP, _BOTTOM = 10, 24
_ROWS, _COLUMNS = 4, 8


class AxisTick(NamedTuple):
    """A label on an axis; *at* is x or y."""

    at: float
    label: str


class ChartLine(NamedTuple):
    """A series; *points* are those of an SVG polyline, *most* is its largest value."""

    name: str
    points: str
    most: str


class Drawn(NamedTuple):
    """A chart with the coordinates of all its parts."""

    title: str
    width: int
    height: int
    left: int
    rows: list[AxisTick]
    columns: list[AxisTick]
    lines: list[ChartLine]


def drawn(chart: Chart) -> Drawn:
    """Return the coordinates of *chart*."""
    points = [point for one in chart.series for point in one.points]
    right = max((x for x, _ in points), default=1.0) or 1.0
    top = _round_up(max((y for _, y in points), default=1.0))

    def x(value: float) -> float:
        return round(_LEFT + value / right * (_WIDTH - _LEFT - 8), 1)

    def y(value: float) -> float:
        return round(_HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM), 1)

    def line(series: Series) -> ChartLine:
        path = " ".join(f"{x(one)},{y(other)}" for one, other in series.points)
        most = max((value for _, value in series.points), default=0.0)
        return ChartLine(series.name, path, _label(most, chart.unit))

    rows = [top * number / _ROWS for number in range(_ROWS + 1)]
    step = max(1, math.ceil(right / _COLUMNS))
    columns = range(0, int(right) + 1, step)
    return Drawn(
        chart.title,
        _WIDTH,
        _HEIGHT,
        _LEFT,
        [AxisTick(y(value), _label(value, chart.unit)) for value in rows],
        [AxisTick(x(value), f"{value}s") for value in columns],
        [line(one) for one in chart.series],
    )


def _label(value: float, unit: str) -> str:
    return f"{value:.3g}{unit}" if value < 1000 else f"{value:,.0f}{unit}"


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 4 and 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 4, 8, 10) if power * step >= value)
