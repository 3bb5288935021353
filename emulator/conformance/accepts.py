"""Accepts: every event type in every documented shape, and the test ping, in time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from emulator.conformance import sample_messages
from emulator.conformance.assertions import accepted, last, new_life
from emulator.conformance.check import Check
from emulator.conformance.outcomes import FailedError, SkippedError
from emulator.conformance.sample_messages import ENDS, commands
from emulator.conformance.session import CHANGED
from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.candidate import REASONS
from emulator.domain.events import EVENT_TYPES

if TYPE_CHECKING:
    from emulator.conformance.session import Session

FAST = 1_000.0
"""Milliseconds in which a consumer with the claim ``answers_fast`` answers."""

_CANDIDATE_EVENTS = tuple(
    one.id for one in EVENT_TYPES.values() if one.subject == "candidate" and one.id != CHANGED
)
_ASSESSMENT_EVENTS = tuple(one.id for one in EVENT_TYPES.values() if one.subject == "assessment")


async def _candidate(session: Session, event: str) -> None:
    session.check_wants(event)
    way = candidates.LIFECYCLE.way(lambda row: event in row.events)
    life = await sample_messages.life(session, commands(way))
    (sent,) = [one for (kind, _), one in life.sent.items() if kind == event]
    accepted(await session.send(sent.payload, event))


async def _assessment(session: Session, event: str) -> None:
    way = assessments.LIFECYCLE.way(lambda row: event in row.events, assessments.PUBLISHED)
    # The payloads of a draft have no content.
    done = ("publish", *(row.command for row in way)) if way else ()
    payloads = sample_messages.assessment(session, *done)
    accepted(await session.send(payloads[event], event))


async def _changed(session: Session, end: str) -> None:
    life = await new_life(session, end)
    accepted(await session.send(life.raw(end), CHANGED), f"a status change to {end}")


async def _proctoring(session: Session) -> None:
    workspace = session.rehearsal()
    life = await sample_messages.life(session, "enroll start")
    workspace.disqualify(life.subject.id, reason=REASONS[1])
    event = "candidate.disqualified"
    (sent,) = workspace.deliveries(event=event, candidate=life.subject.id)
    accepted(await session.send(sent.payload, event))


async def _ping(session: Session, body: object, what: str) -> None:
    accepted(await session.send(body), what)


async def _whole_life(session: Session) -> None:
    one = await session.candidate()
    for command in ("enroll", "start", "complete", "rescore", "reject"):
        await session.workspace.advance(60.0)
        session.move(one, command)
    deliveries = await session.settle()
    if not deliveries:
        message = "it does not subscribe to any event in the life of a candidate (--events)"
        raise SkippedError(message)
    for delivery in deliveries:
        accepted(delivery)


async def _fast(session: Session) -> None:
    life = await new_life(session)
    for status in filter(life.has_event_of, ("INVITED", "COMPLETED")):
        delivery = await session.send(life[status], CHANGED)
        accepted(delivery)
        outcome = last(delivery).outcome
        if outcome is not None and outcome.duration_ms > FAST:
            message = f"took {outcome.duration_ms:.0f} ms to answer; expected at most {FAST:.0f}"
            raise FailedError(message)


_IN_TIME = "2xx, in time"

CHECKS = (
    *(
        Check(
            family="accepts",
            name=event,
            title=f"accepts {event}",
            sends=f"{event}: {EVENT_TYPES[event].summary}",
            expects=_IN_TIME,
            why="any answer other than 2xx means that the event is lost",
            run=partial(
                _candidate if EVENT_TYPES[event].subject == "candidate" else _assessment,
                event=event,
            ),
            tags=("events", EVENT_TYPES[event].subject),
        )
        for event in (*_CANDIDATE_EVENTS, *_ASSESSMENT_EVENTS)
    ),
    *(
        Check(
            family="accepts",
            name=f"change-to-{end.lower().replace('_', '-')}",
            title=f"accepts a status change to {end}",
            sends=f"a {CHANGED} event with the status {end}",
            expects=_IN_TIME,
            why="the data differs by status, and most webhooks subscribe to this event type",
            run=partial(_changed, end=end),
            tags=("events", "candidate"),
        )
        for end in ENDS
    ),
    Check(
        family="accepts",
        name="disqualified-by-proctoring",
        title="accepts a disqualification by proctoring",
        sends="a candidate.disqualified event for a candidate in progress, with their tests",
        expects=_IN_TIME,
        why="it has tests and no question; the documented example has a question and no tests",
        run=_proctoring,
        tags=("events", "candidate"),
    ),
    *(
        Check(
            family="accepts",
            name=name,
            title=f"accepts {what}",
            sends=f"{what}, as the settings page sends it",
            expects=_IN_TIME,
            why="the webhook can't be saved when its test ping fails",
            run=partial(_ping, body=body, what=what),
            tags=("ping",),
        )
        for name, what, body in (
            ("ping", "an empty test ping", {}),
            ("ping-with-success", "a test ping with success", {"success": True}),
            ("ping-with-data", "a test ping with empty data", {"success": True, "data": {}}),
        )
    ),
    Check(
        family="accepts",
        name="whole-life",
        title="accepts every event in the life of a candidate, in order",
        sends="all events from the invitation to a new score and a rejection, minutes apart",
        expects="2xx to each",
        why="this is what production sends when nothing goes wrong",
        run=_whole_life,
        tags=("events",),
    ),
    Check(
        family="accepts",
        name="fast",
        title="answers within a second",
        sends="an invitation and a completion",
        expects="2xx within a second",
        why="a consumer that is slow when idle runs into the service's time-out under load",
        run=_fast,
        requires=("answers_fast",),
        severity="warning",
        tags=("time",),
    ),
)
