"""A sample of each event type, about a generated subject."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.assessment import Assessment
from emulator.domain.candidate import Candidate
from emulator.domain.commands import moving
from emulator.domain.events import EVENT_TYPES
from emulator.domain.ids import invite_key, object_id
from emulator.domain.library import Library
from emulator.domain.occurrence import Occurrence
from emulator.domain.people import organisation, person
from emulator.domain.questions import content
from emulator.domain.transitions import moved

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from emulator.domain.lifecycle import Transition

_STEP = timedelta(minutes=1)


def sample(event: str, at: datetime, draw: Random) -> Occurrence:
    """Return an occurrence that causes *event*, at the end of a shortest path in the lifecycle.

    Args:
        event: id of an event type.
        at: the time of the occurrence; each earlier step is a minute earlier.
        draw: for random choices.
    """
    is_candidate = EVENT_TYPES[event].subject == "candidate"
    lifecycle = candidates.LIFECYCLE if is_candidate else assessments.LIFECYCLE
    path = lifecycle.way(lambda row: event in row.events)
    start = at - _STEP * (len(path) - 1)
    org = organisation(draw, start)
    library = Library(draw.getrandbits(32), org)
    role = draw.choice(library.job_roles)
    assessment = Assessment(
        id=object_id(start, draw),
        number=1,
        title=role.name,
        state=assessments.SUBSCRIBED if is_candidate else path[-1].next_state,
        created_at=start,
        modified_at=at,
        validity_days=assessments.VALIDITY_DAYS,
        content=content(draw, start, library, role),
    )
    candidate = _walked(path, assessment, start, draw) if is_candidate else None
    return Occurrence(path[-1].command, at, path[-1].events, org, assessment, candidate)


def _walked(
    path: list[Transition], assessment: Assessment, start: datetime, draw: Random
) -> Candidate:
    invitee = person(draw)
    candidate = Candidate(
        id=object_id(start, draw),
        number=1,
        candidate_id=object_id(start, draw),
        assessment_id=assessment.id,
        assessment_title=assessment.title,
        email=invitee.email,
        first_name=invitee.first_name,
        last_name=invitee.last_name,
        invite_key=invite_key(draw),
        state=path[0].next_state,
        invited_at=start,
        valid_until=start + timedelta(days=assessment.validity_days),
    )
    for steps, row in enumerate(path[1:], start=1):
        candidate = moved(
            candidate,
            row.command,
            row.next_state,
            content=assessment.content,
            at=start + _STEP * steps,
            details=moving("candidate", row.command).details(),
            draw=lambda: draw,
        )
    return candidate
