"""Assessments and their lifecycle; never their payloads."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import msgspec

from emulator.domain.ids import ObjectId
from emulator.domain.lifecycle import NEW, Lifecycle, Transition

_NO_WORD = re.compile(r"[^a-z0-9]+")

VALIDITY_DAYS = 30
"""How long an invitation stays open unless the assessment says otherwise (documented)."""

LONGEST_VALIDITY_DAYS = 3_650

DRAFT = "DRAFT"
PUBLISHED = "PUBLISHED"
SUBSCRIBED = "SUBSCRIBED"
ARCHIVED = "ARCHIVED"
DELETED = "DELETED"

LIFECYCLE = Lifecycle(
    "assessment",
    (
        Transition(
            NEW, "create", DRAFT, ("assessment.created",),
            "documented", "its content is generated, but not shown yet",
        ),
        Transition(
            DRAFT, "update", PUBLISHED, ("assessment.updated",),
            "documented", "the Updated example is PUBLISHED and shows its content",
        ),
        Transition(
            DRAFT, "publish", PUBLISHED, ("assessment.updated",),
            "assumed", "an edit like any other",
        ),
        Transition(
            DRAFT, "invite", SUBSCRIBED, (),
            "assumed", "the first invitation publishes, without an event",
        ),
        Transition(
            DRAFT, "archive", ARCHIVED, ("assessment.archived",),
            "assumed", "the page does not exclude drafts",
        ),
        Transition(
            DRAFT, "delete", DELETED, ("assessment.deleted",),
            "documented", "allowed before the first invitation",
        ),
        Transition(
            PUBLISHED, "update", PUBLISHED, ("assessment.updated",),
            "documented", "edits affect only later invitations",
        ),
        Transition(
            PUBLISHED, "invite", SUBSCRIBED, (),
            "assumed", "SUBSCRIBED is the state in the examples with invitations",
        ),
        Transition(
            PUBLISHED, "archive", ARCHIVED, ("assessment.archived",),
            "documented", "",
        ),
        Transition(
            PUBLISHED, "delete", DELETED, ("assessment.deleted",),
            "documented", "allowed before the first invitation",
        ),
        Transition(
            SUBSCRIBED, "update", SUBSCRIBED, ("assessment.updated",),
            "documented", "edits affect only later invitations",
        ),
        Transition(
            SUBSCRIBED, "invite", SUBSCRIBED, (),
            "documented", "further invitations",
        ),
        Transition(
            SUBSCRIBED, "archive", ARCHIVED, ("assessment.archived",),
            "documented", "the only way out once a candidate was invited",
        ),
        Transition(
            SUBSCRIBED, "delete", DELETED, ("assessment.deleted",),
            "documented", "the page disables it, but the Deleted example is SUBSCRIBED",
        ),
        Transition(
            ARCHIVED, "unarchive", PUBLISHED, (),
            "assumed", "the page has it; that it sends nothing is assumed",
        ),
        Transition(
            ARCHIVED, "delete", DELETED, ("assessment.deleted",),
            "assumed", "",
        ),
    ),
)  # fmt: skip
"""The assessment's table. Source: reference c.4, help article 419, the four examples."""


class Grade(msgspec.Struct, frozen=True):
    """A grade: the percentages that it covers, both ends included, and how it is shown."""

    low: int
    high: int
    name: str
    color: str


GRADES = (
    Grade(0, 25, "NOT_SUITABLE", "#CF4747"),
    Grade(26, 40, "BEGINNER", "#F07A44"),
    Grade(41, 60, "INTERMEDIATE", "#F49B3E"),
    Grade(61, 75, "EXPERIENCED", "#4D9E6F"),
    Grade(76, 90, "EXPERT", "#499FF7"),
    Grade(91, 100, "PROFICIENT", "#9B43BC"),
)
"""The grades of every assessment (documented, example "Assessment Created")."""


def grade(percentage: int) -> Grade:
    """Return the grade for a percentage from 0 to 100."""
    return next(one for one in GRADES if percentage <= one.high)


class Skill(msgspec.Struct, frozen=True):
    """A skill that a test measures."""

    id: ObjectId
    name: str
    text: str


class Question(msgspec.Struct, frozen=True):
    """A question of a test."""

    id: ObjectId
    text: str


