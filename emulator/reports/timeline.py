"""Computes the layout of a case's timeline: attempts in order, a lane for each webhook. Pure."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from emulator.reports.report import Case
    from emulator.workspace.delivery_view import AttemptView, DeliveryView

Look = Literal["good", "bad", "dropped", "waiting"]

MOST_MARKS = 1_000
"""Marks of a timeline; if there are more, accepted attempts are left out."""

WIDE = 1_000
"""Width up to which a smaller timeline is stretched, in pixels."""

_LANE = 38
_TOP = 34
_SLOT = 22.0
_GAP = 52.0
"""Distance between two instants, with room for a label below."""

_STRETCH = 2.2
_LABEL = 42.0
"""Least distance between two labels of the axis."""

_LETTER = 6.6
_LONGEST = 28
"""Letters of a webhook's name that are shown."""


class Mark(msgspec.Struct, frozen=True):
    """An attempt, or a delivery without attempts.

    Attributes:
        x, y: the centre.
        title: the tooltip.
        anchor: the element of the delivery in the page.
    """

    x: float
    y: float
    look: Look
    title: str
    anchor: str


class TimelineTick(msgspec.Struct, frozen=True):
    """A label of the axis: its position, and the time since the first attempt."""

    x: float
    label: str


class Retry(msgspec.Struct, frozen=True):
    """An arc from an attempt of a delivery to the next attempt."""

    x: float
    to: float
    y: float


class Lane(msgspec.Struct, frozen=True):
    """The line of a webhook."""

    name: str
    y: float


class TimelineImage(msgspec.Struct, frozen=True):
    """The layout of a timeline, in pixels.

    Attributes:
        left: where the lanes begin, after their names.
        left_out: how many marks were left out.
    """

    width: float
    height: float
    left: float
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[TimelineTick, ...]
    retries: tuple[Retry, ...]
    left_out: int = 0


class _Event(NamedTuple):
    at: datetime
    number: int  # of the attempt, 0 for none
    delivery: DeliveryView
    attempt: AttemptView | None


def timeline(case: Case, number: int) -> TimelineImage | None:
    """Return the timeline of a case; None if nothing was sent.

    Args:
        case: the case with the deliveries.
        number: its number in the report, for the anchors.
    """
    events = [event for delivery in case.sent for event in _events(delivery)]
    if not events:
        return None
    # Sorting is stable, so that events at the same instant keep the order of their messages.
    events.sort(key=lambda event: event.at)
    shown = _bounded(events)
    names = list(dict.fromkeys(event.delivery.webhook for event in shown))
    lanes = tuple(
        Lane(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…", _TOP + _LANE * place)
        for place, name in enumerate(names)
    )
    left = 20 + _LETTER * min(_LONGEST, max(map(len, names)))
    places, ticks = _placed([event.at for event in shown], left + 26)
    heights = {name: lane.y for name, lane in zip(names, lanes, strict=True)}
    marks = tuple(
        Mark(x, heights[event.delivery.webhook], _look(event), _title(event, tick),
             f"case-{number}-delivery-{event.delivery.id}")
        for event, (x, tick) in zip(shown, places, strict=True)
    )  # fmt: skip
    return TimelineImage(
        width=max(marks[-1].x + 40, WIDE),
        height=_TOP + _LANE * len(lanes) + 6,
        left=left,
        lanes=lanes,
        marks=marks,
        ticks=ticks,
        retries=_retries(shown, marks),
        left_out=len(events) - len(shown),
    )


def elapsed(seconds: float) -> str:
    """Return a length of time in its two largest units: ``2h 5m``, ``30d``, ``1.25s``."""
    if seconds < 60:
        return f"{round(seconds, 3):g}s"
    rest = round(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def _events(delivery: DeliveryView) -> list[_Event]:
    events = [_Event(one.at, one.number, delivery, one) for one in delivery.attempts]
    if not events or delivery.status == "dropped":
        last = events[-1].at if events else delivery.created
        events.append(_Event(last, 0, delivery, None))
    return events


def _bounded(events: list[_Event]) -> list[_Event]:
    spare = len(events) - MOST_MARKS
    shown = []
    for event in events:
        if spare > 0 and _look(event) == "good":
            spare -= 1
        else:
            shown.append(event)
    return shown[:MOST_MARKS]


def _placed(
    times: Sequence[datetime], start: float
) -> tuple[list[tuple[float, str]], tuple[TimelineTick, ...]]:
    """Return the position and the label of each event, and the ticks of the axis."""
    gaps = [_GAP if at != before else _SLOT for before, at in pairwise(times)]
    stretch = max(1.0, min(_STRETCH, (WIDE - start - 40) / (sum(gaps) or 1)))
    places = [start, *(start + gap * stretch for gap in accumulate(gaps))]
    labels = ["start" if at == times[0] else f"+{elapsed((at - times[0]).total_seconds())}"
              for at in times]  # fmt: skip
    ticks: list[TimelineTick] = []
    for x, label, is_new in zip(
        places, labels, [True, *(gap == _GAP for gap in gaps)], strict=True
    ):
        if is_new and (not ticks or x - ticks[-1].x >= _LABEL):
            ticks.append(TimelineTick(x, label))
    return list(zip(places, labels, strict=True)), tuple(ticks)


def _look(event: _Event) -> Look:
    if event.attempt is None:
        return "dropped" if event.delivery.status == "dropped" else "waiting"
    return "good" if event.attempt.success else "bad"


def _title(event: _Event, tick: str) -> str:
    result = event.attempt.answer if event.attempt else event.delivery.status
    attempt = f", attempt {event.number}" if event.number > 1 else ""
    return f"{event.delivery.event}: {result}{attempt}, {tick}"


def _retries(events: list[_Event], marks: tuple[Mark, ...]) -> tuple[Retry, ...]:
    last: dict[str, Mark] = {}
    found = []
    for event, mark in zip(events, marks, strict=True):
        before = last.get(event.delivery.id)
        if before is not None:
            found.append(Retry(before.x, mark.x, mark.y))
        last[event.delivery.id] = mark
    return tuple(found)
