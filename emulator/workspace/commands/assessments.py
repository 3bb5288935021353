"""Commands on assessments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.decoding import convert
from emulator.domain import assessment as assessments
from emulator.domain.assessment import Assessment, AssessmentSettings
from emulator.domain.commands import AssessmentDetails, CreateDetails, Details
from emulator.domain.ids import chance, object_id
from emulator.domain.lifecycle import NEW, Transition
from emulator.domain.occurrence import Occurrence
from emulator.domain.questions import composed, content
from emulator.errors import InvalidInputError
from emulator.workspace.commands.change import Change, text
from emulator.workspace.entry_data import AssessmentChanged

if TYPE_CHECKING:
    import random
    from datetime import datetime
    from typing import Any

    from emulator.domain.assessment import Content
    from emulator.domain.library import JobRole, Library
    from emulator.workspace.state import State

MOST_TESTS = 50
"""Tests that an assessment can have (assumed)."""


def create_assessment(state: State, at: datetime, details: CreateDetails) -> Change:
    """Create a draft; title and content are drawn unless they are given.

    Raises:
        InvalidInputError: an empty title, a validity below one day or above ten years, no tests or
            too many, both tests and a template, unknown settings.
        NotFoundError: no such test or template.
    """
    row = assessments.LIFECYCLE.transition(NEW, "create")
    number = len(state.assessments) + 1
    draw = chance(state.settings.seed, "assessment", number)
    library, title, days = state.library, details.title, details.validity_days
    id_ = object_id(at, draw)
    role, asked = _content(draw, at, library, details)
    made = Assessment(
        id=id_,
        number=number,
        title=role.name if title is None else text(title, "$.title"),
        state=row.next_state,
        created_at=at,
        modified_at=at,
        validity_days=_validity(assessments.VALIDITY_DAYS if days is None else days),
        content=asked,
        group=draw.choice(library.groups).name,
        labels=tuple(sorted(draw.sample(library.labels, draw.randint(0, 2)))),
        description=f"For the role {role.name}." if details.template else "",
        settings=_settings(details.settings or {}),
    )
    return _assessment_change(state, at, row, made, "assessment.created")


def _content(
    draw: random.Random, at: datetime, library: Library, details: CreateDetails
) -> tuple[JobRole, Content]:
    """Return the job role and the content of a new assessment."""
    if details.template is not None:
        if details.tests is not None:
            message = "both tests and a template; expected one of them"
            raise InvalidInputError(message, path="$.tests")
        role, tests = library.template(details.template)
        return role, composed(draw, at, role, tests)
    role = library.role(details.title or "") or draw.choice(library.job_roles)
    if details.tests is None:
        return role, content(draw, at, library, role)
    if not 1 <= len(details.tests) <= MOST_TESTS:
        message = f"{len(details.tests)} tests; expected 1 to {MOST_TESTS}"
        raise InvalidInputError(message, path="$.tests")
    named = {one.id: one for one in map(library.named_test, details.tests)}
    return role, composed(draw, at, role, list(named.values()))


def _settings(given: dict[str, Any]) -> AssessmentSettings:
    try:
        return convert(given, AssessmentSettings)
    except InvalidInputError as error:
        path = "$.settings" + (error.path or "$").removeprefix("$")
        raise InvalidInputError(error.message, path=path) from None


def move_assessment(state: State, at: datetime, id_: str, command: str, details: Details) -> Change:
    """Execute *command*, a word of the lifecycle, on an assessment.

    Raises:
        NotFoundError: no such assessment.
        IllegalCommandError: the command is not legal in its state.
        InvalidInputError: an empty title, or an invalid validity.
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
    happened = Occurrence(
        row.command, at, row.events, state.organisation, after,
        candidate_count=sum(state.counts.get(after.id, {}).values()),
        base=state.settings.public_url,
    )  # fmt: skip
    return Change((record,), happened)


def _validity(days: int) -> int:
    if not 1 <= days <= assessments.LONGEST_VALIDITY_DAYS:
        message = f"a validity of {days} days; expected 1 to {assessments.LONGEST_VALIDITY_DAYS}"
        raise InvalidInputError(message, path="$.invitationEmailLinkValidity")
    return days
