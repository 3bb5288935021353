"""Commands on assessments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.domain import assessment as assessments
from emulator.domain.assessment import Assessment
from emulator.domain.ids import chance, object_id
from emulator.domain.lifecycle import NEW, Transition
from emulator.domain.occurrence import Occurrence
from emulator.domain.questions import JOB_ROLES, content
from emulator.errors import InvalidInputError, UnknownNameError
from emulator.workspace.commands.change import Change, text
from emulator.workspace.records import AssessmentChanged

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.workspace.state import State


def create_assessment(
    state: State, at: datetime, *, title: str | None = None, validity_days: int | None = None
) -> Change:
    """Make a draft; its content is drawn, a title too when none is given.

    Raises:
        InvalidInputError: an empty title, a validity below one day or above ten years.
    """
    row = assessments.LIFECYCLE.transition(NEW, "create")
    number = len(state.assessments) + 1
    draw = chance(state.settings.seed, "assessment", number)
    made = Assessment(
        id=object_id(at, draw),
        number=number,
        title=draw.choice(JOB_ROLES) if title is None else text(title, "$.title"),
        state=row.next_state,
        created_at=at,
        modified_at=at,
        validity_days=_validity(
            assessments.VALIDITY_DAYS if validity_days is None else validity_days
        ),
        content=content(draw, at, state.organisation.id),
    )
    return _assessment_change(state, at, row, made, "assessment.created")


def move_assessment(
    state: State,
    at: datetime,
    id_: str,
    command: str,
    *,
    title: str | None = None,
    validity_days: int | None = None,
) -> Change:
    """Do *command* to an assessment.

    Raises:
        NotFoundError: no such assessment.
        UnknownNameError: no such command.
        IllegalCommandError: not in its state.
        InvalidInputError: details that the command does not take, or wrong ones.
    """
    known = [one for one in assessments.LIFECYCLE.commands if one != "invite"]
    if command not in known:
        raise UnknownNameError("assessment command", command, known, show_all=True)
    before = state.assessment(id_)
    row = assessments.LIFECYCLE.transition(before.state, command, name=id_)
    if command != "update" and (title is not None or validity_days is not None):
        message = f"{command!r} takes no details; only 'update' does"
        raise InvalidInputError(message, path="$")
    after = msgspec.structs.replace(
        before,
        state=row.next_state,
        modified_at=at,
        title=before.title if title is None else text(title, "$.title"),
        validity_days=_validity(before.validity_days if validity_days is None else validity_days),
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
