"""Steps that make and move assessments."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from emulator.domain.assessment import LONGEST_VALIDITY_DAYS
from emulator.scenario.steps.step import Context, Step
from emulator.scenario.words import AssessmentName, NewAssessment
from emulator.workspace.commands.change import LONGEST_TEXT

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
Days = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_VALIDITY_DAYS)]


class CreateAssessment(Step, frozen=True, rename={"as_": "as"}):
    """Make an assessment, a draft; a title is made up when left out."""

    does: ClassVar[str] = "create"
    example: ClassVar[str] = "create_assessment: {as: job, title: Job Analysis Specialist}"

    as_: NewAssessment | None = None
    title: Title | None = None
    validity_days: Days | None = None

    async def run(self, context: Context) -> str:
        """Make it and keep its id under its name."""
        made = context.workspace.create_assessment(
            title=self.title, validity_days=self.validity_days
        )
        if self.as_ is not None:
            context.assessments[self.as_] = made.id
        return ""


class UpdateAssessment(Step, frozen=True):
    """Edit an assessment; a draft is published by it."""

    example: ClassVar[str] = "update_assessment: {assessment: job, title: Senior Specialist}"
    bare: ClassVar[str | None] = "assessment"
    does: ClassVar[str] = "update"

    assessment: AssessmentName
    title: Title | None = None
    validity_days: Days | None = None

    async def run(self, context: Context) -> str:
        """Edit it."""
        context.workspace.update_assessment(
            context.assessment(self.assessment),
            title=self.title,
            validity_days=self.validity_days,
        )
        return ""


class MoveAssessment(Step, frozen=True):
    """One command of the assessment's table that takes no details."""

    bare: ClassVar[str | None] = "assessment"

    assessment: AssessmentName

    async def run(self, context: Context) -> str:
        """Do the command."""
        context.workspace.move_assessment(context.assessment(self.assessment), self.does)
        return ""


class Publish(MoveAssessment, frozen=True):
    """Publish a draft; consumers hear of it as an update."""

    example: ClassVar[str] = "publish: job"
    does: ClassVar[str] = "publish"


class ArchiveAssessment(MoveAssessment, frozen=True):
    """Archive an assessment."""

    example: ClassVar[str] = "archive_assessment: job"
    does: ClassVar[str] = "archive"


class UnarchiveAssessment(MoveAssessment, frozen=True):
    """Take an assessment out of the archive; nothing is sent (assumed)."""

    example: ClassVar[str] = "unarchive_assessment: job"
    does: ClassVar[str] = "unarchive"


class DeleteAssessment(MoveAssessment, frozen=True):
    """Delete an assessment."""

    example: ClassVar[str] = "delete_assessment: job"
    does: ClassVar[str] = "delete"
