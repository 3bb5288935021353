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
    from collections.abc import Iterable, Mapping

    from emulator.workspace.state import State


def invite(state: State, at: datetime, details: InviteDetails) -> Change:
    """Invite a candidate to an assessment; missing personal data are made up.

    Raises:
        NotFoundError: no such assessment.
        IllegalCommandError: the assessment is archived or deleted.
        ConflictError: the person has an open invitation to the assessment (assumed).
        InvalidInputError: an invalid e-mail address, an empty name, or a date that has passed.
    """
    inviter = Inviter(state, at, details.assessment_id, details.scheduled_date, details.source)
    return inviter.invite(details.email, details.first_name, details.last_name)


class Inviter:
    """Invites people to one assessment at one time; the state does not have these invitations yet.

    Args:
        state: the state of the workspace.
        at: the workspace's time.
        assessment_id: the id of the assessment.
        scheduled_date: when the invitations are sent; None for now.
        source: a label for the origin of the candidates, or None.

    Raises:
        NotFoundError: no such assessment.
        IllegalCommandError: the assessment is archived or deleted.
        InvalidInputError: the date has passed, or an empty source.
    """

    def __init__(
        self,
        state: State,
        at: datetime,
        assessment_id: str,
        scheduled_date: datetime | None,
        source: str | None,
    ) -> None:
        self._state, self._at = state, at
        self._assessment = state.assessment(assessment_id)
        before = self._assessment.state
        shown = assessments.LIFECYCLE.transition(before, "invite", name=self._assessment.id)
        self._records: tuple[Record, ...] = ()  # of the first invitation
        if shown.next_state != before:
            self._assessment = msgspec.structs.replace(self._assessment, state=shown.next_state)
            self._records = (("assessment.moved", AssessmentChanged("invite", self._assessment)),)
        self._row = candidates.LIFECYCLE.transition(NEW, "schedule" if scheduled_date else "invite")
        self._invited_at = _scheduled(scheduled_date, at) if scheduled_date else at
        self._valid_until = self._invited_at + timedelta(days=self._assessment.validity_days)
        self._source = None if source is None else text(source, "$.source")
        self._number = len(state.candidates)  # of the last invitation
        self._open: dict[str, Candidate | None] = {}  # casefolded address -> their open invitation

    def invite(self, email: str | None, first_name: str | None, last_name: str | None) -> Change:
        """Invite a person; None is replaced by the known data of the address, or made up.

        Raises:
            ConflictError: the person has an open invitation to the assessment (assumed).
            InvalidInputError: an invalid e-mail address, or an empty name.
        """
        state, assessment, row = self._state, self._assessment, self._row
        seed, number = state.settings.seed, self._number + 1
        id_, key, person_id = invitation_ids(seed, number, self._at)
        if email is None or first_name is None or last_name is None:
            email, first_name, last_name = self._completed(email, first_name, last_name)
        address = email.casefold()
        known = state.people.get(address)
        self._refuse_second(address, known)
        invited = Candidate(
            id=id_,
            number=number,
            candidate_id=known.candidate_id if known else person_id,
            assessment_id=assessment.id,
            assessment_title=assessment.title,
            email=checked_email(email, "$.email"),
            first_name=text(first_name, "$.firstName"),
            last_name=text(last_name, "$.lastName"),
            invite_key=key,
            state=row.next_state,
            invited_at=self._invited_at,
            valid_until=self._valid_until,
            source=self._source,
        )
        self._number, self._open[address] = number, invited
        records, self._records = self._records, ()
        base = state.settings.public_url
        happened = Occurrence(
            row.command, self._at, row.events, state.organisation, assessment, invited, base
        )
        record = ("candidate.invited", CandidateChanged(row.command, invited))
        return Change((*records, record), happened)

    def _completed(
        self, email: str | None, first_name: str | None, last_name: str | None
    ) -> tuple[str, str, str]:
        """Return personal data without None: known data of the address, or made up."""
        known = self._state.people.get(email.casefold()) if email else None
        draw = chance(self._state.settings.seed, "candidate", self._number + 1)
        stand_in: Candidate | Person = known or person(draw)
        return (
            stand_in.email if email is None else email,
            stand_in.first_name if first_name is None else first_name,
            stand_in.last_name if last_name is None else last_name,
        )

    def _refuse_second(self, email: str, known: Candidate | None) -> None:
        if known is not None and email not in self._open:
            self._open[email] = None
            for id_ in self._state.invitations[known.candidate_id]:
                one = self._state.candidates[id_]
                if one.assessment_id == self._assessment.id and one.is_open:
                    self._open[email] = one
        if (other := self._open.get(email)) is not None:
            invitation = f"{other.assessment_id}: {other.id}, {other.state}"
            raise ConflictError(f"{other.email!r} is already invited to {invitation}")


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


def invite_all(
    inviter: Inviter, people: Iterable[Mapping[str, str]]
) -> tuple[list[Change], list[Invited]]:
    """Invite several people; a person who can't be invited is left out.

    Args:
        inviter: has the assessment.
        people: each with ``email`` and, unless they are made up, ``first_name`` and ``last_name``.

    Returns:
        The changes, and the result for each person, in their order.
    """
    changes: list[Change] = []
    results: list[Invited] = []
    seen: set[str] = set()
    for one in people:
        email = one["email"].casefold()
        try:
            change = inviter.invite(one["email"], one.get("first_name"), one.get("last_name"))
        except ConflictError as error:
            status = "DUPLICATE" if email in seen else "ALREADY_INVITED"
            results.append(Invited(None, status, error.message))
        except InvalidInputError as error:
            results.append(Invited(None, _WRONG[error.path or ""], error.message))
        else:
            changes.append(change)
            results.append(Invited(change.occurrence.candidate, "VALID"))
        seen.add(email)
    return changes, results


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
        draw=lambda: chance(state.settings.seed, f"{command}/{before.moves}", before.number),
    )
    kind = "candidate.scored" if command == "rescore" else "candidate.moved"
    base = state.settings.public_url
    happened = Occurrence(command, at, row.events, state.organisation, assessment, after, base)
    return Change(((kind, CandidateChanged(command, after)),), happened)
