"""Candidates and their results as the provider's API has them."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

import msgspec

from emulator.domain import assessment as assessments
from emulator.domain.assessment import grade
from emulator.domain.candidate import INVITED, SCHEDULED, STAGES
from emulator.domain.payloads.links import detail_link
from emulator.durations import instant, parse_instant
from emulator.errors import InvalidInputError
from emulator.server.operations import NoQuery, Operation, Record
from emulator.server.provider.listing import Sorted, column_of, searched, sorted_page
from emulator.workspace import provider_queries

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.domain.assessment import Grade
    from emulator.domain.candidate import Candidate
    from emulator.server.operations import Call
    from emulator.workspace.state import State

VIA = "EMAIL"
"""How everybody is invited; the real service also has links and other systems (documented)."""


class CandidateQuery(Sorted, frozen=True):
    """The query of the candidates of an assessment.

    Of all filters but the names nothing is known. Each takes one value, and compares it whole; only
    *query* searches, in names and addresses. *completed_range* is two instants with a comma
    between them.
    """

    col_name: _CandidateRowColumn | None = None
    query: str | None = None
    candidate_status: str | None = None
    candidate_stage: str | None = None
    invitation_type: str | None = None
    grade: str | None = None
    completed_range: Annotated[
        str | None, msgspec.Meta(description="Two instants, ISO 8601, with a comma between them.")
    ] = None
    invited_by: str | None = None
    workspace_label_title: str | None = None


class CandidateRow(Record, frozen=True):
    """A candidate of an assessment: one invitation."""

    assessment_candidate_id: str
    assessment_id: str
    attempt_index: int
    avg_score_percentage: int | None
    candidate_id: str
    candidate_stage: str
    candidate_status: str
    completed_at: str | None
    email: str
    first_name: str
    grading: str | None
    grading_color: str | None
    invited_at: str
    invited_by: str
    invited_via: str
    last_name: str
    number_of_attempts: int
    total_question: int


_CandidateRowColumn = Annotated[str, column_of(CandidateRow)]


class ResultQuery(Record, frozen=True):
    """The query of a result, which has no effect, except that an unknown test is an error."""

    report: str | None = None
    file_type: str | None = None
    test_lib_id: str | None = None


class ResultView(Record, frozen=True):
    """The result of one candidate."""

    assessment_candidate_id: str
    assessment_candidate_url: str
    assessment_id: str
    assessment_name: str
    attempt_index: int
    avg_score_percentage: int | None
    candidate_id: str
    candidate_index: int
    candidate_stage: str
    candidate_status: str
    completed_at: str | None
    default_language: str
    email: str
    first_name: str
    invited_at: str
    is_archived: bool
    last_name: str
    org_id: str
    org_name: str
    title: str
    total_question: int
    user_id: str


class CandidateAssessment(Record, frozen=True):
    """An assessment to which a person was invited."""

    assessment_id: str
    attempt_index: int
    candidate_id: str
    name: str


class PersonQuery(Sorted, frozen=True):
    """The query of the list of people."""

    col_name: _PersonRowColumn | None = None
    query: str | None = None
    assessment_id: str | None = None
    email: str | None = None
    candidate_status: str | None = None


class PersonRow(Record, frozen=True):
    """A person, however often they were invited."""

    candidate_id: str
    email: str
    first_name: str
    last_name: str
    last_seen_at: str | None
    total_assessment: int
    total_test: int


_PersonRowColumn = Annotated[str, column_of(PersonRow)]


async def list_of_assessment(call: Call[CandidateQuery, None]) -> list[CandidateRow]:
    """List the candidates of an assessment, the last invitation first."""
    query, state = call.query, call.workspace.state
    assessment = provider_queries.kept_assessment(state, call.path("assessmentId"))
    label = query.workspace_label_title
    completed = _range(query.completed_range)
    inviters = {None, state.owner.name, state.owner.email, state.owner.user_id}
    is_any = (
        query.invited_by in inviters
        and query.invitation_type in (None, VIA)
        and (label is None or label in assessment.labels)
    )
    known = provider_queries.candidates_of(state, assessment.id) if is_any else ()
    found = searched(known, query.query, _texts)
    wanted = (one for one in found if _fits(query, one, completed))
    attempts = cache(partial(provider_queries.attempts_of, state))

    def row(one: Candidate) -> CandidateRow:
        return _row(state, one, attempts(one.candidate_id)[one.id])

    return sorted_page(query, wanted, row, CandidateRow)


async def result(call: Call[ResultQuery, None]) -> ResultView:
    """Read the result of a candidate; of several attempts the last."""
    state = call.workspace.state
    candidate = provider_queries.candidate_of(
        state, call.path("assessmentId"), call.path("candidateId")
    )
    assessment = state.assessments[candidate.assessment_id]
    asked = call.query.test_lib_id
    if asked and all(asked != test.id for test in assessment.content.tests):
        message = f"testLibId is {asked[:40]!r}; the assessment has no such test"
        raise InvalidInputError(message, path="?testLibId")
    return ResultView(
        assessment_candidate_id=candidate.id,
        assessment_candidate_url=detail_link(state.organisation, candidate),
        assessment_id=candidate.assessment_id,
        assessment_name=candidate.assessment_title,
        attempt_index=provider_queries.attempts_of(state, candidate.candidate_id)[candidate.id],
        avg_score_percentage=_percentage(candidate),
        candidate_id=candidate.candidate_id,
        candidate_index=state.invitations[candidate.assessment_id].index(candidate.id),
        candidate_stage=_stage(candidate),
        candidate_status=candidate.state,
        completed_at=_maybe(candidate.completed_at),
        default_language=assessment.settings.default_language,
        email=candidate.email,
        first_name=candidate.first_name,
        invited_at=instant(candidate.invited_at),
        is_archived=assessment.state == assessments.ARCHIVED,
        last_name=candidate.last_name,
        org_id=state.organisation.id,
        org_name=state.organisation.name,
        title=candidate.assessment_title,
        total_question=_questions(state, candidate),
        user_id=state.organisation.user_id,
    )


async def assessments_of(call: Call[NoQuery, None]) -> list[CandidateAssessment]:
    """List the assessments to which a person was invited, oldest first."""
    state = call.workspace.state
    invitations = provider_queries.invitations_of(state, call.path("candidateId"))
    attempts = provider_queries.attempts_of(state, invitations[0].candidate_id)
    return [
        CandidateAssessment(
            assessment_id=invitation.assessment_id,
            attempt_index=attempts[invitation.id],
            candidate_id=invitation.candidate_id,
            name=invitation.assessment_title,
        )
        for invitation in invitations
    ]


async def list_people(call: Call[PersonQuery, None]) -> list[PersonRow]:
    """List all people who were invited, the newest first by their first invitation."""
    query, state = call.query, call.workspace.state
    wanted = searched(reversed(state.people.values()), query.query, _texts)
    if query.email:
        address = query.email.casefold()
        wanted = (one for one in wanted if one.email.casefold() == address)
    if query.assessment_id or query.candidate_status:
        wanted = (one for one in wanted if _has_invitation(query, state, one))
    return sorted_page(query, wanted, partial(_person, state), PersonRow)


def _texts(one: Candidate) -> tuple[str, str]:
    """Return the texts in which *query* searches."""
    return one.email, f"{one.first_name} {one.last_name}"


def _fits(
    query: CandidateQuery, one: Candidate, completed: tuple[datetime, datetime] | None
) -> bool:
    found = _grade(one)
    return (
        query.candidate_status in (None, one.state)
        and query.candidate_stage in (None, _stage(one))
        and query.grade in (None, found.name if found else None)
        and (
            completed is None
            or (one.completed_at is not None and completed[0] <= one.completed_at <= completed[1])
        )
    )


def _range(text: str | None) -> tuple[datetime, datetime] | None:
    if not text:
        return None
    first, comma, last = text.partition(",")
    if not comma:
        message = f"completedRange is {text[:60]!r}; expected two instants separated by a comma"
        raise InvalidInputError(message, path="?completedRange")
    path = "?completedRange"
    return parse_instant(first.strip(), path=path), parse_instant(last.strip(), path=path)


def _row(state: State, candidate: Candidate, attempt_index: int) -> CandidateRow:
    found = _grade(candidate)
    return CandidateRow(
        assessment_candidate_id=candidate.id,
        assessment_id=candidate.assessment_id,
        attempt_index=attempt_index,
        avg_score_percentage=_percentage(candidate),
        candidate_id=candidate.candidate_id,
        candidate_stage=_stage(candidate),
        candidate_status=candidate.state,
        completed_at=_maybe(candidate.completed_at),
        email=candidate.email,
        first_name=candidate.first_name,
        grading=found.name if found else None,
        grading_color=found.color if found else None,
        invited_at=instant(candidate.invited_at),
        invited_by=state.owner.name,
        invited_via=VIA,
        last_name=candidate.last_name,
        number_of_attempts=1,
        total_question=_questions(state, candidate),
    )


def _has_invitation(query: PersonQuery, state: State, last: Candidate) -> bool:
    """Whether one of the invitations of a person fits; *last* is the last of them."""
    invitations = (state.candidates[one] for one in state.invitations[last.candidate_id])
    return any(
        query.assessment_id in (None, invitation.assessment_id)
        and query.candidate_status in (None, invitation.state)
        for invitation in invitations
    )


def _person(state: State, last: Candidate) -> PersonRow:
    tests: dict[str, int] = {}
    seen: datetime | None = None
    for id_ in state.invitations[last.candidate_id]:
        one = state.candidates[id_]
        tests[one.assessment_id] = len(state.assessments[one.assessment_id].content.tests)
        at = one.completed_at or one.started_at
        if at is not None and (seen is None or at > seen):
            seen = at
    return PersonRow(
        candidate_id=last.candidate_id,
        email=last.email,
        first_name=last.first_name,
        last_name=last.last_name,
        last_seen_at=_maybe(seen),
        total_assessment=len(tests),
        total_test=sum(tests.values()),
    )


def _percentage(candidate: Candidate) -> int | None:
    return None if candidate.score is None else candidate.score.percentage


def _grade(candidate: Candidate) -> Grade | None:
    return None if candidate.score is None else grade(candidate.score.percentage)


def _stage(candidate: Candidate) -> str:
    return STAGES[INVITED if candidate.state == SCHEDULED else candidate.state]


def _questions(state: State, candidate: Candidate) -> int:
    """Return ``totalQuestion``: as in payloads, 0 until the tests are open."""
    if candidate.started_at is None:
        return 0
    return state.assessments[candidate.assessment_id].content.question_count


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


OPERATIONS = (
    Operation(
        "listAssessmentCandidates", "GET", "/v1/assessment/{assessmentId}/candidate",
        list_of_assessment,
        "List the candidates of an assessment, the last invitation first.",
        list[CandidateRow], query=CandidateQuery, page="get_all_candidates",
    ),
    Operation(
        "getCandidateResult", "GET", "/v1/assessment/{assessmentId}/candidate/{candidateId}",
        result,
        "Read the result of a candidate; candidateId is the person's id or the invitation's.",
        ResultView, query=ResultQuery, page="get_candidate_result",
    ),
    Operation(
        "listCandidateAssessments", "GET", "/v1/assessment/{candidateId}/assessments",
        assessments_of,
        "List the assessments to which a candidate was invited, oldest first.",
        list[CandidateAssessment], page="get_candidate_assessments",
    ),
    Operation(
        "listCandidates", "GET", "/v1/candidate", list_people,
        "List the people who were invited, each once.",
        list[PersonRow], query=PersonQuery, page="get_candidate_list",
    ),
)  # fmt: skip
