"""Commands on assessments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.domain import assessment as assessments
from emulator.domain.assessment import Assessment
from emulator.domain.commands import AssessmentDetails, Details
from emulator.domain.ids import chance, object_id
from emulator.domain.lifecycle import NEW, Transition
from emulator.domain.occurrence import Occurrence
from emulator.domain.questions import content
from emulator.errors import InvalidInputError
from emulator.workspace.commands.change import Change, text
from emulator.workspace.entry_data import AssessmentChanged

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.workspace.state import State


def create_assessment(state: State, at: datetime, details: AssessmentDetails) -> Change:
    """Create a draft; its content is drawn, a title too when none is given.

    Raises:
        InvalidInputError: an empty title, a validity below one day or above ten years.
    """
    row = assessments.LIFECYCLE.transition(NEW, "create")
    number = len(state.assessments) + 1
    draw = chance(state.settings.seed, "assessment", number)
    title, days = details.title, details.validity_days
    library = state.library
    role = library.role(title or "") or draw.choice(library.job_roles)
    made = Assessment(
        id=object_id(at, draw),
        number=number,
        title=role.name if title is None else text(title, "$.title"),
        state=row.next_state,
        created_at=at,
        modified_at=at,
        validity_days=_validity(assessments.VALIDITY_DAYS if days is None else days),
        content=content(draw, at, library, role),
        group=draw.choice(library.groups).name,
        labels=tuple(sorted(draw.sample(library.labels, draw.randint(0, 2)))),
    )
    return _assessment_change(state, at, row, made, "assessment.created")


def move_assessment(state: State, at: datetime, id_: str, command: str, details: Details) -> Change:
    """Do *command*, a word of the lifecycle, to an assessment.

    Raises:
        NotFoundError: no such assessment.
        IllegalCommandError: the command is not legal in its state.
        InvalidInputError: an empty title, or a wrong validity.
    """
    before = state.assessment(id_)
    row = assessments.LIFECYCLE.transition(before.state, command, name=id_)
    after = msgspec.structs.replace(before, state=row.next_state, modified_at=at)
    if isinstance(details, AssessmentDetails):
        title, days = details.title, details.validity_days
        after = msgspec.structs.replace(
            after,
            title=before.title if title is None else text(title, "$.title"),
            validity_days=_validity(before.validity_days if days is None else days),
        )
    kind = "assessment.edited" if command == "update" else "assessment.moved"
    return _assessment_change(state, at, row, after, kind)


def _assessment_change(
    state: State, at: datetime, row: Transition, after: Assessment, kind: str
) -> Change:
    record = (kind, AssessmentChanged(row.command, after))
    return Change((record,), Occurrence(row.command, at, row.events, state.organisation, after))


def _validity(days: int) -> int:
    if not 1 <= days <= assessments.LONGEST_VALIDITY_DAYS:
        message = f"a validity of {days} days; expected 1 to {assessments.LONGEST_VALIDITY_DAYS}"
        raise InvalidInputError(message, path="$.invitationEmailLinkValidity")
    return days
