"""The content of an assessment, drawn from the library."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from emulator.domain.ids import object_id
from emulator.domain.library import Library
from emulator.domain.people import organisation
from emulator.domain.questions import content, custom_question, qualifying_question, wrong_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.domain.assessment import Content

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ORG = organisation(random.Random("org"), AT)
LIBRARY = Library(7, ORG)


def drawn(seed: str) -> Content:
    draw = random.Random(seed)
    return content(draw, AT, LIBRARY, draw.choice(LIBRARY.job_roles))


def contents(count: int = 100) -> list[Content]:
    return [drawn(f"content/{number}") for number in range(count)]


def ids(value: Any, name: str = "") -> Iterator[str]:
    """Yield every id anywhere in a content or a question."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ids(inner, key)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from ids(inner, name)
    elif value and re.search(r"(^|_)ids?$|coding_language", name):
        yield value


def made_at(name: str) -> int:
    return int(name[:8], 16)


def test_the_same_draw_makes_the_same_content() -> None:
    assert drawn("a") == drawn("a")
    assert drawn("a") != drawn("b")


def test_counts_times_and_scores_add_up() -> None:
    for one in contents():
        assert one.question_count == sum(len(test.questions) for test in one.tests)
        assert one.test_time == sum(test.time_limit for test in one.tests)
        assert one.total_time == one.test_time + 900
        assert one.total_score == one.question_count + 25


def test_every_id_is_well_formed_and_never_later_than_the_assessment() -> None:
    for one in contents():
        found = list(ids(msgspec.to_builtins(one)))
        assert len(found) >= 40
        for name in found:
            assert re.fullmatch(r"[0-9a-f]{24}", name)
            assert made_at(name) <= AT.timestamp()


def test_no_two_things_of_a_content_share_an_id() -> None:
    for one in contents():
        found = [test.id for test in one.tests]
        found += [skill.id for test in one.tests for skill in test.skills]
        found += [question.id for test in one.tests for question in test.questions]
        found += [question.id for question in one.custom_questions]
        found += [case.id for question in one.custom_questions for case in question.cases]
        found += one.custom_field_ids
        assert len(set(found)) == len(found)


def test_the_first_test_is_testlifys_and_the_second_the_companys() -> None:
    """Their audiences are spelt in two ways (reference a.4, item 18)."""
    for one in contents():
        ours, theirs = one.tests
        assert (ours.org_id, ours.audience) == ("", "ENGLISH_SPEAKING")
        assert (theirs.org_id, theirs.audience) == (ORG.id, "English Speaking")
        assert ours.description
        assert ours.relevancy
        assert all(skill.text for skill in ours.skills)
        assert (theirs.description, theirs.relevancy) == ("", "")
        assert not any(skill.text for skill in theirs.skills)


def test_a_test_asks_as_many_questions_as_its_limit_says() -> None:
    for one in contents():
        for test in one.tests:
            assert len({question.text for question in test.questions}) == test.question_limit
            assert test.question_limit <= test.max_question_limit
            assert 3 <= len(test.skills) <= 5
            assert all(made_at(test.id) < made_at(asked.id) for asked in test.questions)


def test_skills_count_up_from_their_test() -> None:
    """From its id for one of Testlify's own, from its second for a company test."""
    for one in contents():
        ours, theirs = one.tests
        for number, skill in enumerate(ours.skills, 1):
            assert int(skill.id, 16) == int(ours.id, 16) + number
        for offset, skill in enumerate(theirs.skills):
            assert skill.id == f"{made_at(theirs.id) + offset:08x}0000000000000000"


def test_tests_and_coding_languages_are_those_of_the_library() -> None:
    languages = {language.id for language in LIBRARY.coding_languages}
    for one in contents():
        for test in one.tests:
            whole = LIBRARY.test(test.id).test
            assert set(test.questions) <= set(whole.questions)
            assert msgspec.structs.replace(test, questions=whole.questions) == whole
        assert set(one.custom_questions[2].coding_languages) <= languages


def test_custom_questions_are_a_chat_a_written_and_a_coding_one() -> None:
    for one in contents():
        assert [
            (question.classification, question.maximum_score, question.duration)
            for question in one.custom_questions
        ] == [
            ("CHAT_SIMULATION", 10, 300),
            ("WRITTEN_ANSWER", 5, 300),
            ("CODING_ANSWER", 10, 300),
        ]
        times = [made_at(question.id) for question in one.custom_questions]
        times.append(made_at(one.custom_field_ids[0]))
        assert all(earlier < later for earlier, later in pairwise(times))
        assert AT.timestamp() - times[0] <= 300


def test_only_a_chat_has_a_prompt_and_only_code_has_languages_and_cases() -> None:
    for one in contents():
        chat, written, coding = one.custom_questions
        assert chat.ai_prompt
        assert not written.ai_prompt
        assert not coding.ai_prompt
        for plain in (chat, written):
            assert (plain.coding_languages, plain.cases) == ((), ())
            assert (plain.default_coding_language, plain.difficulty) == ("", "")
        assert 10 <= len(set(coding.coding_languages)) <= 39
        assert coding.default_coding_language in coding.coding_languages
        assert coding.difficulty == "EASY"
        assert [case.hidden for case in coding.cases] == [False, True, False]
        assert [case.id for case in coding.cases] == [
            f"{made_at(coding.id) + offset:08x}0000000000000000" for offset in range(3)
        ]


@pytest.mark.parametrize("classification", ["VIDEO_ANSWER", "AUDIO_ANSWER"])
def test_a_recorded_answer_is_mandatory_and_has_three_attempts(classification: str) -> None:
    one = custom_question(random.Random(1), AT, classification, LIBRARY)
    assert one.classification == classification
    assert (one.duration, one.maximum_score, one.attempts, one.is_mandatory) == (300, 5, 3, True)


def test_there_are_four_custom_fields_one_second_apart() -> None:
    for one in contents():
        first, *_ = one.custom_field_ids
        assert one.custom_field_ids == tuple(
            f"{made_at(first) + offset:08x}0000000000000000" for offset in range(4)
        )


def test_results_are_sent_to_one_address_at_example_com() -> None:
    for one in contents():
        assert one.location_access
        assert one.sends_result_email
        (recipient,) = one.recipients
        assert re.fullmatch(r"[a-z]+@example\.com", recipient)


def test_a_wrong_answer_has_ids_of_its_question_s_second() -> None:
    for number in range(100):
        job = object_id(AT, random.Random(number))
        one = wrong_answer(random.Random(number), job)
        assert one == wrong_answer(random.Random(number), job)
        assert (one.id, one.text) == (qualifying_question(job).id, qualifying_question(job).text)
        assert re.fullmatch(r"[0-9a-f]{24}", one.id)
        assert one.yes_id == f"{one.id[:8]}0000000000000000"
        assert int(one.no_id[:8], 16) == int(one.id[:8], 16) + 1
        assert made_at(one.no_id) <= AT.timestamp()
        assert one.text.endswith("?")
        assert one.elapsed_seconds == round(one.elapsed_seconds, 3)
        assert 1.5 <= one.elapsed_seconds < 30
