"""The calls of a workspace on assessments and candidates: the commands of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.commands import command, moving
from emulator.workspace.commands import subjects
from emulator.workspace.commands.candidates import Invited, Inviter, invite_all
from emulator.workspace.engine_calls import EngineCalls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.workspace.commands.change import Done


class SubjectCalls(EngineCalls):
    """The part of `Workspace` that concerns assessments and candidates."""

    def do(self, name: str, id_: str = "", /, **details: Any) -> Done[Any]:
        """Execute a command, and return its subject with the messages that it caused.

        Args:
            name: ``create_assessment``, ``invite``, ``complete``, ...; see ``list commands``.
            id_: the id of the subject, unless the command creates it.
            details: the arguments of the command; None is ignored.

        Raises:
            UnknownNameError: no such command.
            NotFoundError: no such subject.
            IllegalCommandError: not legal in the subject's state; names the legal commands.
            ConflictError: the person has an open invitation to the assessment.
            InvalidInputError: invalid details.
        """
        asked = command(name)
        given = subjects.details(asked, details)
        return self._engine.do(subjects.changed(self.state, self.now(), asked, id_, given))

    def preview(self, name: str, id_: str = "", /, **details: Any) -> Any:
        """Return the subject that `do` would return, without changing or sending anything."""
        asked = command(name)
        given = subjects.details(asked, details)
        happened = subjects.changed(self.state, self.now(), asked, id_, given).occurrence
        return happened.candidate or happened.assessment

    def create_assessment(
        self,
        *,
        title: str | None = None,
        validity_days: int | None = None,
        tests: Sequence[str] | None = None,
        template: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Assessment:
        """Create an assessment in the state DRAFT; missing content is drawn at random.

        Args:
            title: by default the name of a job role.
            validity_days: how long invitations stay open.
            tests: titles or ids of tests in the library; by default two random tests.
            template: name or id of a job role whose template gives title and tests.
            settings: with their names in Testlify's API: ``{"skipRegistration": True}``.
        """
        return self._assessment(
            "create_assessment",
            title=title,
            validity_days=validity_days,
            tests=None if tests is None else list(tests),
            template=template,
            settings=None if settings is None else dict(settings),
        )

    def update_assessment(
        self, id_: str, *, title: str | None = None, validity_days: int | None = None
    ) -> Assessment:
        """Edit an assessment, which publishes a draft."""
        return self._assessment("update_assessment", id_, title=title, validity_days=validity_days)

    def publish(self, id_: str) -> Assessment:
        """Publish a draft."""
        return self._assessment("publish", id_)

    def archive_assessment(self, id_: str) -> Assessment:
        """Archive an assessment."""
        return self._assessment("archive_assessment", id_)

    def unarchive_assessment(self, id_: str) -> Assessment:
        """Unarchive an assessment; no message is sent (assumed)."""
        return self._assessment("unarchive_assessment", id_)

    def delete_assessment(self, id_: str) -> Assessment:
        """Delete an assessment; the record remains with the state DELETED."""
        return self._assessment("delete_assessment", id_)

    def move_assessment(self, id_: str, verb: str, /, **details: Any) -> Assessment:
        """Execute a command of the assessment's lifecycle, given by its word in the lifecycle."""
        return self._assessment(moving("assessment", verb).name, id_, **details)

    def _assessment(self, name: str, id_: str = "", **details: Any) -> Assessment:
        done: Done[Assessment] = self.do(name, id_, **details)
        return done.subject

    def invite(
        self,
        assessment_id: str,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        scheduled_date: datetime | None = None,
        source: str | None = None,
    ) -> Candidate:
        """Invite a candidate to an assessment; missing personal data are made up."""
        return self._candidate(
            "invite",
            assessment_id=assessment_id,
            email=email,
            first_name=first_name,
            last_name=last_name,
            scheduled_date=scheduled_date,
            source=source,
        )

    def invite_all(
        self,
        assessment_id: str,
        people: Iterable[Mapping[str, str]],
        *,
        scheduled_date: datetime | None = None,
        source: str | None = None,
    ) -> list[Invited]:
        """Invite several people to an assessment; a person who can't be invited is left out.

        Args:
            assessment_id: the id of the assessment.
            people: each with ``email`` and, unless they are made up, ``first_name`` and
                ``last_name``.
            scheduled_date: when the invitations are sent; by default now.
            source: a label for the origin of the candidates.

        Returns:
            The result for each person, in their order.

        Raises:
            NotFoundError: no such assessment.
            IllegalCommandError: the assessment is archived or deleted.
            InvalidInputError: the date has passed.
        """
        inviter = Inviter(self.state, self.now(), assessment_id, scheduled_date, source)
        changes, invited = invite_all(inviter, people)
        self._engine.do_all(changes)
        return invited

    def send_invitation(self, id_: str) -> Candidate:
        """Send a scheduled invitation now, before its date."""
        return self._candidate("send_invitation", id_)

    def enroll(self, id_: str) -> Candidate:
        """Enroll a candidate: they open the invitation and enter their details."""
        return self._candidate("enroll", id_)

    def start(self, id_: str) -> Candidate:
        """Start the assessment of a candidate."""
        return self._candidate("start", id_)

    def answer(self, id_: str, *, correct: bool | None = None) -> Candidate:
        """Let a candidate answer the next question, right unless *correct* is False."""
        return self._candidate("answer", id_, correct=correct)

    def leave_window(self, id_: str, *, seconds: int | None = None) -> Candidate:
        """Let a candidate leave the window, for some seconds by default."""
        return self._candidate("leave_window", id_, seconds=seconds)

    def complete(
        self,
        id_: str,
        *,
        score: int | None = None,
        of: int | None = None,
        percentage: int | None = None,
    ) -> Candidate:
        """Complete the assessment of a candidate; missing parts of the result are drawn."""
        return self._candidate("complete", id_, score=score, of=of, percentage=percentage)

    def disqualify(self, id_: str, *, reason: str | None = None) -> Candidate:
        """Disqualify a candidate, for ``qualification`` or ``proctoring``."""
        return self._candidate("disqualify", id_, reason=reason)

    def expire(self, id_: str) -> Candidate:
        """Expire an invitation now."""
        return self._candidate("expire", id_)

    def reject(self, id_: str) -> Candidate:
        """Reject a candidate who has completed the assessment."""
        return self._candidate("reject", id_)

    def rescore(
        self,
        id_: str,
        *,
        score: int | None = None,
        of: int | None = None,
        percentage: int | None = None,
    ) -> Candidate:
        """Change the score of a candidate after completion; the state does not change."""
        return self._candidate("rescore", id_, score=score, of=of, percentage=percentage)

    def move_candidate(self, id_: str, verb: str, /, **details: Any) -> Candidate:
        """Execute a command of the candidate's lifecycle, given by its word in the lifecycle."""
        return self._candidate(moving("candidate", verb).name, id_, **details)

    def _candidate(self, name: str, id_: str = "", **details: Any) -> Candidate:
        done: Done[Candidate] = self.do(name, id_, **details)
        return done.subject
