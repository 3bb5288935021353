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

    async def run(self, context: RunContext) -> None:
        """Do the command, and store the id of a new subject under its name."""
        details = self._details(context, context.workspace.now())
        done = context.workspace.do(self.command.name, self._subject(context), **details)
        self._store(context, done.subject.id)

    def dry_run(self, dry_run: DryRun) -> None:
        """Do the command, without details that are compared with content of an unknown seed."""
        details = self._details(dry_run, dry_run.now)
        if not dry_run.is_drawn_content_known:
            details = {key: one for key, one in details.items() if key not in _COMPARED_WITH_DRAWN}
        self._store(dry_run, dry_run.do(self.command, self._subject(dry_run), details))

    def _details(self, names: Names, now: datetime) -> dict[str, Any]:  # noqa: ARG002
        """Return the details of the command."""
        return {name: getattr(self, name) for name in self.command.details.__struct_fields__}

    def _subject(self, names: Names) -> str:  # noqa: ARG002
        """Return the id of the subject, or an empty string for a command that creates it."""
        return ""

    def _store(self, names: Names, id_: str) -> None:
        name = getattr(self, "as_", None)
        if name is not None:
            names.ids[self.command.subject][name] = id_


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


class InviteStep(CommandStep, frozen=True, rename={"as_": "as"}):
    """Invite a candidate to an assessment; missing personal data are made up."""

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

    async def run(self, context: RunContext) -> None:
        """Run the set-up hook for the candidate, and invite them."""
        if context.set_up is not None:
            details = self._details(context, context.workspace.now())
            await context.set_up(context.workspace.preview(self.command.name, **details))
        await super().run(context)

    def _details(self, names: Names, now: datetime) -> dict[str, Any]:
        return {
            "assessment_id": names.id_of("assessment", self.to),
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "scheduled_date": later(now, self.scheduled) if self.scheduled else None,
            "source": self.source,
        }


class MoveStep(CommandStep, frozen=True):
    """A command whose subject exists; its first field names the subject."""

    def __post_init__(self) -> None:
        """Refuse a score above the maximum."""
        score, of = getattr(self, "score", None), getattr(self, "of", None)
        if score is not None and of is not None and score > of:
            message = f"a score of {score} exceeds the total of {of} points"
            raise InvalidInputError(message, path="$.score")

    def _subject(self, names: Names) -> str:
        return names.id_of(self.command.subject, getattr(self, self.command.subject))


def _step(command: Command) -> type[Step]:
    """Return the step of a command whose subject exists."""
    kind = command.subject
    fields: list[Any] = [(kind, AssessmentName if kind == "assessment" else CandidateName)]
    for field in msgspec.structs.fields(command.details):
        in_file = _IN_FILES.get(field.name)
        fields.append((field.name, field.type if in_file is None else in_file | None, None))
    namespace = {
        "__doc__": command.doc,
        "command": command,
        "example": command.example,
        "bare": kind,
        "changes": {kind: kind},
    }
    name = command.name.title().replace("_", "") + "Step"
    made: Any = msgspec.defstruct(
        name, fields, bases=(MoveStep,), namespace=namespace, module=__name__, frozen=True
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
