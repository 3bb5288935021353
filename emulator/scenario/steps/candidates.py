"""Steps that invite candidates and move them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from emulator.domain.moves import Percentage, Points
from emulator.errors import InvalidInputError
from emulator.scenario.steps.step import Context, Step
from emulator.scenario.words import (
    AssessmentName,
    CandidateName,
    NewCandidate,
    Reason,
)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Total = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Invite(Step, frozen=True, rename={"as_": "as"}):
    """Invite somebody to an assessment; what is left out of the person is made up."""

    does: ClassVar[str] = "invite"
    example: ClassVar[str] = "invite: {as: ada, to: job, email: ada@example.com}"

    to: AssessmentName
    as_: NewCandidate | None = None
    email: Name | None = None
    first_name: Name | None = None
    last_name: Name | None = None

    async def run(self, context: Context) -> str:
        """Invite them and keep the invitation's id under its name."""
        invited = context.workspace.invite(
            context.assessment(self.to),
            email=self.email,
            first_name=self.first_name,
            last_name=self.last_name,
        )
        if self.as_ is not None:
            context.candidates[self.as_] = invited.id
        return ""


class MoveCandidate(Step, frozen=True):
    """One command of the candidate's table."""

    bare: ClassVar[str | None] = "candidate"

    candidate: CandidateName

    async def run(self, context: Context) -> str:
        """Do the command."""
        context.workspace.move_candidate(
            context.candidate(self.candidate), self.does, **self._details()
        )
        return ""

    def _details(self) -> dict[str, Any]:
        fields = msgspec.structs.asdict(self)
        del fields["candidate"]
        return fields


class Enroll(MoveCandidate, frozen=True):
    """Let a candidate open the invitation and give their details."""

    example: ClassVar[str] = "enroll: ada"
    does: ClassVar[str] = "enroll"


class Start(MoveCandidate, frozen=True):
    """Let a candidate start answering."""

    example: ClassVar[str] = "start: ada"
    does: ClassVar[str] = "start"


class Expire(MoveCandidate, frozen=True):
    """Let an invitation run out now, before its time."""

    example: ClassVar[str] = "expire: ada"
    does: ClassVar[str] = "expire"


class Reject(MoveCandidate, frozen=True):
    """Turn a candidate down who completed."""

    example: ClassVar[str] = "reject: ada"
    does: ClassVar[str] = "reject"


class _Scored(MoveCandidate, frozen=True):
    """A command with a result; what is left out of it is drawn."""

    score: Points | None = None
    of: Total | None = None
    percentage: Percentage | None = None

    def __post_init__(self) -> None:
        """Refuse a score that can't be, before anything runs."""
        if self.score is not None and self.of is not None and self.score > self.of:
            message = f"a score of {self.score} is more than the {self.of} points to be had"
            raise InvalidInputError(message, path="$.score")


class Complete(_Scored, frozen=True):
    """Let a candidate hand in; what is left out of the result is drawn."""

    example: ClassVar[str] = "complete: {candidate: ada, score: 14, of: 32}"
    does: ClassVar[str] = "complete"


class Rescore(_Scored, frozen=True):
    """Change a score afterwards; the state stays."""

    example: ClassVar[str] = "rescore: {candidate: ada, score: 20}"
    does: ClassVar[str] = "rescore"


class Disqualify(MoveCandidate, frozen=True):
    """Disqualify a candidate, for qualification or proctoring; left out, what fits the state."""

    example: ClassVar[str] = "disqualify: {candidate: ada, reason: proctoring}"
    does: ClassVar[str] = "disqualify"

    reason: Reason | None = None
