"""Computes the layout of a case's timeline: attempts in order, a lane for each webhook. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from emulator.reports.report import Case
    from emulator.workspace.delivery_view import AttemptView, DeliveryView

Look = Literal["good", "bad", "dropped", "waiting"]

MOST_MARKS = 1_000
"""Marks of a timeline; if there are more, accepted attempts are left out."""

_NARROWEST = 1_000  # pixels
_TOP, _LANE = 34, 38
_SLOT = 44.0
"""Distance between two marks, with room for a label below."""

_LETTER = 6.6
_LONGEST = 28
"""Letters of a webhook's name that are shown."""


class Mark(NamedTuple):
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


class TimelineImage(NamedTuple):
    """The layout of a timeline, in pixels.

    Attributes:
        left: where the lanes begin, after their names.
        lanes: name and y of each webhook.
        ticks: x and text of the labels of the axis: the time since the first attempt.
        retries: arcs between two attempts of a delivery: x of both, and y.
        left_out: how many marks were left out.
    """

    width: float
    height: float
    left: float
    lanes: list[tuple[str, float]]
    marks: list[Mark]
    ticks: list[tuple[float, str]]
    retries: list[tuple[float, float, float]]
    left_out: int


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
    heights = {name: float(_TOP + _LANE * place) for place, name in enumerate(names)}
    left = 20 + _LETTER * min(_LONGEST, max(map(len, names)))
    labels = [_label((event.at - shown[0].at).total_seconds()) for event in shown]
    marks = [
        Mark(left + 26 + _SLOT * place, heights[event.delivery.webhook], _look(event),
             _title(event, label), f"case-{number}-delivery-{event.delivery.id}")
        for place, (event, label) in enumerate(zip(shown, labels, strict=True))
    ]  # fmt: skip
    return TimelineImage(
        width=max(marks[-1].x + _SLOT, _NARROWEST),
        height=_TOP + _LANE * len(names) + 6,
        left=left,
        lanes=[(_cut(name), y) for name, y in heights.items()],
        marks=marks,
        ticks=[
            (marks[place].x, label)
            for place, label in enumerate(labels)
            if place == 0 or shown[place].at != shown[place - 1].at
        ],
        retries=list(_retries(marks)),
        left_out=len(events) - len(shown),
    )


def _retries(marks: list[Mark]) -> Iterator[tuple[float, float, float]]:
    last: dict[str, Mark] = {}
    for mark in marks:
        if mark.anchor in last:
            yield last[mark.anchor].x, mark.x, mark.y
        last[mark.anchor] = mark


def _label(seconds: float) -> str:
    return f"+{elapsed(seconds)}" if seconds else "start"


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
    events = [
        _Event(attempt.at, attempt.number, delivery, attempt) for attempt in delivery.attempts
    ]
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


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _look(event: _Event) -> Look:
    if event.attempt is None:
        return "dropped" if event.delivery.status == "dropped" else "waiting"
    return "good" if event.attempt.success else "bad"


def _title(event: _Event, label: str) -> str:
    result = event.attempt.answer if event.attempt else event.delivery.status
    attempt = f", attempt {event.number}" if event.number > 1 else ""
    return f"{event.delivery.event}: {result}{attempt}, {label}"
