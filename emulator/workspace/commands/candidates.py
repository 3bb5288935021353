"""Commands on candidates: invitations and transitions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from emulator import durations
from emulator.clock import checked
from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.candidate import Candidate
from emulator.domain.commands import Details, InviteDetails, moving
from emulator.domain.ids import chance, invitation_ids
from emulator.domain.lifecycle import NEW
from emulator.domain.occurrence import Occurrence
from emulator.domain.people import Person, person
from emulator.domain.transitions import moved
from emulator.errors import ConflictError, InvalidInputError
from emulator.workspace.commands.change import Change, Record, checked_email, text
from emulator.workspace.entry_data import AssessmentChanged, CandidateChanged

if TYPE_CHECKING:
    from emulator.domain.assessment import Assessment
    from emulator.errors import EmulatorError
    from emulator.workspace.state import State


def invite(state: State, at: datetime, details: InviteDetails) -> Change:
    """Invite a candidate to an assessment; missing personal data are made up.

    Raises:
        NotFoundError: no such assessment.
        IllegalCommandError: the assessment is archived or deleted.
        ConflictError: the person has an open invitation to the assessment (assumed).
        InvalidInputError: an invalid e-mail address, or an empty name.
    """
    assessment = state.assessment(details.assessment_id)
    email, scheduled_date = details.email, details.scheduled_date
    shown = assessments.LIFECYCLE.transition(assessment.state, "invite", name=assessment.id)
    number = len(state.candidates) + 1
    id_, key, person_id = invitation_ids(state.settings.seed, number, at)
    known = state.people.get(email.casefold()) if email else None
    if known is not None:
        person_id = known.candidate_id
        _refuse_second(state, known, assessment)
    names = (details.first_name, details.last_name)
    needs_person = known is None and not (email and all(names))
    seed = state.settings.seed
    stand_in = person(chance(seed, "candidate", number)) if needs_person else known
    row = candidates.LIFECYCLE.transition(NEW, "schedule" if scheduled_date else "invite")
    invited_at = _scheduled(scheduled_date, at) if scheduled_date else at
    invited = Candidate(
        id=id_,
        number=number,
        candidate_id=person_id,
        assessment_id=assessment.id,
        assessment_title=assessment.title,
        email=checked_email(_given(email, stand_in, "email"), "$.email"),
        first_name=text(_given(details.first_name, stand_in, "first_name"), "$.firstName"),
        last_name=text(_given(details.last_name, stand_in, "last_name"), "$.lastName"),
        invite_key=key,
        state=row.next_state,
        invited_at=invited_at,
        valid_until=invited_at + timedelta(days=assessment.validity_days),
        source=None if details.source is None else text(details.source, "$.source"),
    )
    records: list[Record] = []
    if shown.next_state != assessment.state:
        assessment = msgspec.structs.replace(assessment, state=shown.next_state)
        records.append(("assessment.moved", AssessmentChanged("invite", assessment)))
    records.append(("candidate.invited", CandidateChanged(row.command, invited)))
    base = state.settings.public_url
    happened = Occurrence(
        row.command, at, row.events, state.organisation, assessment, invited, base
    )
    return Change(tuple(records), happened)


class Invited(msgspec.Struct, frozen=True):
    """The result for one of several people to invite.

    Attributes:
        candidate: the candidate; None if the person was not invited.
        status: ``VALID``, or a word for the reason.
        message: the reason in a sentence; empty for ``VALID``.

    Source: observed, the word ``VALID``; the other words are assumed.
    """

    candidate: Candidate | None
    status: str
    message: str = ""


_WRONG = {
    "$.email": "INVALID_EMAIL",
    "$.firstName": "INVALID_FIRST_NAME",
    "$.lastName": "INVALID_LAST_NAME",
}
"""JSON path of an invalid value -> status."""


def not_invited(error: EmulatorError, *, is_repeated: bool) -> Invited | None:
    """Return the result for a person whose invitation failed; None if the error concerns all.

    Args:
        error: the error of the invitation.
        is_repeated: whether the call has an earlier person with the same address.
    """
    if type(error) is ConflictError:
        status = "DUPLICATE" if is_repeated else "ALREADY_INVITED"
    else:
        status = _WRONG.get(error.path or "", "")
    return Invited(None, status, error.message) if status else None


def _scheduled(date: datetime, at: datetime) -> datetime:
    if not at < date <= at + timedelta(seconds=durations.LONGEST):
        message = (
            f"scheduled for {durations.instant(date)}; expected a time after "
            f"{durations.instant(at)}, ten years at most"
        )
        raise InvalidInputError(message, path="$.scheduledDate")
    return checked(date, path="$.scheduledDate")


def move_candidate(
    state: State, at: datetime, id_: str, command: str, details: Details | None = None
) -> Change:
    """Execute *command*, a word of the lifecycle, on a candidate.

    Raises:
        NotFoundError: no such candidate.
        IllegalCommandError: the command is not legal in their state.
        InvalidInputError: contradicting details.
    """
    before = state.candidate(id_)
    row = candidates.LIFECYCLE.transition(before.state, command, name=id_)
    assessment = state.assessments[before.assessment_id]
    after = moved(
        before,
        command,
        row.next_state,
        content=assessment.content,
        at=at,
        details=details or moving("candidate", command).details(),
        draw=chance(state.settings.seed, f"{command}/{before.moves}", before.number),
    )
    kind = "candidate.scored" if command == "rescore" else "candidate.moved"
    base = state.settings.public_url
    happened = Occurrence(command, at, row.events, state.organisation, assessment, after, base)
    return Change(((kind, CandidateChanged(command, after)),), happened)


def _refuse_second(state: State, known: Candidate, assessment: Assessment) -> None:
    for id_ in state.invitations[known.candidate_id]:
        other = state.candidates[id_]
        if other.assessment_id == assessment.id and other.is_open:
            message = f"{known.email!r} is already invited to {assessment.id}: {id_}, {other.state}"
            raise ConflictError(message)


def _given(value: str | None, stand_in: Person | Candidate | None, field: str) -> str:
    found: str = getattr(stand_in, field) if value is None else value
    return found
