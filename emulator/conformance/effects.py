"""Effects: what a consumer makes of what it is told, by its probe."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.conformance import lives
from emulator.conformance.check import Check
from emulator.conformance.demands import accepted, given, new_life, seen, unchanged, visible
from emulator.conformance.lives import ENDS
from emulator.conformance.outcomes import FailedError, SkippedError
from emulator.conformance.session import CHANGED
from emulator.delivery.faults.plan import Duplicate

if TYPE_CHECKING:
    from emulator.conformance.session import Session

DAY = 86_400.0

_AT_ONCE = 8

_COUNTED = ("COMPLETED", "REJECTED")
"""Ends of those who completed."""


async def _lands(session: Session, end: str) -> None:
    life = await new_life(session, end)
    life[end]  # skipped if nothing that it subscribes to tells of the end
    for event, status in life.payloads:  # in the order in which they happened
        if event != CHANGED or not life.tells(status):
            continue
        await given(session, life[status])
        await seen(session, life, status)


async def _once(session: Session) -> None:
    life = await new_life(session)
    await given(session, life["COMPLETED"])
    await seen(session, life, "COMPLETED", 1)


async def _repeated(session: Session) -> None:
    life = await new_life(session)
    session.workspace.inject(Duplicate(times=1))
    delivery = await given(session, life["COMPLETED"])
    accepted(session.delivery(delivery.id), "the same message once more")
    await seen(session, life, "COMPLETED", 1)


async def _another_id(session: Session) -> None:
    life = await new_life(session)
    await given(session, life["COMPLETED"])
    accepted(await session.send(life["COMPLETED"], CHANGED), "the same payload under another id")
    await seen(session, life, "COMPLETED", 1)


async def _a_day_later(session: Session) -> None:
    life = await new_life(session)
    delivery = await given(session, life["COMPLETED"])
    await session.workspace.advance(DAY)
    accepted(await session.workspace.redeliver(delivery.id), "the same message a day later")
    await seen(session, life, "COMPLETED", 1)


async def _in_parallel(session: Session) -> None:
    life = await new_life(session)
    if life.tells("INVITED"):
        await given(session, life["INVITED"])
    with session.workspace.out_of_lockstep(_AT_ONCE, _AT_ONCE):
        sent = [
            await session.send(life["COMPLETED"], CHANGED, is_settled=False)
            for _ in range(_AT_ONCE)
        ]
        await session.settle()
    for one in sent:
        accepted(session.delivery(one.id), "one of eight at once")
    await seen(session, life, "COMPLETED", 1)


async def _two_descriptions(session: Session) -> None:
    life = await new_life(session)
    await given(session, life["COMPLETED"])
    event = "candidate.completed"
    payload = lives.plain(life.raw("COMPLETED", event))
    accepted(await session.send(payload, event), "candidate.completed of the same completion")
    await seen(session, life, "COMPLETED", 1)


async def _rescored(session: Session) -> None:
    life = await lives.life(session, "enroll start complete rescore")
    await given(session, life["COMPLETED"])
    event = "candidate.score_updated"
    accepted(await session.send(lives.plain(life.raw("COMPLETED", event)), event))
    await seen(session, life, "COMPLETED", 1)


async def _late(session: Session, first: str, late: str) -> None:
    life = await new_life(session, first)
    await given(session, life[first])
    await seen(session, life, first)
    accepted(await session.send(life[late], CHANGED), f"{late} after {first}")
    await seen(session, life, first, int(first in _COUNTED or late in _COUNTED))


async def _two_candidates(session: Session) -> None:
    job = session.rehearsal().create_assessment(title=session.target.title)
    one = await lives.life(session, ENDS["COMPLETED"], job=job)
    other = await lives.life(session, ENDS["ENROLLED"], job=job)
    if one.subject.email == other.subject.email:
        message = "--data names one person only"
        raise SkippedError(message)
    for life, status in ((one, "INVITED"), (other, "INVITED"), (other, "ENROLLED")):
        if life.tells(status):
            await given(session, life[status])
    untouched = visible(await session.state_of(other.subject))
    await given(session, one["COMPLETED"])
    await seen(session, one, "COMPLETED", 1)
    if other.tells("ENROLLED"):
        await seen(session, other, "ENROLLED", 0)
    await unchanged(session, other, untouched, "somebody else's completion")


async def _two_assessments(session: Session) -> None:
    if not _names_assessment(session):
        message = "its probe does not name {assessment_id}"
        raise SkippedError(message)
    who = session.person()
    one = await lives.life(session, ENDS["COMPLETED"], who=who)
    other = await lives.life(session, ENDS["IN_PROGRESS"], who=who)
    for life, status in ((one, "INVITED"), (other, "IN_PROGRESS")):
        if life.tells(status):
            await given(session, life[status])
    untouched = visible(await session.state_of(other.subject))
    await given(session, one["COMPLETED"])
    await seen(session, one, "COMPLETED", 1)
    if other.tells("IN_PROGRESS"):
        await seen(session, other, "IN_PROGRESS", 0)
    await unchanged(session, other, untouched, "the completion of another assessment")


def _names_assessment(session: Session) -> bool:
    target = session.target
    asked = " ".join((target.probe or "", *target.probe_command))
    return "{assessment_id}" in asked or "{id}" in asked


async def _bystander(session: Session) -> None:
    life = await new_life(session)
    known = visible(await session.state_of(life.subject))
    if life.tells("INVITED"):
        await given(session, life["INVITED"])
        known = await seen(session, life, "INVITED")
    stranger = life["COMPLETED"] | {"type": "interview", "event": "scheduled"}
    delivery = await session.send(stranger, CHANGED)
    state = await session.state_of(life.subject)
    if delivery.succeeded and state.status != known.status:
        message = f"an event of another type moved the candidate to {state.status!r}"
        raise FailedError(message)


def _check(name: str, title: str, requires: tuple[str, ...] = (), **more: Any) -> Check:
    needs = ("probe", *requires)
    return Check(family="effects", name=name, title=title, requires=needs, **more)


_ONCE = "2xx, and the probe says completions: 1"
_AGAIN = "messages come at least once: a lost answer is enough for a second one"

CHECKS = (
    *(
        _check(
            f"{end.lower().replace('_', '-')}-lands",
            f"shows a candidate as {end} once it is told",
            sends=f"the status changes up to {end}, one after the other",
            demands="the probe shows each status in turn",
            why="an answer of 2xx promises that something comes of it",
            run=partial(_lands, end=end),
        )
        for end in ENDS
    ),
    _check(
        "completion-counts", "counts a completion", sends="one completion",
        demands=_ONCE, why="what is not counted was lost", run=_once,
    ),
    _check(
        "completion-counts-once-when-repeated", "counts a completion once that comes twice",
        sends="one completion, and the same message at once again, with the same id",
        demands=_ONCE, why=_AGAIN, run=_repeated, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "completion-counts-once-in-parallel",
        "counts a completion once that comes in eight requests at once",
        sends="one completion in eight requests at once", demands=_ONCE,
        why="a look-up before the insert helps nobody when two requests look at the same time",
        run=_in_parallel, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "completion-counts-once-a-day-later",
        "counts a completion once that comes again a day later",
        sends="one completion, and the same message a day later", demands=_ONCE,
        why="the schedule of v2 goes on for more than a day, and Force Retry is a click away",
        run=_a_day_later, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "completion-counts-once-under-another-id",
        "counts a completion once whatever its message id",
        sends="one completion in two messages with ids of their own", demands=_ONCE,
        why="v1 has no message id to go by", run=_another_id,
        requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "two-descriptions-count-once", "counts a completion once that two event types tell of",
        sends="candidate.status_changed to COMPLETED, then candidate.completed", demands=_ONCE,
        why="a webhook that wants both gets both for one completion",
        run=_two_descriptions, requires=("dedupes",), tags=("duplicates",),
    ),
    _check(
        "new-score-counts-nothing", "counts no completion for a new score",
        sends="a completion, then candidate.score_updated, whose status is COMPLETED too",
        demands=_ONCE, why="it says COMPLETED and is no completion",
        run=_rescored, requires=("dedupes",), tags=("duplicates",),
    ),
    *(
        _check(
            name, title, sends=f"{first}, then {late}",
            demands=f"2xx, and the probe says {first} still",
            why="messages overtake each other, above all those that are tried again",
            run=partial(_late, first=first, late=late), requires=("orders",), tags=("order",),
        )
        for name, title, first, late in (
            ("late-in-progress", "lets a late IN_PROGRESS not undo COMPLETED",
             "COMPLETED", "IN_PROGRESS"),
            ("late-invited", "lets a late INVITED not undo ENROLLED", "ENROLLED", "INVITED"),
            ("late-completion", "lets a late COMPLETED not undo REJECTED, and yet counts it",
             "REJECTED", "COMPLETED"),
        )
    ),
    _check(
        "candidates-apart", "keeps two candidates of one assessment apart",
        sends="the lives of two candidates, interleaved", demands="the probe shows each their own",
        why="a status under the wrong name is worse than none", run=_two_candidates,
    ),
    _check(
        "assessments-apart", "keeps one person's two assessments apart",
        sends="the lives of one person in two assessments, interleaved",
        demands="the probe shows each their own",
        why="the person's id and the address are the same in both", run=_two_assessments,
    ),
    _check(
        "other-types-ignored", "lets an event of another type change nothing",
        sends="an invitation, then an interview's event with the same data",
        demands="the probe says INVITED still",
        why="an event that is not understood must not be taken for one that is",
        run=_bystander, severity="warning", tags=("future",),
    ),
)  # fmt: skip
