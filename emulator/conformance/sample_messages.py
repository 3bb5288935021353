"""Payloads about candidates and assessments, for checks to send in any order and form.

The emulator makes them in a second workspace, whose deliveries are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.outcomes import SkippedError
from emulator.conformance.session import CHANGED, STATUS_EVENTS, Session, subject_of, why_not
from emulator.conformance.target import Subject
from emulator.delivery.records import Delivery
from emulator.domain.candidate import LIFECYCLE
from emulator.domain.events import Generation
from emulator.domain.lifecycle import NEW
from emulator.domain.payloads import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.conformance.target import KnownPerson
    from emulator.domain.assessment import Assessment
    from emulator.domain.lifecycle import Transition

Payload = dict[str, Any]


def commands(way: Iterable[Transition]) -> str:
    """Return the commands of a way through the lifecycle, after the invitation."""
    return " ".join(row.command for row in way if row.state != NEW)


ENDS = {
    status: commands(LIFECYCLE.way(lambda row, status=status: row.next_state == status))  # type: ignore[misc]
    for status in STATUS_EVENTS
}
"""Status -> the commands that lead to it, after the invitation."""

_BETWEEN = 60.0  # seconds of workspace time


class Life(msgspec.Struct, frozen=True):
    """A candidate and the payloads of all their events.

    Attributes:
        sent: (event type, status) -> delivery, in chronological order.
        events: ids of the event types that the consumer subscribes to.
        generation: of the payloads.
    """

    subject: Subject
    sent: dict[tuple[str, str], Delivery]
    events: tuple[str, ...]
    generation: Generation

    def raw(self, status: str, event: str = CHANGED) -> Payload:
        """Return the payload of an event type for *status*, newly decoded.

        Raises:
            SkippedError: the consumer does not subscribe to the event type.
        """
        if event not in self.events:
            raise SkippedError(why_not(event, self.generation))
        payload: Payload = self.sent[event, status].payload
        return payload

    def has_event_of(self, status: str) -> bool:
        """Return whether the consumer subscribes to an event of *status*."""
        return CHANGED in self.events or STATUS_EVENTS[status] in self.events

    def __getitem__(self, status: str) -> Payload:
        """Return the payload that the consumer receives for *status*, without irregularities.

        Raises:
            SkippedError: it subscribes to no event of this status.
        """
        if not self.has_event_of(status):
            message = f"it does not subscribe to any event with the status {status} (--events)"
            raise SkippedError(message)
        return plain(self.raw(status, CHANGED if CHANGED in self.events else STATUS_EVENTS[status]))


async def life(
    session: Session,
    commands: str = ENDS["COMPLETED"],
    *,
    person: KnownPerson | None = None,
    job: Assessment | None = None,
) -> Life:
    """Return the life of a new candidate, after the set-up hook has run for them.

    Args:
        session: of the consumer.
        commands: the commands after the invitation, as in ``enroll start``.
        person: the person; by default the next of the session.
        job: the assessment; by default a new one.
    """
    workspace = session.rehearsal()
    person = person or session.person()
    job = job or workspace.create_assessment(title=session.target.title)
    one = workspace.invite(
        job.id, email=person.email, first_name=person.first_name, last_name=person.last_name
    )
    subject = subject_of(one)
    await session.set_up(subject)
    for command in commands.split():
        await workspace.advance(_BETWEEN)  # so that no two events have the same time
        workspace.move_candidate(one.id, command)
    found = {
        (sent.event, fields.text(sent.payload, "candidateStatus")): sent
        for sent in workspace.deliveries(candidate=one.id)
    }
    return Life(subject, found, session.target.events, session.target.generation)


def assessment(session: Session, *commands: str) -> dict[str, Payload]:
    """Return the payloads of a new assessment after *commands*: event type -> payload."""
    workspace = session.rehearsal()
    job = workspace.create_assessment(title=session.target.title)
    for command in commands:
        workspace.move_assessment(job.id, command)
    return {one.event: one.payload for one in workspace.deliveries(candidate=job.id)}


def plain(payload: Payload) -> Payload:
    """Return *payload* without the documented irregularities that consumers fail on.

    Each irregularity has a check of its own. All other checks do without, so that a consumer
    that fails on one of them is still graded in everything else.
    """
    link = fields.text(payload, "resultLink")
    if link and not link.startswith("https://"):
        fields.put(payload, "resultLink", None)
    return payload
