"""Effects: the state that deliveries lead to, as the probe shows it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.conformance import sample_messages
from emulator.conformance.assertions import (
    accepted,
    counted,
    given,
    new_life,
    seen,
    unchanged,
    visible,
)
from emulator.conformance.check import Check
from emulator.conformance.outcomes import FailedError, SkippedError
from emulator.conformance.sample_messages import ENDS
from emulator.conformance.session import CHANGED
from emulator.faults import Duplicate

if TYPE_CHECKING:
    from emulator.conformance.sample_messages import Life
    from emulator.conformance.session import Session
    from emulator.conformance.state import ConsumerState

DAY = 86_400.0

_AT_ONCE = 8

_COUNTED = ("COMPLETED", "REJECTED")
"""Statuses of candidates who completed."""


async def _lands(session: Session, end: str) -> None:
    life = await new_life(session, end)
    life[end]  # skips the check if the consumer subscribes to no event of this status
    for event, status in life.sent:  # in chronological order
        if event != CHANGED or not life.has_event_of(status):
            continue
        await given(session, life[status])
        if status == end or session.target.shows(status):
            await seen(session, life, status)


async def _once(session: Session) -> None:
    life = await new_life(session)
    await given(session, life["COMPLETED"])
    await counted(session, life)


async def _repeated(session: Session) -> None:
    life = await new_life(session)
    session.workspace.inject(Duplicate(times=1))
    delivery = await given(session, life["COMPLETED"])
    accepted(session.delivery(delivery.id), "the same message, repeated")
    await counted(session, life)


async def _another_id(session: Session) -> None:
    life = await new_life(session)
    await given(session, life["COMPLETED"])
    accepted(
        await session.send(life["COMPLETED"], CHANGED), "the same payload with another message id"
    )
    await counted(session, life)


async def _a_day_later(session: Session) -> None:
    life = await new_life(session)
    delivery = await given(session, life["COMPLETED"])
    await session.workspace.advance(DAY)
    accepted(await session.workspace.redeliver(delivery.id), "the same message a day later")
    await counted(session, life)


async def _in_parallel(session: Session) -> None:
    life = await new_life(session)
    if life.has_event_of("INVITED"):
        await given(session, life["INVITED"])
    with session.workspace.out_of_lockstep(_AT_ONCE, _AT_ONCE):
        sent = [
            await session.send(life["COMPLETED"], CHANGED, is_settled=False)
            for _ in range(_AT_ONCE)
        ]
        await session.settle()
    for one in sent:
        accepted(session.delivery(one.id), "one of eight requests at once")
    await counted(session, life)


async def _two_descriptions(session: Session) -> None:
    life = await new_life(session)
    await given(session, life["COMPLETED"])
    event = "candidate.completed"
    payload = sample_messages.plain(life.raw("COMPLETED", event))
    accepted(await session.send(payload, event), "candidate.completed for the same completion")
    await counted(session, life)


async def _rescored(session: Session) -> None:
    life = await sample_messages.life(session, "enroll start complete rescore")
    await given(session, life["COMPLETED"])
    event = "candidate.score_updated"
    accepted(await session.send(sample_messages.plain(life.raw("COMPLETED", event)), event))
    await counted(session, life)


async def _late(session: Session, first: str, late: str) -> None:
    life = await new_life(session, first)
    await given(session, life[first])
    await seen(session, life, first)
    accepted(await session.send(life[late], CHANGED), f"{late} after {first}")
    await seen(session, life, first, int(first in _COUNTED or late in _COUNTED))


async def _two_candidates(session: Session) -> None:
    job = session.rehearsal().create_assessment(title=session.target.title)
    one = await sample_messages.life(session, ENDS["COMPLETED"], job=job)
    other = await sample_messages.life(session, ENDS["ENROLLED"], job=job)
    if one.subject.email == other.subject.email:
        message = "--data has only one person"
        raise SkippedError(message)
    for life, status in ((one, "INVITED"), (other, "INVITED"), (other, "ENROLLED")):
        if life.has_event_of(status):
            await given(session, life[status])
    untouched = await _known(session, other, "ENROLLED")
    await given(session, one["COMPLETED"])
    await seen(session, one, "COMPLETED", 1)
    await unchanged(session, other, untouched, "the completion of another candidate")


async def _two_assessments(session: Session) -> None:
    if not _names_assessment(session):
        message = "the probe does not contain {assessment_id}"
        raise SkippedError(message)
    person = session.person()
    one = await sample_messages.life(session, ENDS["COMPLETED"], person=person)
    other = await sample_messages.life(session, ENDS["IN_PROGRESS"], person=person)
    for life, status in ((one, "INVITED"), (other, "IN_PROGRESS")):
        if life.has_event_of(status):
            await given(session, life[status])
    untouched = await _known(session, other, "IN_PROGRESS")
    await given(session, one["COMPLETED"])
    await seen(session, one, "COMPLETED", 1)
    await unchanged(session, other, untouched, "the completion of another assessment")


async def _known(session: Session, life: Life, status: str) -> ConsumerState:
    """Return the consumer's state of a candidate, with *status* if it could receive it."""
    if life.has_event_of(status) and session.target.shows(status):
        return await seen(session, life, status, 0)
    return visible(await session.state_of(life.subject))


