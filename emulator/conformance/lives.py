"""What would be told of candidates and assessments, to be sent in any order and in any form.

The payloads are those of the emulator, made in a workspace that the consumer hears nothing of.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.outcomes import SkippedError
from emulator.conformance.session import CHANGED, TOLD, Session, subject_of
from emulator.conformance.target import Subject

if TYPE_CHECKING:
    from emulator.conformance.target import Person
    from emulator.domain.assessment import Assessment

Payload = dict[str, Any]

ENDS = {
    "INVITED": "",
    "ENROLLED": "enroll",
    "IN_PROGRESS": "enroll start",
    "COMPLETED": "enroll start complete",
    "REJECTED": "enroll start complete reject",
    "DISQUALIFIED": "enroll disqualify",
    "INVITATION_EXPIRED": "expire",
}
"""Status -> the commands that lead there."""

_BETWEEN = 60.0  # seconds of the workspace's time


class Life(msgspec.Struct, frozen=True):
    """One candidate and all that can be told of them.

    Attributes:
        payloads: (event type, status) -> payload, as it goes out.
        events: ids of the event types that the consumer subscribes to.
    """

    subject: Subject
    payloads: dict[tuple[str, str], Payload]
    events: tuple[str, ...]

    def raw(self, status: str, event: str = CHANGED) -> Payload:
        """Return the payload of an event type about *status*, a copy.

        Raises:
            SkippedError: the consumer does not subscribe to the event type.
        """
        if event not in self.events:
            message = f"it does not subscribe to {event} (--events)"
            raise SkippedError(message)
        return copy.deepcopy(self.payloads[event, status])

    def tells(self, status: str) -> bool:
        """Return whether a subscribed event type tells of *status*."""
        return CHANGED in self.events or TOLD[status] in self.events

    def __getitem__(self, status: str) -> Payload:
        """Return what the consumer receives of *status*, without irregularities.

        Raises:
            SkippedError: it subscribes to no event type that tells of it.
        """
        if not self.tells(status):
            message = f"it subscribes to no event type that tells of {status} (--events)"
            raise SkippedError(message)
        return plain(self.raw(status, CHANGED if CHANGED in self.events else TOLD[status]))


async def life(
    session: Session,
    commands: str = ENDS["COMPLETED"],
    *,
    who: Person | None = None,
    job: Assessment | None = None,
) -> Life:
    """Return the life of somebody new, who is made known to the consumer if it has a hook.

    Args:
        session: of the consumer.
        commands: what happens after the invitation, as in ``enroll start``.
        who, job: the next person and a new assessment unless given.
    """
    workspace = session.rehearsal()
    who = who or session.person()
    job = job or workspace.create_assessment(title=session.target.title)
    one = workspace.invite(
        job.id, email=who.email, first_name=who.first_name, last_name=who.last_name
    )
    subject = subject_of(one)
    await session.set_up(subject)
    for command in commands.split():
        await workspace.advance(_BETWEEN)  # so that no two things happen at once
        workspace.move_candidate(one.id, command)
    await workspace.settle()
    found = {
        (sent.event, sent.payload["data"]["candidateStatus"]): sent.payload
        for sent in workspace.deliveries(candidate=one.id)
    }
    return Life(subject, found, session.target.events)


async def assessment(session: Session, *commands: str) -> dict[str, Payload]:
    """Return what is told of an assessment: event type -> payload."""
    workspace = session.rehearsal()
    job = workspace.create_assessment(title=session.target.title)
    for command in commands:
        workspace.move_assessment(job.id, command)
    await workspace.settle()
    sent = workspace.deliveries(candidate=job.id) or workspace.deliveries()
    return {one.event: one.payload for one in sent if one.message.subject == job.id}


def plain(payload: Payload) -> Payload:
    """Return *payload* without what is documented and yet trips consumers up.

    Each irregularity has a check of its own; everything else is asked without them, so that a
    consumer that fails at one is graded in the rest.
    """
    data = payload["data"]
    link = data.get("resultLink")
    if isinstance(link, str) and not link.startswith("https://"):
        data["resultLink"] = None
    return payload
