"""Accepts: each event type in each documented shape, the test ping, all in time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from emulator.conformance import lives
from emulator.conformance.check import Check
from emulator.conformance.demands import accepted, last, new_life
from emulator.conformance.lives import ENDS
from emulator.conformance.outcomes import FailedError, SkippedError
from emulator.conformance.session import CHANGED
from emulator.domain.candidate import REASONS
from emulator.domain.events import EVENT_TYPES

if TYPE_CHECKING:
    from emulator.conformance.session import Session

FAST = 1_000.0
"""Milliseconds in which a consumer answers that claims to be fast."""

_LIVES = {
    "candidate.invited": "",
    "candidate.enrolled": "enroll",
    "candidate.in_progress": "enroll start",
    "candidate.completed": "enroll start complete",
    "candidate.disqualified": "enroll disqualify",
    "candidate.invitation_expired": "expire",
    "candidate.rejected": "enroll start complete reject",
    "candidate.score_updated": "enroll start complete rescore",
}
_ASSESSMENTS = {
    "assessment.created": (),
    "assessment.updated": ("update",),
    "assessment.archived": ("publish", "archive"),
    "assessment.deleted": ("publish", "delete"),
}


async def _candidate(session: Session, event: str) -> None:
    life = await lives.life(session, _LIVES[event])
    (payload,) = [one for (kind, _), one in life.payloads.items() if kind == event]
    accepted(await session.send(payload, event))


async def _assessment(session: Session, event: str) -> None:
    told = await lives.assessment(session, *_ASSESSMENTS[event])
    accepted(await session.send(told[event], event))


async def _changed(session: Session, end: str) -> None:
    life = await new_life(session, end)
    accepted(await session.send(life.raw(end), CHANGED), f"a status change to {end}")


async def _proctoring(session: Session) -> None:
    workspace = session.rehearsal()
    life = await lives.life(session, "enroll start")
    workspace.disqualify(life.subject.id, reason=REASONS[1])
    await workspace.settle()
    event = "candidate.disqualified"
    (sent,) = workspace.deliveries(event=event, candidate=life.subject.id)
    accepted(await session.send(sent.payload, event))


async def _ping(session: Session, body: object) -> None:
    accepted(await session.send(body), "the test ping")


async def _whole_life(session: Session) -> None:
    one = await session.candidate()
    for command in ("enroll", "start", "complete", "rescore", "reject"):
        await session.workspace.advance(60.0)
        session.move(one, command)
    deliveries = await session.settle()
    if not deliveries:
        message = "nothing that it subscribes to happens in a candidate's life (--events)"
        raise SkippedError(message)
    for delivery in deliveries:
        accepted(delivery)


async def _fast(session: Session) -> None:
    life = await new_life(session)
    for status in filter(life.tells, ("INVITED", "COMPLETED")):
        delivery = await session.send(life[status], CHANGED)
        accepted(delivery)
        outcome = last(delivery).outcome
        if outcome is not None and outcome.duration_ms > FAST:
            message = f"took {outcome.duration_ms:.0f} ms to answer; expected at most {FAST:.0f}"
            raise FailedError(message)


_TAKEN = "2xx, in time"

CHECKS = (
    *(
        Check(
            family="accepts",
            name=event,
            title=f"takes {event}",
            sends=f"one {event}: {EVENT_TYPES[event].summary}",
            demands=_TAKEN,
            why="who subscribed to it gets it, and an answer that is no 2xx is a lost message",
            run=partial(_candidate if event in _LIVES else _assessment, event=event),
            tags=("events", EVENT_TYPES[event].subject),
        )
        for event in (*_LIVES, *_ASSESSMENTS)
    ),
    *(
        Check(
            family="accepts",
            name=f"change-to-{end.lower().replace('_', '-')}",
            title=f"takes a status change to {end}",
            sends=f"one {CHANGED} to {end}",
            demands=_TAKEN,
            why="its data differs from status to status, and most webhooks want this event type",
            run=partial(_changed, end=end),
            tags=("events", "candidate"),
        )
        for end in ENDS
    ),
    Check(
        family="accepts",
        name="disqualified-by-proctoring",
        title="takes a disqualification while answering",
        sends="one candidate.disqualified with the tests in it, for what proctoring saw",
        demands=_TAKEN,
        why="it has tests and no question, where the documented example has it the other way round",
        run=_proctoring,
        tags=("events", "candidate"),
    ),
    *(
        Check(
            family="accepts",
            name=name,
            title=f"takes the test ping {shown}",
            sends=f"the settings page's test: {shown}",
            demands=_TAKEN,
            why="a ping that fails keeps people from saving the webhook",
            run=partial(_ping, body=body),
            tags=("ping",),
        )
        for name, shown, body in (
            ("ping", "that is empty", {}),
            ("ping-with-success", "that says success", {"success": True}),
            ("ping-with-data", "with empty data", {"success": True, "data": {}}),
        )
    ),
    Check(
        family="accepts",
        name="whole-life",
        title="takes all that happens to a candidate, in order",
        sends="everything from the invitation to a new score and the rejection, minutes apart",
        demands="2xx to each",
        why="it is what production sends on a good day",
        run=_whole_life,
        tags=("events",),
    ),
    Check(
        family="accepts",
        name="fast",
        title="answers within a second",
        sends="an invitation and a completion",
        demands="2xx within a second",
        why="the service gives up on slow consumers, and slow ones are slower under load",
        run=_fast,
        requires=("answers_fast",),
        severity="warning",
        tags=("time",),
    ),
)
