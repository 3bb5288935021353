"""A report as one self-contained HTML page without scripts."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from emulator.decoding import indented
from emulator.durations import instant, show
from emulator.reports.charts import drawn
from emulator.reports.report import STATUSES
from emulator.reports.timeline import elapsed, timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Template

    from emulator.reports.report import Report
    from emulator.workspace.delivery_view import DeliveryView

NAME = "html"
FILE = "report.html"
SUMMARY = "a self-contained page: open it from a disk, an e-mail or a CI artifact"

MOST_BODIES = 500
"""Deliveries whose requests and responses the page shows; failed deliveries have priority."""

LONGEST_BODY = 20_000
"""Characters of a body that the page shows; `report.json` has the whole body."""

_FEW = 10.0
"""Milliseconds below which a duration is shown with a fraction."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def document(report: Report) -> bytes:
    """Return *report* as a page in UTF-8."""
    page = _template().render(
        report=report,
        statuses=[(status, report.count(status)) for status in STATUSES],
        charts=[[drawn(chart) for chart in case.charts] for case in report.cases],
        timelines=[timeline(case, number) for number, case in enumerate(report.cases, start=1)],
        detailed=_detailed(report),
        sent=[one for case in report.cases for one in case.sent],
        failures=[finding for finding in report.findings if finding.is_failure],
        undelivered=[finding for finding in report.findings if not finding.is_failure],
        opened=_opened(report),
    )
    # Browsers show control characters as boxes or not at all, so escape them.
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", page).encode()


@functools.cache  # compiling it takes longer than rendering most reports
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        took=took,
        instant=lambda at: instant(at).replace("T", " ").replace("Z", " UTC"),
        elapsed=elapsed,
        pretty=pretty,
        as_json=lambda payload: msgspec.json.encode(payload).decode(),
    )
    source = files("emulator.reports").joinpath("report.html.jinja").read_text("utf-8")
    return environment.from_string(source)


def took(milliseconds: float) -> str:
    """Return a duration as text, with a fraction below ten milliseconds."""
    if milliseconds < _FEW:
        return f"{milliseconds:.1f}ms".replace("0.0", "0")
    return show(round(milliseconds) / 1000)


def pretty(body: str) -> str:
    """Return a body, indented if it is JSON, and cut at `LONGEST_BODY`."""
    shown = indented(body.encode("utf-8", "backslashreplace"))
    more = len(shown) - LONGEST_BODY
    return shown if more <= 0 else f"{shown[:LONGEST_BODY]}\n... and {more} more characters"


def _detailed(report: Report) -> set[tuple[int, str]]:
    """Return case number and id of the deliveries that the page shows with their bodies."""
    ranked = sorted(_numbered(report), key=lambda one: one[1].status == "succeeded")
    return {(number, delivery.id) for number, delivery in ranked[:MOST_BODIES]}


def _opened(report: Report) -> set[tuple[int, str]]:
    """Return the first failed delivery of each case, which the page shows unfolded."""
    first: dict[int, str] = {}
    for number, delivery in _numbered(report):
        if delivery.status == "failed":
            first.setdefault(number, delivery.id)
    return set(first.items())


def _numbered(report: Report) -> Iterator[tuple[int, DeliveryView]]:
    for number, case in enumerate(report.cases, start=1):
        for delivery in case.sent:
            yield number, delivery
