"""Draws the questions of an assessment; never its lifecycle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.assessment import CodeCase, Content, CustomQuestion
from emulator.domain.ids import ObjectId, bare_object_id, chance, object_id
from emulator.domain.library_texts import library_texts

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from emulator.domain.library import JobRole, Library, LibraryTest


class QualifyingQuestion(msgspec.Struct, frozen=True):
    """A yes-or-no question before the tests; yes is correct.

    Attributes:
        yes_id: id of the option Yes.
        no_id: id of the option No.
        elapsed_seconds: seconds until the answer, to the millisecond.
    """

    id: ObjectId
    text: str
    yes_id: ObjectId
    no_id: ObjectId
    elapsed_seconds: float = 0.0


_MAXIMUM_SCORES = {"CHAT_SIMULATION": 10, "WRITTEN_ANSWER": 5, "CODING_ANSWER": 10}
_OTHER_MAXIMUM_SCORE = 5  # video and audio answers


def content(draw: random.Random, at: datetime, library: Library, role: JobRole) -> Content:
    """Return the content of an assessment for *role* that is created at *at*.

    No id has a later time than *at*.

    Source: documented, the number and kinds of tests and questions are those of the example
    "Assessment Updated"; assumed, that every assessment has them.
    """
    # In the example the custom questions come within two minutes, then the custom fields.
    chat_age = draw.randint(180, 300)
    custom_questions = tuple(
        custom_question(draw, at - timedelta(seconds=age), classification, library)
        for age, classification in (
            (chat_age, "CHAT_SIMULATION"),
            (chat_age - draw.randint(30, 60), "WRITTEN_ANSWER"),
            (chat_age - draw.randint(80, 110), "CODING_ANSWER"),
        )
    )
    tests = (library.any_test(draw), library.any_company_test(draw))
    return composed(draw, at, role, tests, custom_questions)


def composed(
    draw: random.Random,
    at: datetime,
    role: JobRole,
    tests: Sequence[LibraryTest],
    custom_questions: tuple[CustomQuestion, ...] = (),
) -> Content:
    """Return the content of an assessment with these tests and questions."""
    return Content(
        job_role_id=role.id,
        tests=tuple(test.asked(draw) for test in tests),
        custom_questions=custom_questions,
        custom_field_ids=_field_ids(draw, at),
        recipients=_recipients(draw),
        location_access=True,
        sends_result_email=True,
    )


def _field_ids(draw: random.Random, at: datetime) -> tuple[ObjectId, ...]:
    made_at = at - timedelta(seconds=draw.randint(10, 40))
    return tuple(bare_object_id(made_at, offset) for offset in range(4))


def _recipients(draw: random.Random) -> tuple[str, ...]:
    return (draw.choice(("hiring", "jobs", "people", "talent")) + "@example.com",)


def custom_question(
    draw: random.Random, at: datetime, classification: str, library: Library
) -> CustomQuestion:
    """Return a custom question of *classification*, written at *at*.

    The cases of a coding question have the three seconds before *at*, so that no id is later.

    Raises:
        KeyError: not a classification of ``CustomQuestion``.

    Source: documented, in the example "Assessment Updated" (chat, written, coding) none is
    mandatory and none counts attempts; in "Assessment Archived" (video, audio) all are
    mandatory with three attempts.
    """
    text = draw.choice(library_texts().custom_questions[classification])
    is_recorded = classification in ("VIDEO_ANSWER", "AUDIO_ANSWER")
    is_coding = classification == "CODING_ANSWER"
    languages = _coding_languages(draw, library) if is_coding else ()
    return CustomQuestion(
        id=object_id(at - timedelta(seconds=2) if is_coding else at, draw),
        text=text.text,
        classification=classification,
        duration=300,
        maximum_score=_MAXIMUM_SCORES.get(classification, _OTHER_MAXIMUM_SCORE),
        attempts=3 if is_recorded else 0,
        is_mandatory=is_recorded,
        ai_prompt=text.ai_prompt,
        difficulty="EASY" if is_coding else "",
        coding_languages=languages,
        default_coding_language=draw.choice(languages) if languages else "",
        cases=tuple(
            # In the example, the second of three cases is hidden.
            CodeCase(
                id=bare_object_id(at, index - 2), input=given, output=wanted, hidden=index == 1
            )
            for index, (given, wanted) in enumerate(text.cases)
        ),
    )


def qualifying_question(assessment_id: ObjectId) -> QualifyingQuestion:
    """Return the qualifying question of an assessment.

    Source: documented, example "Candidate Disqualified": question and options were made in
    the same second, the options count up by one.
    """
    draw = chance(int(assessment_id, 16), "qualifying question", 1)
    made_at = datetime.fromtimestamp(int(assessment_id[:8], 16), UTC)
    written_at = made_at - timedelta(minutes=1)
    return QualifyingQuestion(
        id=object_id(written_at, draw),
        text=draw.choice(library_texts().qualifying_questions),
        yes_id=bare_object_id(written_at, 0),
        no_id=bare_object_id(written_at, 1),
    )


def wrong_answer(draw: random.Random, assessment_id: ObjectId) -> QualifyingQuestion:
    """Return the qualifying question of an assessment with a wrong answer."""
    return msgspec.structs.replace(
        qualifying_question(assessment_id), elapsed_seconds=draw.randint(1_500, 29_999) / 1000
    )


def _coding_languages(draw: random.Random, library: Library) -> tuple[ObjectId, ...]:
    """Return ids of 10 to 39 programming languages, consecutive in the library (assumed)."""
    known = library.coding_languages
    count = draw.randint(10, 39)
    first = draw.randint(0, len(known) - count)
    return tuple(one.id for one in known[first : first + count])
