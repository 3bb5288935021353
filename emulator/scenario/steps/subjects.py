"""Steps for assessments and candidates: a step for each command of the table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from emulator.clock import later
from emulator.domain.assessment import LONGEST_VALIDITY_DAYS
from emulator.domain.commands import COMMANDS, Command
from emulator.errors import InvalidInputError
from emulator.scenario.steps.step import Names, RunContext, Step
from emulator.scenario.value_types import (
    AssessmentName,
    CandidateName,
    Duration,
    NewAssessment,
    NewCandidate,
    Reason,
)
from emulator.workspace.commands.assessments import MOST_TESTS
from emulator.workspace.commands.change import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from emulator.scenario.dry_run import DryRun

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
Days = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_VALIDITY_DAYS)]
Tests = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MOST_TESTS)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]

_IN_FILES: Mapping[str, Any] = MappingProxyType(
    {"title": Title, "validity_days": Days, "reason": Reason}
)
"""Details whose values are already checked when the file is read: name -> type."""

_COMPARED_WITH_DRAWN = frozenset({"score", "tests", "template"})
"""Details that are compared with generated content, and may be refused."""


class CommandStep(Step, frozen=True):
    """A command of the table.

    Attributes:
        command: the row of the table.
    """

    command: ClassVar[Command]

    def details(self) -> dict[str, Any]:
        """Return the details in the file."""
        return {name: getattr(self, name) for name in self.command.details.__struct_fields__}

    def foreseen(self, dry_run: DryRun) -> dict[str, Any]:
        """Return the details, without those that are compared with content of an unknown seed."""
        left_out = frozenset() if dry_run.is_drawn_content_known else _COMPARED_WITH_DRAWN
        return {name: value for name, value in self.details().items() if name not in left_out}


class CreateAssessmentStep(CommandStep, frozen=True, rename={"as_": "as"}):
    """Create an assessment, a draft; the content that is left out is drawn."""

    command: ClassVar[Command] = COMMANDS["create_assessment"]
    example: ClassVar[str] = command.example
    changes: ClassVar[dict[str, str]] = {"as": "assessment"}

    as_: NewAssessment | None = None
    title: Title | None = None
    validity_days: Days | None = None
    tests: Tests | None = None
    template: Name | None = None
    settings: dict[str, Any] | None = None

    async def run(self, context: RunContext) -> str:
        """Create the assessment, and store its id under its name."""
        made = context.workspace.do(self.command.name, **self.details())
        if self.as_ is not None:
            context.assessments[self.as_] = made.subject.id
        return ""

    def dry_run(self, dry_run: DryRun) -> None:
        """Create the assessment."""
        id_ = dry_run.do(self.command, "", self.foreseen(dry_run))
        if self.as_ is not None:
            dry_run.assessments[self.as_] = id_


class InviteStep(CommandStep, frozen=True, rename={"as_": "as"}):
    """Invite a candidate to an assessment; what is left out of the person is made up."""

    command: ClassVar[Command] = COMMANDS["invite"]
    example: ClassVar[str] = command.example
    changes: ClassVar[dict[str, str]] = {"to": "assessment", "as": "candidate"}

    to: AssessmentName
    as_: NewCandidate | None = None
    email: Name | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    scheduled: Duration | None = None
    source: Name | None = None

    async def run(self, context: RunContext) -> str:
        """Invite the candidate, and store the id of the invitation under its name."""
        details = self._asked(context, context.workspace.now())
        if context.set_up is not None:
            await context.set_up(context.workspace.preview(self.command.name, **details))
        made = context.workspace.do(self.command.name, **details)
        if self.as_ is not None:
            context.candidates[self.as_] = made.subject.id
        return ""

    def dry_run(self, dry_run: DryRun) -> None:
        """Invite the candidate."""
        id_ = dry_run.do(self.command, "", self._asked(dry_run, dry_run.now))
        if self.as_ is not None:
            dry_run.candidates[self.as_] = id_

    def _asked(self, names: Names, now: datetime) -> dict[str, Any]:
        """Return the details of the command."""
        return {
            "assessment_id": names.assessment(self.to),
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "scheduled_date": later(now, self.scheduled) if self.scheduled else None,
            "source": self.source,
        }


class MoveAssessmentStep(CommandStep, frozen=True):
    """A command that moves an assessment."""

    bare: ClassVar[str | None] = "assessment"
    changes: ClassVar[dict[str, str]] = {"assessment": "assessment"}

    assessment: AssessmentName

    async def run(self, context: RunContext) -> str:
        """Do the command."""
        id_ = context.assessment(self.assessment)
        context.workspace.do(self.command.name, id_, **self.details())
        return ""

    def dry_run(self, dry_run: DryRun) -> None:
        """Do the command."""
        dry_run.do(self.command, dry_run.assessment(self.assessment), self.foreseen(dry_run))


class MoveCandidateStep(CommandStep, frozen=True):
    """A command that moves a candidate."""

    bare: ClassVar[str | None] = "candidate"
    changes: ClassVar[dict[str, str]] = {"candidate": "candidate"}

    candidate: CandidateName

    def __post_init__(self) -> None:
        """Refuse a score above the maximum."""
        given = self.details()
        score, of = given.get("score"), given.get("of")
        if score is not None and of is not None and score > of:
            message = f"a score of {score} is more than the {of} points to be had"
            raise InvalidInputError(message, path="$.score")

    async def run(self, context: RunContext) -> str:
        """Do the command."""
        id_ = context.candidate(self.candidate)
        context.workspace.do(self.command.name, id_, **self.details())
        return ""

    def dry_run(self, dry_run: DryRun) -> None:
        """Do the command."""
        dry_run.do(self.command, dry_run.candidate(self.candidate), self.foreseen(dry_run))


def _step(command: Command) -> type[Step]:
    """Return the step of a command whose subject exists."""
    base: type[Step] = MoveAssessmentStep if command.subject == "assessment" else MoveCandidateStep
    fields = [
        (
            field.name,
            (_IN_FILES[field.name] | None) if field.name in _IN_FILES else field.type,
            None,
        )
        for field in msgspec.structs.fields(command.details)
    ]
    namespace = {"__doc__": command.doc, "command": command, "example": command.example}
    name = command.name.title().replace("_", "") + "Step"
    made: Any = msgspec.defstruct(
        name, fields, bases=(base,), namespace=namespace, module=__name__, frozen=True
    )
    return made  # type: ignore[no-any-return]


STEPS: Mapping[str, type[Step]] = MappingProxyType(
    {
        "create_assessment": CreateAssessmentStep,
        "invite": InviteStep,
        **{one.name: _step(one) for one in COMMANDS.values() if not one.is_new},
    }
)
"""Name of a command -> its step."""
