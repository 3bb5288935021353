"""The library of a workspace: its content, its consistency, and lazy generation."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from emulator.domain.library import Library, library
from emulator.domain.library_texts import library_texts
from emulator.domain.people import organisation
from emulator.errors import NotFoundError

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ORG = organisation(random.Random("org"), AT)
LIBRARY = Library(7, ORG)


def made_at(name: str) -> int:
    return int(name[:8], 16)


def test_there_are_200_tests_of_all_types_with_2000_questions() -> None:
    tests = LIBRARY.tests.values()
    assert len(tests) == 200
    assert Counter(test.test.type_name for test in tests) == dict.fromkeys(LIBRARY.test_types, 25)
    assert len(LIBRARY.questions) == 2_000
    assert [one.number for one, _ in LIBRARY.questions.values()] == [*range(1, 2_001)]
    assert (len(LIBRARY.job_roles), len(LIBRARY.industries)) == (60, 20)
    assert len({language.name for language in LIBRARY.coding_languages}) == 42


def test_nothing_is_asked_or_called_twice() -> None:
    texts = [one.text for one, _ in LIBRARY.questions.values()]
    texts += [one.text for several in library_texts().custom_questions.values() for one in several]
    texts += library_texts().qualifying_questions
    assert [text for text, count in Counter(texts).items() if count > 1] == []
    for names in (
        [test.test.title for test in LIBRARY.tests.values()],
        [role.name for role in LIBRARY.job_roles],
        [industry.name for industry in LIBRARY.industries],
    ):
        assert len(set(names)) == len(names)
    assert not any("{" in text for text in texts)


def test_a_library_depends_only_on_seed_and_organisation() -> None:
    same = Library(7, ORG)
    assert same.tests == LIBRARY.tests
    assert same.job_roles == LIBRARY.job_roles
    other = Library(8, ORG)
    assert set(other.tests) & set(LIBRARY.tests) == set()
    assert set(other.questions) & set(LIBRARY.questions) == set()


def test_a_drawn_test_does_not_depend_on_earlier_draws() -> None:
    """An assessment draws two tests; the list of all has the same two."""
    lazy = Library(7, ORG)
    found = [lazy.any_test(random.Random(number)) for number in range(20)]
    assert all(LIBRARY.test(one.id) == one for one in found)


def test_ids_are_unique_and_older_than_the_workspace() -> None:
    groups = (
        LIBRARY.test_types.values(),
        LIBRARY.industries,
        LIBRARY.groups,
        LIBRARY.job_roles,
        LIBRARY.coding_languages,
    )
    found: list[str] = [one.id for group in groups for one in group]
    found += [*LIBRARY.tests, *LIBRARY.questions]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[0-9a-f]{24}", one) for one in found)
    assert max(map(made_at, found)) <= (AT - timedelta(days=2)).timestamp()


def test_a_test_belongs_to_the_company_or_to_testlify() -> None:
    ours = [test for test in LIBRARY.tests.values() if not test.is_company_test]
    theirs = [test for test in LIBRARY.tests.values() if test.is_company_test]
    assert {one.test.org_id for one in theirs} == {ORG.id}
    assert len(theirs) == 3
    signed_up = made_at(ORG.id)
    assert all(one.created_at.timestamp() < signed_up for one in ours)
    assert all(one.created_at.timestamp() >= signed_up for one in theirs)


def test_the_time_of_a_test_is_the_time_of_the_questions_that_are_asked() -> None:
    for test in LIBRARY.tests.values():
        asked = test.asked(random.Random(1))
        assert len(asked.questions) == asked.question_limit
        (seconds,) = {question.time_limit for question in test.questions}
        assert seconds * asked.question_limit == asked.time_limit
        assert {question.skill for question in test.questions} <= set(asked.skills)


def test_each_job_role_has_ten_tests_and_every_second_one_a_template_of_three() -> None:
    counts = Counter(role.id for one in LIBRARY.tests.values() for role in one.job_roles)
    assert set(counts) == {one.id for one in LIBRARY.job_roles}
    assert set(counts.values()) == {10}
    for role in LIBRARY.job_roles[::2]:
        assert role.has_template
        found, tests = LIBRARY.template(role.id)
        assert found == role
        assert len(tests) == 3
        assert all(role in test.job_roles and not test.is_company_test for test in tests)


def test_unknown_ids_are_refused() -> None:
    without = LIBRARY.job_roles[1]
    assert not without.has_template
    for lookup, what, id_ in (
        (LIBRARY.test, "test", "nobody"),
        (LIBRARY.question, "question", "nobody"),
        (LIBRARY.template, "template", without.id),
    ):
        with pytest.raises(NotFoundError) as caught:
            lookup(id_)
        assert str(caught.value) == f"no {what} {id_!r} in the library"
    assert LIBRARY.role("nobody") is None


def test_a_library_is_made_once_for_a_workspace() -> None:
    assert library(7, ORG) is library(7, ORG)
    assert library(8, ORG) is not library(7, ORG)
