"""The library as the provider's API has it: tests, their types, industries, roles, languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from emulator.durations import instant
from emulator.server.operations import NoQuery, Operation, Record
from emulator.server.provider.listing import Paged, page, searched

if TYPE_CHECKING:
    from emulator.domain.library import LibraryTest
    from emulator.server.operations import Call

LANGUAGE = "en"
"""The language of all texts."""


class LibraryQuery(Paged, frozen=True):
    """The query of the search for tests.

    A flag that is false counts as left out (assumed). No test is archived and none is an AI
    interview; all can be used in an assessment.
    """

    query: str | None = None
    type: Annotated[str | None, msgspec.Meta(description="Name or id of a test type.")] = None
    difficulty: str | None = None
    job_role_id: str | None = None
    is_company_test: bool = False
    is_testlify_libraries: bool = False
    language: str | None = None
    is_assessment: bool = False
    archived: bool = False
    industry_type: Annotated[str | None, msgspec.Meta(description="Name or id of an industry.")] = (
        None
    )
    template: bool = False
    is_ai_interview: bool = False


class SkillView(Record, frozen=True):
    """A skill, as payloads have it."""

    provenance = "assumed"

    id: str = msgspec.field(name="_id")
    description: str
    extended_description: str


class Named(Record, frozen=True):
    """A name and its id."""

    id: str
    name: str


class LibraryRow(Record, frozen=True):
    """A test; its fields are those of ``testLibrary`` in payloads."""

    provenance = "assumed"

    id: str
    title: str
    org_id: str
    test_library_type: Named
    industry_type: Named
    job_roles: list[Named]
    difficulty_level: str
    time_limit: Annotated[int, msgspec.Meta(description="Seconds.")]
    question_limit: int
    max_question_limit: int
    target_audience: str
    description: str
    relevancy: str
    skills: list[SkillView]
    language: str
    is_company_test: bool
    is_archived: bool
    created: str
    modified: str


class TypeRow(Record, frozen=True):
    """A test type, with the number of its tests."""

    id: str
    name: str
    count: int


class RoleQuery(Record, frozen=True):
    """The query of the list of job roles; an empty *q* finds all."""

    q: str


class RoleRow(Record, frozen=True):
    """A job role, with its similarity to the query from 0 to 1."""

    id: str
    name: str
    code: int
    score: float
    is_template_available: bool


class LanguageQuery(Record, frozen=True):
    """The query of the list of programming languages."""

    query: str | None = None


class LanguageRow(Record, frozen=True):
    """A programming language."""

    id: str
    language_id: int
    name: str
    language_highlight_name: str
    type: str
    version: str
    image: str | None
    is_selected: bool


async def tests(call: Call[LibraryQuery, None]) -> list[LibraryRow]:
    """Search the tests."""
    query, library = call.query, call.workspace.state.library
    found = searched(library.tests.values(), query.query, lambda one: (one.test.title,))
    wanted = (
        one
        for one in found
        if query.type in (None, one.test.type_name, one.test.type_id)
        and query.difficulty in (None, one.test.difficulty)
        and query.industry_type in (None, one.industry.name, one.industry.id)
        and query.language in (None, LANGUAGE)
        and (query.job_role_id is None or query.job_role_id in {role.id for role in one.job_roles})
        and not (query.archived or query.is_ai_interview)
        and (not query.template or one.id in library.in_templates)
        and is_from(one, is_company=query.is_company_test, is_testlifys=query.is_testlify_libraries)
    )
    return page(query, wanted, _test_row)


async def test_types(call: Call[NoQuery, None]) -> list[TypeRow]:
    """List the test types."""
    library = call.workspace.state.library
    names = [entry.test.type_name for entry in library.tests.values()]
    return [
        TypeRow(kind.id, kind.name, names.count(kind.name)) for kind in library.test_types.values()
    ]


async def industries(call: Call[NoQuery, None]) -> list[Named]:
    """List the industries."""
    return [
        Named(industry.id, industry.name) for industry in call.workspace.state.library.industries
    ]


async def job_roles(call: Call[RoleQuery, None]) -> list[RoleRow]:
    """List the job roles in whose names the search word is, the closest first."""
    word = call.query.q
    rows = [
        RoleRow(one.id, one.name, one.code, round(len(word) / len(one.name), 3), one.has_template)
        for one in searched(call.workspace.state.library.job_roles, word, lambda one: (one.name,))
    ]
    return sorted(rows, key=lambda row: -row.score)


async def coding_languages(call: Call[LanguageQuery, None]) -> list[LanguageRow]:
    """List the programming languages."""
    known = call.workspace.state.library.coding_languages
    return [
        LanguageRow(
            id=one.id,
            language_id=one.number,
            name=one.name,
            language_highlight_name=one.highlight,
            type="PROGRAMMING",
            version=one.version,
            image=None,
            is_selected=False,
        )
        for one in searched(known, call.query.query, lambda one: (one.name,))
    ]


def is_from(test: LibraryTest, *, is_company: bool, is_testlifys: bool) -> bool:
    """Whether a test is from one of the sources asked for; without any, from either."""
    wanted = {True} if is_company else set()
    wanted |= {False} if is_testlifys else set()
    return not wanted or test.is_company_test in wanted


def _test_row(one: LibraryTest) -> LibraryRow:
    test = one.test
    return LibraryRow(
        id=test.id,
        title=test.title,
        org_id=test.org_id,
        test_library_type=Named(test.type_id, test.type_name),
        industry_type=Named(one.industry.id, one.industry.name),
        job_roles=[Named(role.id, role.name) for role in one.job_roles],
        difficulty_level=test.difficulty,
        time_limit=test.time_limit,
        question_limit=test.question_limit,
        max_question_limit=test.max_question_limit,
        target_audience=test.audience,
        description=test.description,
        relevancy=test.relevancy,
        skills=[SkillView(skill.id, skill.name, skill.text) for skill in test.skills],
        language=LANGUAGE,
        is_company_test=one.is_company_test,
        is_archived=False,
        created=instant(one.created_at),
        modified=instant(one.created_at),
    )


OPERATIONS = (
    Operation(
        "searchTests", "GET", "/v1/test/library/search", tests,
        "Search the tests of the library.",
        list[LibraryRow], query=LibraryQuery, page="get_test_libraries",
    ),
    Operation(
        "listTestTypes", "GET", "/v1/static/testlibrary/type", test_types,
        "List the test types, each with the number of its tests.",
        list[TypeRow], page="get_test_library_types",
    ),
    Operation(
        "listIndustries", "GET", "/v1/static/testlibrary/industry/types", industries,
        "List the industries.",
        list[Named], page="get_industry_types",
    ),
    Operation(
        "listJobRoles", "GET", "/v1/workspace/jobrole", job_roles,
        "List the job roles in whose names the search word is.",
        list[RoleRow], query=RoleQuery, page="get_job_roles",
    ),
    Operation(
        "listCodingLanguages", "GET", "/v1/assessment/coding/language", coding_languages,
        "List the programming languages.",
        list[LanguageRow], query=LanguageQuery, page="get_coding_languages",
    ),
)  # fmt: skip
