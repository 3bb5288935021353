"""Questions of the library as the provider's API has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from emulator.durations import instant
from emulator.server.operations import NoQuery, Operation, Record
from emulator.server.provider.library import LANGUAGE, is_from
from emulator.server.provider.listing import Paged, page, searched

if TYPE_CHECKING:
    from emulator.domain.library import LibraryQuestion, LibraryTest
    from emulator.server.operations import Call


class QuestionQuery(Paged, frozen=True):
    """The query of the list of questions.

    A flag that is false counts as left out; with several, either will do (assumed). No question is
    starred.
    """

    query: str | None = None
    type: Annotated[
        str | None, msgspec.Meta(description="Classification, SINGLE_SELECT for example.")
    ] = None
    difficulty: str | None = None
    test_library_id: str | None = None
    is_company_test_libraries: bool = False
    is_testlify_libraries: bool = False
    language: str | None = None
    is_starred: bool = False
    is_company_test: bool = False


class QuestionRow(Record, frozen=True):
    """A question in a list."""

    id: str
    title: str
    question: str
    classification: str
    difficulty_level: str
    coding_languages: list[str]
    language: str
    skill: str
    source_id: int
    test_library_title: str
    time_limit: Annotated[int, msgspec.Meta(description="Seconds.")]
    recording_time: Annotated[int, msgspec.Meta(description="Seconds.")]
    is_custom_question: bool
    is_starred: bool


class QuestionView(Record, frozen=True):
    """One question."""

    id: str = msgspec.field(name="_id")
    title: str
    question: str
    classification: str
    difficulty_level: str
    format: str
    language: str
    maximum_score: int
    score: int
    skill: str
    skill_id: str
    source: str
    source_id: int
    status: str
    reviewer_status: str
    test_library_id: str
    test_library_title: str
    time_limit: int
    recording_time: int
    answer_selection_type: str
    checked_for_grammar: bool
    enable_test_case: bool
    has_correct_answer: bool
    is_mandatory: bool
    is_preview_question: bool
    is_scorable_question: bool
    show_typing_result_to_candidate: bool
    created: str
    modified: str


async def list_all(call: Call[QuestionQuery, None]) -> list[QuestionRow]:
    """List questions, test by test."""
    query, library = call.query, call.workspace.state.library
    found = searched(library.questions.values(), query.query, lambda pair: (pair[0].text,))
    is_company = query.is_company_test or query.is_company_test_libraries
    wanted = (
        (question, test)
        for question, test in found
        if query.test_library_id in (None, test.id)
        and query.type in (None, question.classification)
        and query.difficulty in (None, test.test.difficulty)
        and query.language in (None, LANGUAGE)
        and not query.is_starred
        and is_from(test, is_company=is_company, is_testlifys=query.is_testlify_libraries)
    )
    return page(query, wanted, lambda pair: _question_row(*pair))


async def read(call: Call[NoQuery, None]) -> QuestionView:
    """Read one question."""
    found, test = call.workspace.state.library.question(call.path("questionId"))
    return QuestionView(
        id=found.id,
        title=_title(found, test),
        question=found.text,
        classification=found.classification,
        difficulty_level=test.test.difficulty,
        format="MD",
        language=LANGUAGE,
        maximum_score=1,
        score=1,
        skill=found.skill.name,
        skill_id=found.skill.id,
        source="COMPANY" if test.is_company_test else "TESTLIFY",
        source_id=found.number,
        status="PUBLISHED",
        reviewer_status="APPROVED",
        test_library_id=test.id,
        test_library_title=test.test.title,
        time_limit=found.time_limit,
        recording_time=_recording_time(found),
        answer_selection_type=found.classification,
        checked_for_grammar=False,
        enable_test_case=found.classification == "CODING_ANSWER",
        has_correct_answer=found.classification == "SINGLE_SELECT",
        is_mandatory=False,
        is_preview_question=False,
        is_scorable_question=True,
        show_typing_result_to_candidate=False,
        created=instant(found.created_at),
        modified=instant(found.created_at),
    )


def _title(question: LibraryQuestion, test: LibraryTest) -> str:
    return f"{test.test.title}, question {test.questions.index(question) + 1}"


def _recording_time(question: LibraryQuestion) -> int:
    is_recorded = question.classification in ("VIDEO_ANSWER", "AUDIO_ANSWER")
    return question.time_limit if is_recorded else 0


def _question_row(question: LibraryQuestion, test: LibraryTest) -> QuestionRow:
    return QuestionRow(
        id=question.id,
        title=_title(question, test),
        question=question.text,
        classification=question.classification,
        difficulty_level=test.test.difficulty,
        coding_languages=[],
        language=LANGUAGE,
        skill=question.skill.name,
        source_id=question.number,
        test_library_title=test.test.title,
        time_limit=question.time_limit,
        recording_time=_recording_time(question),
        is_custom_question=test.is_company_test,
        is_starred=False,
    )


OPERATIONS = (
    Operation(
        "listQuestions", "GET", "/v1/question", list_all,
        "List the questions of the library.",
        list[QuestionRow], query=QuestionQuery, page="get_questions",
    ),
    Operation(
        "getQuestion", "GET", "/v1/question/{questionId}", read,
        "Read a question.",
        QuestionView, page="get_question_details",
    ),
)  # fmt: skip
