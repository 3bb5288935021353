"""Assessments and their groups as the provider's API has them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.payloads.links import public_invite_link, workspace_url
from emulator.durations import instant
from emulator.server.operations import NoQuery, Operation, Record
from emulator.server.provider.listing import (
    Paged,
    Sorted,
    column_of,
    page,
    searched,
    sorted_page,
)
from emulator.workspace import provider_queries

if TYPE_CHECKING:
    from emulator.domain.assessment import Assessment
    from emulator.domain.library import LibraryEntry
    from emulator.server.operations import Call
    from emulator.workspace.state import State


class AssessmentQuery(Sorted, frozen=True):
    """The query of the list of assessments.

    The four flags are combined with "or". A flag that is false is ignored: observed, a known client
    sends all four as false and expects published assessments. Without flags, the list includes
    drafts and archived assessments (assumed).
    """

    col_name: _AssessmentRowColumn | None = None
    query: str | None = None
    group_name: str | None = None
    workspace_label_title: str | None = None
    is_active: bool = False
    is_archived: bool = False
    is_editable: bool = False
    is_draft: bool = False
    test_library_id: str | None = None


class AssessmentRow(Record, frozen=True):
    """An assessment in a list."""

    assessment_id: str
    assessment_status: str
    assessment_title: str
    created: str
    created_by: str
    group_name: str | None
    is_archived: bool
    job_role_id: str
    public_invite_link: str
    total_candidate_count: int
    total_completed: int
    total_in_progress: int
    total_invited: int
    total_rejected: int
    user_id: str
    workspace_label: list[str]


_AssessmentRowColumn = Annotated[str, column_of(AssessmentRow)]


class AssessmentView(Record, frozen=True):
    """One assessment; a draft shows no content."""

    assessment_id: str
    assessment_status: str
    assessment_title: str
    default_language: str
    is_archived: bool
    job_role_id: str
    name: str
    number_of_attempts: int
    org_id: str
    recipient_for_notification: list[str]
    supported_languages: list[str]
    total_candidate_count: int
    total_test_library: int
    total_time: Annotated[int, msgspec.Meta(description="Seconds.")]
    user_id: str
    workspace_url: str


class GroupQuery(Paged, frozen=True):
    """The query of the list of groups."""

    query: str | None = None
    in_order: Literal["asc", "desc"] = "asc"


class Group(Record, frozen=True):
    """A group of assessments."""

    id: str = msgspec.field(name="_id")
    group_name: str


class Groups(Record, frozen=True):
    """The list of groups, which has no ``data`` around it."""

    group_list: list[Group]


async def list_all(call: Call[AssessmentQuery, None]) -> list[AssessmentRow]:
    """List assessments, newest first, without deleted assessments."""
    query, state = call.query, call.workspace.state
    flags = (
        (query.is_active, provider_queries.ACTIVE),
        (query.is_archived, {assessments.ARCHIVED}),
        (query.is_editable, provider_queries.EDITABLE),
        (query.is_draft, {assessments.DRAFT}),
    )
    found = provider_queries.kept_assessments(
        state,
        states={one for is_wanted, states in flags if is_wanted for one in states},
        group=query.group_name,
        label=query.workspace_label_title,
    )
    wanted = searched(found, query.query, lambda one: (one.title,))
    if query.test_library_id:
        wanted = (one for one in wanted if _has_test(one, query.test_library_id))
    return sorted_page(query, wanted, partial(_row, state), AssessmentRow)


async def read(call: Call[NoQuery, None]) -> AssessmentView:
    """Read one assessment."""
    state = call.workspace.state
    assessment = provider_queries.kept_assessment(state, call.path("assessmentId"))
    content, is_hidden = assessment.content, assessment.is_hidden
    return AssessmentView(
        assessment_id=assessment.id,
        assessment_status=status(assessment),
        assessment_title=assessment.title,
        default_language=assessment.settings.default_language,
        is_archived=assessment.state == assessments.ARCHIVED,
        job_role_id=content.job_role_id,
        name=assessment.title,
        number_of_attempts=1,
        org_id=state.organisation.id,
        recipient_for_notification=[] if is_hidden else list(content.recipients),
        supported_languages=list(assessment.settings.supported_languages),
        total_candidate_count=state.counts[assessment.id].total(),
        total_test_library=0 if is_hidden else len(content.tests),
        total_time=0 if is_hidden else content.total_time,
        user_id=state.organisation.user_id,
        workspace_url=workspace_url(state.organisation),
    )


async def groups(call: Call[GroupQuery, None]) -> Groups:
    """List the groups of the workspace, by name."""
    query = call.query
    found = searched(call.workspace.state.library.groups, query.query, lambda one: (one.name,))
    found = sorted(found, key=lambda one: one.name, reverse=query.in_order == "desc")
    return Groups(page(query, found, _group))


def _group(group: LibraryEntry) -> Group:
    return Group(group.id, group.name)


def status(assessment: Assessment) -> str:
    """Return ``assessmentStatus``, which has no word for archived assessments, as in payloads."""
    is_archived = assessment.state == assessments.ARCHIVED
    return assessments.SUBSCRIBED if is_archived else assessment.state


def _has_test(assessment: Assessment, id_: str) -> bool:
    return any(id_ == test.id for test in assessment.content.tests)


def _row(state: State, assessment: Assessment) -> AssessmentRow:
    counts = state.counts[assessment.id]
    return AssessmentRow(
        assessment_id=assessment.id,
        assessment_status=status(assessment),
        assessment_title=assessment.title,
        created=instant(assessment.created_at),
        created_by=state.owner.name,
        group_name=assessment.group or None,
        is_archived=assessment.state == assessments.ARCHIVED,
        job_role_id=assessment.content.job_role_id,
        public_invite_link=public_invite_link(assessment, state.settings.public_url),
        total_candidate_count=counts.total(),
        total_completed=counts[candidates.COMPLETED],
        total_in_progress=counts[candidates.ENROLLED] + counts[candidates.IN_PROGRESS],
        total_invited=counts.total() - counts[candidates.SCHEDULED],
        total_rejected=counts[candidates.REJECTED] + counts[candidates.DISQUALIFIED],
        user_id=state.organisation.user_id,
        workspace_label=list(assessment.labels),
    )


OPERATIONS = (
    Operation(
        "listAssessments", "GET", "/v1/assessment", list_all,
        "List the assessments, newest first.",
        list[AssessmentRow], query=AssessmentQuery, page="get_all_assessments",
    ),
    Operation(
        "getAssessment", "GET", "/v1/assessment/{assessmentId}", read,
        "Read an assessment.",
        AssessmentView, page="get_single_assessment",
    ),
    Operation(
        "listAssessmentGroups", "GET", "/v1/workspace/assessment/group", groups,
        "List the groups of assessments.",
        Groups, query=GroupQuery, provenance="observed", is_wrapped=False,
    ),
)  # fmt: skip
