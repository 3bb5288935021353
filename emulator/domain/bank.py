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
    """One of Testlify's own tests.

    Attributes:
        type: name of its test type.
        questions: ten.
        last_classifications: of the last questions; those before are ``SINGLE_SELECT``.
        seconds: for one question.
    """

    __test__ = False  # not one of pytest's

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
    """A test that the customer wrote, with no more than they had to fill in."""

    title: str
    type: str
    skills: tuple[str, ...]
    questions: tuple[str, ...]


class TypeText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A test type, with a test for each of its topics.

    Attributes:
        seconds: for one question.
        questions: of each test, with ``{topic}`` in them.
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
        """Return the test about one topic."""
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
    """The text of a custom question, with what its classification needs besides.

    Attributes:
        ai_prompt: what the chat simulation is told.
        cases: input and output of each test case.
    """

    text: str
    ai_prompt: str = ""
    cases: tuple[tuple[str, str], ...] = ()


class LanguageText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A programming language; *highlight* is its name in syntax highlighters."""

    name: str
    highlight: str
    version: str


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All texts; made up by us, none of them is Testlify's.

    Attributes:
        tests: beside those of the types' topics.
        custom_questions: classification -> texts.
        owners: first and last names of the owners of workspaces.
        groups: of assessments.
        labels: of assessments.
        schema: of the file, for editors.
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
def bank() -> Bank:
    """Return the texts."""
    return decode(data.library(), Bank)


@cache
def testlify_tests() -> tuple[TestText, ...]:
    """Return all of Testlify's own tests: those written out, and one for each topic."""
    topics = (kind.test(topic) for kind in bank().types for topic in kind.topics)
    return (*bank().tests, *topics)
