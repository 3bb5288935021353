"""What a measurement gives: rows of a table, and how they are printed."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        what: was measured.
        value: with its unit.
        target: what it should be; empty when it is for orientation.
        detail: what stands behind the value.
    """

    what: str
    value: str
    target: str = ""
    detail: str = ""


_HEAD = Row("Measured", "Value", "Target", "Detail")


def ratio(values: Sequence[float]) -> str:
    """Return paired ratios as text: the median, and the middle half of them."""
    if len(values) < 2:
        return f"{values[0]:.2f}"
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def text(rows: Iterable[Row]) -> str:
    """Return the table for a terminal."""
    table = [_HEAD, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    return "\n".join(
        "  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row.detail]).rstrip()
        for row in table
    )


def markdown(rows: Iterable[Row]) -> str:
    """Return the table for the docs."""
    lines = [_HEAD, Row("---", "---", "---", "---"), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