class Test(msgspec.Struct, frozen=True):
    """A test of the library as an assessment uses it (``testLibrary[]`` on the wire).

    Attributes:
        org_id: empty for one of Testlify's own tests, the owner's id for a company test.
        time_limit: seconds.
        question_limit: questions asked, one point each.
        questions: as many as *question_limit*.
        audience: seen as ``ENGLISH_SPEAKING`` and as ``English Speaking`` (documented).
    """

    __test__ = False  # pytest would collect it

    id: ObjectId
    title: str
    org_id: str
    type_id: ObjectId
    type_name: str
    time_limit: int
    question_limit: int
    max_question_limit: int
    audience: str
    difficulty: str
    description: str
    relevancy: str
    skills: tuple[Skill, ...]
    questions: tuple[Question, ...]


class CodeCase(msgspec.Struct, frozen=True):
    """A test case of a coding question."""

    id: ObjectId
    input: str
    output: str
    hidden: bool


class CustomQuestion(msgspec.Struct, frozen=True):
    """A question that the customer wrote.

    Attributes:
        classification: ``CHAT_SIMULATION``, ``WRITTEN_ANSWER``, ``CODING_ANSWER``,
            ``VIDEO_ANSWER`` or ``AUDIO_ANSWER`` (documented).
        duration: seconds.
        maximum_score: points.
        ai_prompt: the prompt of a chat simulation; empty for other classifications.
        coding_languages: ids of languages for ``CODING_ANSWER``; otherwise empty.
        default_coding_language: id in *coding_languages*, or empty.
        difficulty: ``EASY`` for a coding question; otherwise empty.
    """

    id: ObjectId
    text: str
    classification: str
    duration: int
    maximum_score: int
    attempts: int
    is_mandatory: bool
    ai_prompt: str = ""
    difficulty: str = ""
    coding_languages: tuple[ObjectId, ...] = ()
    default_coding_language: str = ""
    cases: tuple[CodeCase, ...] = ()


_Tag = Annotated[str, msgspec.Meta(pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$")]


class AssessmentSettings(
    msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """The settings of Testlify's API that payloads show.

    Attributes:
        title_slug: the title in links; made from the title if empty.
    """

    default_language: _Tag = "en"
    supported_languages: Annotated[tuple[_Tag, ...], msgspec.Meta(min_length=1, max_length=50)] = (
        "en",
    )
    title_slug: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{0,200}$")] = ""
    welcome_video_path: Annotated[str, msgspec.Meta(pattern="^[ -~]{0,2048}$")] = ""
    attempt_test_libraries_required: bool = False
    webcam_and_microphone_access_required: bool = False
    snapshot_capture_required: bool = False
    skip_registration: bool = False


class Content(msgspec.Struct, frozen=True):
    """The content of an assessment; drawn at its creation, and shown once it is published.

    Attributes:
        job_role_id: id of the job role that the assessment is named after.
        custom_field_ids: ids of Email, First name, Last name and Phone number, in this order.
        recipients: e-mail addresses that receive results.
    """

    job_role_id: ObjectId
    tests: tuple[Test, ...]
    custom_questions: tuple[CustomQuestion, ...]
    custom_field_ids: tuple[ObjectId, ...]
    recipients: tuple[str, ...]
    location_access: bool
    sends_result_email: bool

    @property
    def question_count(self) -> int:
        """Number of questions of the tests, without custom questions (documented: 12 of 12 + 3)."""
        return sum(test.question_limit for test in self.tests)

    @property
    def test_time(self) -> int:
        """Seconds for the tests."""
        return sum(test.time_limit for test in self.tests)

    @property
    def total_time(self) -> int:
        """Seconds for tests and custom questions together (documented)."""
        return self.test_time + sum(one.duration for one in self.custom_questions)

    @property
    def total_score(self) -> int:
        """The highest possible score: a point for each test question, plus custom questions."""
        return self.question_count + sum(one.maximum_score for one in self.custom_questions)


class Assessment(msgspec.Struct, frozen=True):
    """An assessment of a workspace.

    Attributes:
        number: counts the assessments of the workspace from 1.
        validity_days: how long an invitation stays open, ``invitationEmailLinkValidity``.
        group: name of its group; empty if it has none.
        labels: titles of its labels.
        description: the description of an assessment from a template; otherwise empty.
    """

    id: ObjectId
    number: int
    title: str
    state: str
    created_at: datetime
    modified_at: datetime
    validity_days: int
    content: Content
    group: str = ""
    labels: tuple[str, ...] = ()
    description: str = ""
    settings: AssessmentSettings = AssessmentSettings()

    @property
    def slug(self) -> str:
        """The title in links."""
        return self.settings.title_slug or _NO_WORD.sub("-", self.title.lower()).strip("-")

    @property
    def is_hidden(self) -> bool:
        """Whether its content is not shown, because it is a draft."""
        return self.state == DRAFT
