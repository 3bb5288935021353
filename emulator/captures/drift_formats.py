"""Writes a comparison as text, JSON, Markdown or workflow commands of GitHub. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from emulator.decoding import indented
from emulator.printing import printable
from emulator.reports.github import escaped_markdown, escaped_message, escaped_property

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.captures.drift import Comparison, Drift

_TABLE = """\
| Event type | Where | Drift | Captures | Example | Contradicts |
|---|---|---|---|---|---|
"""


def text(comparison: Comparison) -> str:
    """Return a line for each difference, below its event type, and a summary."""
    lines: list[str] = []
    group = None
    for drift in comparison.drifts:
        if (drift.generation, drift.event) != group:
            group = (drift.generation, drift.event)
            lines.append(printable(f"{drift.event} ({drift.generation})"))
        lines.append(printable(f"  {drift.path}: {_words(drift)}"))
    return "\n".join([*lines, summary(comparison)])


def json(comparison: Comparison) -> str:
    """Return a document with all differences."""
    drifts = [
        msgspec.structs.asdict(drift) | {"meaning": drift.meaning} for drift in comparison.drifts
    ]
    found = {"compared": comparison.compared, "skipped": comparison.skipped, "drifts": drifts}
    return indented(msgspec.json.encode(found))


def markdown(comparison: Comparison) -> str:
    """Return a table of the differences, and a summary."""
    rows = "".join(
        f"| {_cells(drift.event, drift.path, drift.kind)} | {drift.count} of {drift.of} "
        f"| {_cells(drift.example)} | {drift.provenance}: a {drift.meaning} |\n"
        for drift in comparison.drifts
    )
    return (f"{_TABLE}{rows}\n" if rows else "") + summary(comparison)


def github(comparison: Comparison) -> str:
    """Return a workflow command for each difference: errors for changes, else notices."""
    lines = [
        f"::{'error' if drift.meaning == 'change' else 'notice'} "
        f"title={escaped_property(printable(f'{drift.event} {drift.path}'))}"
        f"::{escaped_message(printable(_words(drift)))}"
        for drift in comparison.drifts
    ]
    return "\n".join([*lines, summary(comparison)])


def summary(comparison: Comparison) -> str:
    """Return the numbers in one line."""
    drifts = comparison.drifts
    changes = sum(drift.meaning == "change" for drift in drifts)
    skipped = "".join(f"; {count} {name} skipped" for name, count in comparison.skipped.items())
    found = f"changes: {changes}, discoveries: {len(drifts) - changes}" if drifts else "no drift"
    return f"{comparison.compared} {comparison.of} compared{skipped}: {found}"


def _words(drift: Drift) -> str:
    example = f", such as {drift.example}" if drift.example else ""
    if drift.kind == "new order":
        example = f": {drift.example}"
    known = f"{drift.provenance}: a {drift.meaning}"
    return f"{drift.kind} in {drift.count} of {drift.of}{example} ({known})"


def _cells(*texts: str) -> str:
    return " | ".join(map(escaped_markdown, texts))


FORMATS: Mapping[str, Callable[[Comparison], str]] = MappingProxyType(
    {"text": text, "json": json, "markdown": markdown, "github": github}
)
"""Name -> function that writes a comparison in that format."""
