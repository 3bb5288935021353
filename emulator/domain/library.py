"""The generated library of tests, questions, job roles and languages.

It depends on the seed and the organisation of the workspace. Tests are drawn on first use, and do
not depend on each other.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar

import msgspec

from emulator.domain.assessment import Question, Skill, Test
from emulator.domain.ids import ObjectId, bare_object_id, chance, object_id
from emulator.domain.library_texts import library_texts, testlify_tests
from emulator.errors import NotFoundError

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

    from emulator.domain.library_texts import CompanyTestText, TestText
    from emulator.domain.people import Organisation

_T = TypeVar("_T")

_DAY = 86_400
_ROLES_OF_A_TEST = 3
_TESTS_OF_A_TEMPLATE = 3


class LibraryEntry(msgspec.Struct, frozen=True):
    """A name with an id: a test type, an industry, a group of assessments."""

    id: ObjectId
    name: str


class JobRole(msgspec.Struct, frozen=True):
    """A job role.

    Attributes:
        code: a unique number.
        has_template: an assessment can be created from its template.
    """

    id: ObjectId
    name: str
    code: int
    has_template: bool


class CodingLanguage(msgspec.Struct, frozen=True):
    """A programming language.

    Attributes:
        number: its ``languageId``, a unique number.
        highlight: its name in syntax highlighters.
    """

    id: ObjectId
    number: int
    name: str
    highlight: str
    version: str


class LibraryQuestion(msgspec.Struct, frozen=True):
    """A question of a test, with details that only the library shows.

    Attributes:
        number: counts the questions of the library from 1, ``sourceId``.
        time_limit: seconds.
    """

    id: ObjectId
    number: int
    text: str
    classification: str
    skill: Skill
    time_limit: int
    created_at: datetime


class LibraryTest(msgspec.Struct, frozen=True):
    """A test of the library.

    Attributes:
        test: the test as in an assessment, but with all questions.
        questions: the questions with their details.
        created_at: before the organisation signed up, for a test of Testlify.
    """

    test: Test
    questions: tuple[LibraryQuestion, ...]
    job_roles: tuple[JobRole, ...]
    industry: LibraryEntry
    created_at: datetime

    @property
    def id(self) -> ObjectId:
        """The id of the test."""
        return self.test.id

    @property
    def is_company_test(self) -> bool:
        """Whether the customer wrote the test."""
        return self.test.org_id != ""

    def asked(self, draw: random.Random) -> Test:
        """Return the test for an assessment, with as many questions as its limit."""
        chosen = draw.sample(self.test.questions, self.test.question_limit)
        return msgspec.structs.replace(self.test, questions=tuple(chosen))


class Library:
    """The library of a workspace.

    Args:
        seed: the seed of the workspace.
        organisation: the organisation, which has its own company tests.
    """

    def __init__(self, seed: int, organisation: Organisation) -> None:
        self._seed = seed
        self._org_id = organisation.id
        self._signed_up = datetime.fromtimestamp(int(organisation.id[:8], 16), UTC)
        self._tests: dict[int, LibraryTest] = {}

    @cached_property
    def test_types(self) -> Mapping[str, LibraryEntry]:
        """Name -> test type."""
        return {
            one.name: one
            for one in self._named("type", [kind.name for kind in library_texts().types])
        }

    @cached_property
    def industries(self) -> tuple[LibraryEntry, ...]:
        """Industries."""
        return self._named("industry", library_texts().industries)

    @cached_property
    def groups(self) -> tuple[LibraryEntry, ...]:
        """Groups of assessments."""
        return self._named("group", library_texts().groups)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of assessments."""
        return library_texts().labels

    @cached_property
    def job_roles(self) -> tuple[JobRole, ...]:
        """Job roles; every second role has a template."""
        found = self._named("role", library_texts().job_roles)
        return tuple(
            JobRole(one.id, one.name, code=1_000 + place, has_template=place % 2 == 0)
            for place, one in enumerate(found)
        )

    @cached_property
    def coding_languages(self) -> tuple[CodingLanguage, ...]:
        """Programming languages, with consecutive ids like most in the examples."""
        draw = self._chance("languages", 0)
        first = object_id(self._before(draw, 730, 900), draw)
        return tuple(
            CodingLanguage(following(first, place), place + 1, one.name, one.highlight, one.version)
            for place, one in enumerate(library_texts().coding_languages)
        )

    @cached_property
    def tests(self) -> Mapping[str, LibraryTest]:
        """Id -> test: first Testlify's tests, then the company's."""
        count = len(testlify_tests()) + len(library_texts().company_tests)
        return {one.id: one for one in map(self._at, range(count))}

    @cached_property
    def questions(self) -> Mapping[str, tuple[LibraryQuestion, LibraryTest]]:
        """Id -> question, with its test."""
        return {one.id: (one, test) for test in self.tests.values() for one in test.questions}

    def test(self, id_: str) -> LibraryTest:
        """Return a test by its id.

        Raises:
            NotFoundError: no such test.
        """
        return _get(self.tests, "test", id_)

    def question(self, id_: str) -> tuple[LibraryQuestion, LibraryTest]:
        """Return a question by its id, with its test.

        Raises:
            NotFoundError: no such question.
        """
        return _get(self.questions, "question", id_)

    def named_test(self, name: str) -> LibraryTest:
        """Return a test by its title or id.

        Raises:
            NotFoundError: no such test.
        """
        return self._by_title.get(name) or self.test(name)

    @cached_property
    def _by_title(self) -> Mapping[str, LibraryTest]:
        return {one.test.title: one for one in self.tests.values()}

    def role(self, name: str) -> JobRole | None:
        """Return a job role by its name."""
        return next((one for one in self.job_roles if one.name == name), None)

    def template(self, name: str) -> tuple[JobRole, list[LibraryTest]]:
        """Return a job role by its name or id, and the tests of its template.

        Source: assumed; the id of a template is unknown, so the id of the job role is used.

        Raises:
            NotFoundError: no such job role, or it has no template.
        """
        known: dict[str, int] = {}
        for place, one in enumerate(self.job_roles):
            if one.has_template:
                known |= {one.id: place, one.name: place}
        place = _get(known, "template", name)
        places = [one for one in range(len(testlify_tests())) if place in self._roles_of(one)]
        tests = [self._at(one) for one in places[:_TESTS_OF_A_TEMPLATE]]
        return self.job_roles[place], tests

    @cached_property
    def in_templates(self) -> frozenset[ObjectId]:
        """Ids of the tests in templates."""
        roles = (one.id for one in self.job_roles if one.has_template)
        return frozenset(test.id for role in roles for test in self.template(role)[1])

    def any_test(self, draw: random.Random) -> LibraryTest:
        """Return a random test of Testlify."""
        return self._at(draw.randrange(len(testlify_tests())))

    def any_company_test(self, draw: random.Random) -> LibraryTest:
        """Return a random test of the company."""
        return self._at(len(testlify_tests()) + draw.randrange(len(library_texts().company_tests)))

    # --- drawn ----------------------------------------------------------------------------------

    def _at(self, place: int) -> LibraryTest:
        """Return the test at a position, counted from 0."""
        if place not in self._tests:
            written = testlify_tests()
            draw = self._chance("test", place)
            if place < len(written):
                self._tests[place] = self._testlify_test(written[place], place, draw)
            else:
                company = library_texts().company_tests[place - len(written)]
                self._tests[place] = self._company_test(company, place, draw)
        return self._tests[place]

    def _testlify_test(self, text: TestText, place: int, draw: random.Random) -> LibraryTest:
        created_at = self._before(draw, 365, 730)
        id_ = object_id(created_at, draw)
        limit = draw.choice((5, 8, 10))
        kind = self.test_types[text.type]
        skills = tuple(
            Skill(following(id_, number), one.name, one.text)
            for number, one in enumerate(text.skills, 1)
        )
        test = Test(
            id=id_,
            title=text.title,
            org_id="",
            type_id=kind.id,
            type_name=kind.name,
            time_limit=limit * text.seconds,
            question_limit=limit,
            max_question_limit=len(text.questions),
            audience="ENGLISH_SPEAKING",
            difficulty=text.difficulty or draw.choice(("Easy", "Intermediate", "Advanced")),
            description=text.description,
            relevancy=text.relevancy,
            skills=skills,
            questions=(),
        )
        return self._with_questions(
            test, place, created_at, text.questions, text.last_classifications, draw
        )

    def _company_test(self, text: CompanyTestText, place: int, draw: random.Random) -> LibraryTest:
        """Return a test that the organisation wrote.

        Source: documented, example "Assessment Updated": description, relevancy and the texts of
        the skills are empty, and the test may ask up to 20.
        """
        created_at = self._signed_up + timedelta(seconds=draw.randint(0, 14 * _DAY))
        limit = draw.choice((2, 3, 5))
        kind = self.test_types[text.type]
        skills = tuple(
            Skill(bare_object_id(created_at, offset), name, "")
            for offset, name in enumerate(text.skills)
        )
        test = Test(
            id=object_id(created_at, draw),
            title=text.title,
            org_id=self._org_id,
            type_id=kind.id,
            type_name=kind.name,
            time_limit=draw.choice((600, 900, 1200)),
            question_limit=limit,
            max_question_limit=20,
            audience="English Speaking",
            difficulty="Intermediate",
            description="",
            relevancy="",
            skills=skills,
            questions=(),
        )
        return self._with_questions(test, place, created_at, text.questions, (), draw)

    def _with_questions(
        self,
        test: Test,
        place: int,
        created_at: datetime,
        texts: tuple[str, ...],
        last: tuple[str, ...],
        draw: random.Random,
    ) -> LibraryTest:
        """Return *test* with its questions, written within two weeks after it."""
        kinds = ("SINGLE_SELECT",) * (len(texts) - len(last)) + last
        questions = []
        for index, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
            written_at = created_at + timedelta(seconds=draw.randint(60, 14 * _DAY))
            questions.append(
                LibraryQuestion(
                    id=object_id(written_at, draw),
                    number=place * len(texts) + index + 1,
                    text=text,
                    classification=kind,
                    skill=test.skills[index % len(test.skills)],
                    time_limit=test.time_limit // test.question_limit,
                    created_at=written_at,
                )
            )
        asked = tuple(Question(one.id, one.text) for one in questions)
        return LibraryTest(
            test=msgspec.structs.replace(test, questions=asked),
            questions=tuple(questions),
            job_roles=tuple(self.job_roles[one] for one in self._roles_of(place)),
            industry=self.industries[place % len(self.industries)],
            created_at=created_at,
        )

    def _roles_of(self, place: int) -> tuple[int, ...]:
        """Return the positions of the job roles of a test; all job roles have as many tests."""
        count = len(library_texts().job_roles)
        return tuple(
            (place + count // _ROLES_OF_A_TEST * step) % count for step in range(_ROLES_OF_A_TEST)
        )

    def _named(self, purpose: str, names: Iterable[str]) -> tuple[LibraryEntry, ...]:
        draw = self._chance(purpose, 0)
        return tuple(
            LibraryEntry(object_id(self._before(draw, 730, 900), draw), name) for name in names
        )

    def _before(self, draw: random.Random, nearest: int, farthest: int) -> datetime:
        """Return a time between *nearest* and *farthest* days before the organisation's sign-up."""
        return self._signed_up - timedelta(seconds=draw.randint(nearest * _DAY, farthest * _DAY))

    def _chance(self, purpose: str, number: int) -> random.Random:
        return chance(self._seed, f"library/{purpose}", number)


@lru_cache(maxsize=16)
def library(seed: int, organisation: Organisation) -> Library:
    """Return the library of a workspace with this seed and organisation."""
    return Library(seed, organisation)


def following(first: ObjectId, number: int) -> ObjectId:
    """Return the id that follows *first* by *number* in its last digits."""
    return ObjectId(f"{int(first, 16) + number:024x}")


def _get(records: Mapping[str, _T], kind: str, id_: str) -> _T:
    found = records.get(id_)
    if found is None:
        message = f"no {kind} {id_[:80]!r} in the library"
        raise NotFoundError(message)
    return found
