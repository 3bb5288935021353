"""Where the marks of a case's timeline stand: attempts in their order, a lane a webhook. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from emulator.reports.report import Case, ShownAttempt, ShownDelivery

Look = Literal["good", "bad", "dropped", "waiting"]

MOST_MARKS = 1_000
"""Marks of one picture; beyond them, those of what went well are left out."""

_LANE = 34
_TOP = 30
_SLOT = 20
_GAP = 46
"""Between two instants, so that the time that passed has room below."""

_LABEL_ROOM = 54
_LETTER = 6.6


class Mark(msgspec.Struct, frozen=True):
    """One attempt, or a delivery without one.

    Attributes:
        x, y: its middle.
        title: what it is, in words.
        anchor: of the delivery.
    """

    x: float
    y: float
    look: Look
    title: str
    anchor: str


class Tick(msgspec.Struct, frozen=True):
    """An instant at which something happened: where, and how long after the first one."""

    x: float
    label: str


class Retry(msgspec.Struct, frozen=True):
    """An arc from one attempt of a delivery to the next."""

    x: float
    to: float
    y: float


class Lane(msgspec.Struct, frozen=True):
    """One webhook."""

    name: str
    y: float


class Timeline(msgspec.Struct, frozen=True):
    """The picture; lengths in pixels.

    Attributes:
        left: where the lanes begin, after their names.
        left_out: marks for which there was no room.
    """

    width: float
    height: float
    left: float
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    retries: tuple[Retry, ...]
    left_out: int = 0


class _Event(NamedTuple):
    at: datetime
    number: int  # of the attempt, 0 for none
    delivery: ShownDelivery
    attempt: ShownAttempt | None


def timeline(case: Case, number: int) -> Timeline | None:
    """Return the picture of a case; None when nothing was sent.

    Args:
        case: whose deliveries.
        number: of the case in its report, for the anchors.
    """
    events = [event for delivery in case.sent for event in _events(delivery)]
    if not events:
        return None
    # Sorting is stable: at one instant, the order of the messages stays.
    events.sort(key=lambda event: event.at)
    shown = _bounded(events)
    names = list(dict.fromkeys(event.delivery.webhook for event in shown))
    lanes = tuple(Lane(name, _TOP + _LANE * place) for place, name in enumerate(names))
    left = 24 + _LETTER * max(len(name[:28]) for name in names)
    places, ticks = _placed([event.at for event in shown], left + 16)
    heights = {lane.name: lane.y for lane in lanes}
    marks = tuple(
        Mark(x, heights[event.delivery.webhook], _look(event), _title(event, tick),
             f"case-{number}-delivery-{event.delivery.id}")
        for event, (x, tick) in zip(shown, places, strict=True)
    )  # fmt: skip
    return Timeline(
        width=marks[-1].x + 40,
        height=_TOP + _LANE * len(lanes) + 14,
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


def _events(delivery: ShownDelivery) -> list[_Event]:
    events = [_Event(one.at, one.number, delivery, one) for one in delivery.attempts]
    if not events or delivery.status == "dropped":
        last = events[-1].at if events else delivery.at
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
) -> tuple[list[tuple[float, str]], tuple[Tick, ...]]:
    """Return the place of each event with its label, and the ticks of the axis."""
    x, labelled, before = start, 0.0, times[0]
    places: list[tuple[float, str]] = []
    ticks: list[Tick] = []
    for at in times:
        if places:
            x += _GAP if at != before else _SLOT
        label = f"+{elapsed((at - times[0]).total_seconds())}" if at != times[0] else "start"
        if not places or (at != before and x - labelled >= _LABEL_ROOM - 12):
            ticks.append(Tick(x, label))
            labelled = x
        places.append((x, label))
        before = at
    return places, tuple(ticks)


def _look(event: _Event) -> Look:
    if event.attempt is None:
        return "dropped" if event.delivery.status == "dropped" else "waiting"
    return "good" if event.attempt.is_success else "bad"


def _title(event: _Event, tick: str) -> str:
    what = event.attempt.answer if event.attempt else event.delivery.status
    attempt = f", attempt {event.number}" if event.number > 1 else ""
    return f"{event.delivery.event}: {what}{attempt}, {tick}"


def _retries(events: list[_Event], marks: tuple[Mark, ...]) -> tuple[Retry, ...]:
    last: dict[str, Mark] = {}
    found = []
    for event, mark in zip(events, marks, strict=True):
        before = last.get(event.delivery.id)
        if before is not None:
            found.append(Retry(before.x, mark.x, mark.y))
        last[event.delivery.id] = mark
    return tuple(found)
