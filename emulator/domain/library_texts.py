"""The texts from which tests and questions are drawn, read from ``library.json`` on first use."""

from __future__ import annotations

from functools import cache

import msgspec

from emulator import data
from emulator.decoding import decode


class SkillText(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Name and text of a skill."""

    name: str
    text: str


class TestText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a test of Testlify.

    Attributes:
        type: name of its test type.
        questions: ten questions.
        last_classifications: classifications of the last questions; the others are
            ``SINGLE_SELECT``.
        seconds: seconds for a question.
    """

    __test__ = False  # pytest would collect it

    title: str
    type: str
    description: str
    relevancy: str
    skills: tuple[SkillText, ...]
    questions: tuple[str, ...]
    difficulty: str = ""
    last_classifications: tuple[str, ...] = ()
    seconds: int = 60


class CompanyTestText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a company test, which has only the required fields."""

    title: str
    type: str
    skills: tuple[str, ...]
    questions: tuple[str, ...]


class TypeText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a test type, with a test for each topic.

    Attributes:
        seconds: seconds for a question.
        questions: questions of each test, with ``{topic}``.
        topics: titles of the tests.
    """

    name: str
    seconds: int
    last_classifications: tuple[str, ...]
    description: str
    relevancy: str
    skills: tuple[SkillText, ...]
    questions: tuple[str, ...]
    topics: tuple[str, ...]

    def test(self, topic: str) -> TestText:
        """Return the test for a topic."""
        return TestText(
            title=topic,
            type=self.name,
            description=self.description.replace("{topic}", topic),
            relevancy=self.relevancy.replace("{topic}", topic),
            skills=self.skills,
            questions=tuple(one.replace("{topic}", topic) for one in self.questions),
            last_classifications=self.last_classifications,
            seconds=self.seconds,
        )


class CustomText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a custom question.

    Attributes:
        ai_prompt: the prompt of a chat simulation.
        cases: input and output of each test case of a coding question.
    """

    text: str
    ai_prompt: str = ""
    cases: tuple[tuple[str, str], ...] = ()


class LanguageText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A programming language; *highlight* is its name in syntax highlighters."""

    name: str
    highlight: str
    version: str


class LibraryTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All texts, which are made up and not Testlify's.

    Attributes:
        tests: tests besides those of the types' topics.
        custom_questions: classification -> texts.
        owners: first and last names of the owners of workspaces.
        groups: groups of assessments.
        labels: labels of assessments.
        schema: path of the schema of the file, for editors.
    """

    types: tuple[TypeText, ...]
    tests: tuple[TestText, ...]
    company_tests: tuple[CompanyTestText, ...]
    custom_questions: dict[str, tuple[CustomText, ...]]
    qualifying_questions: tuple[str, ...]
    job_roles: tuple[str, ...]
    industries: tuple[str, ...]
    coding_languages: tuple[LanguageText, ...]
    owners: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    labels: tuple[str, ...]
    schema: str = msgspec.field(name="$schema")


@cache
def library_texts() -> LibraryTexts:
    """Return the texts."""
    return decode(data.library(), LibraryTexts)


@cache
def testlify_tests() -> tuple[TestText, ...]:
    """Return all tests of Testlify: the single tests, and the tests of all topics."""
    topics = (kind.test(topic) for kind in library_texts().types for topic in kind.topics)
    return (*library_texts().tests, *topics)