def _names_assessment(session: Session) -> bool:
    target = session.target
    asked = " ".join((target.probe or "", *target.probe_command))
    return "{assessment_id}" in asked or "{id}" in asked


async def _bystander(session: Session) -> None:
    life = await new_life(session)
    known = visible(await session.state_of(life.subject))
    if life.has_event_of("INVITED"):
        await given(session, life["INVITED"])
        known = await seen(session, life, "INVITED")
    stranger = life["COMPLETED"] | {"type": "interview", "event": "scheduled"}
    delivery = await session.send(stranger, CHANGED)
    state = await session.state_of(life.subject)
    if delivery.succeeded and state.status != known.status:
        message = f"an event of another type changed the status to {state.status!r}"
        raise FailedError(message)


def _check(name: str, title: str, requires: tuple[str, ...] = (), **more: Any) -> Check:
    needs = ("probe", *requires)
    return Check(family="effects", name=name, title=title, requires=needs, **more)


_ONCE = "2xx, and the probe shows completions: 1"
_AGAIN = "delivery is at least once: the message is sent again if only the answer gets lost"

CHECKS = (
    *(
        _check(
            f"{end.lower().replace('_', '-')}-lands",
            f"shows {end} after the event",
            sends=f"the status changes up to {end}, in order",
            expects="the probe shows each status in turn",
            why="a 2xx promises that the event takes effect",
            run=partial(_lands, end=end),
        )
        for end in ENDS
    ),
    _check(
        "completion-counts", "counts a completion", sends="one completion",
        expects=_ONCE, why="a completion that is not counted is lost", run=_once,
    ),
    _check(
        "completion-counts-once-when-repeated", "counts a repeated completion once",
        sends="one completion, and at once the same message again, with the same id",
        expects=_ONCE, why=_AGAIN, run=_repeated, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "completion-counts-once-in-parallel",
        "counts a completion once when eight requests deliver it at the same time",
        sends="one completion in eight requests at once", expects=_ONCE,
        why="two requests at the same time both find nothing when they look before they insert",
        run=_in_parallel, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "completion-counts-once-a-day-later",
        "counts a completion once when it is repeated a day later",
        sends="one completion, and the same message a day later", expects=_ONCE,
        why="v2 retries for more than a day, and Force Retry is one click",
        run=_a_day_later, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "completion-counts-once-under-another-id",
        "counts a completion once when it is repeated with another message id",
        sends="one completion in two messages with different ids", expects=_ONCE,
        why="v1 has no message id to recognise a repetition by", run=_another_id,
        requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "two-descriptions-count-once", "counts a completion once when two event types report it",
        sends="candidate.status_changed to COMPLETED, then candidate.completed", expects=_ONCE,
        why="a webhook that subscribes to both gets both for each completion",
        run=_two_descriptions, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "new-score-counts-nothing", "does not count a new score as a completion",
        sends="a completion, then candidate.score_updated, whose status is also COMPLETED",
        expects=_ONCE, why="the event has the status COMPLETED but is not a completion",
        run=_rescored, requires=("dedupes",), tags=("duplicates",),
    ),
    *(
        _check(
            name, title, sends=f"{first}, then {late}",
            expects=f"2xx, and the probe still shows {first}",
            why="messages overtake each other, most often those that are retried",
            run=partial(_late, first=first, late=late), requires=("orders",), tags=("order",),
        )
        for name, title, first, late in (
            ("late-in-progress", "keeps COMPLETED when IN_PROGRESS arrives late",
             "COMPLETED", "IN_PROGRESS"),
            ("late-invited", "keeps ENROLLED when INVITED arrives late", "ENROLLED", "INVITED"),
            ("late-completion", "keeps REJECTED when COMPLETED arrives late, and counts it",
             "REJECTED", "COMPLETED"),
        )
    ),
    _check(
        "candidates-apart", "keeps two candidates of one assessment apart",
        sends="the events of two candidates, interleaved",
        expects="the probe shows each candidate's own state",
        why="a status on the wrong candidate is worse than no status", run=_two_candidates,
    ),
    _check(
        "assessments-apart", "keeps two assessments of one person apart",
        sends="the events of one person in two assessments, interleaved",
        expects="the probe shows the state in each assessment",
        why="candidateId and email are the same in both", run=_two_assessments,
    ),
    _check(
        "other-types-ignored", "ignores events of another type",
        sends="an invitation, then an interview event with the same data",
        expects="the probe still shows INVITED",
        why="an unknown event must not be treated as a known one",
        run=_bystander, severity="warning", tags=("future",),
    ),
)  # fmt: skip
