"""The table of commands on assessments and candidates, with their details.

Routes, scenario steps, ``list commands`` and docs are made from this table. The lifecycles decide
whether a command is legal in a state.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec

from emulator.domain.events import SubjectKind
from emulator.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping


def _doc(text: str, **bounds: Any) -> msgspec.Meta:
    return msgspec.Meta(description=text, **bounds)


class Details(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The details of a command; this base class is for commands without details."""


Title = Annotated[str, _doc("Title of the assessment; made up when left out.")]
Validity = Annotated[
    int,
    _doc(
        "How many days its invitations stay open, 1 to 3650.",
        extra_json_schema={"minimum": 1, "maximum": 3_650},
    ),
]


class AssessmentDetails(Details, frozen=True):
    """The details of ``update``, which keeps omitted values, and a part of those of ``create``."""

    title: Title | None = None
    validity_days: Validity | None = None


class CreateDetails(AssessmentDetails, frozen=True):
    """The details of ``create``; without tests or template, the content is drawn."""

    tests: (
        Annotated[tuple[str, ...], _doc("Tests of the library, by title or id, 1 to 50.")] | None
    ) = None
    template: (
        Annotated[str, _doc("Job role, by name or id, whose template gives title and tests.")]
        | None
    ) = None
    settings: (
        Annotated[dict[str, Any], _doc("Settings, by their names in Testlify's API.")] | None
    ) = None


class InviteDetails(Details, frozen=True):
    """The details of ``invite``; omitted personal data is made up."""

    assessment_id: Annotated[str, _doc("Id of the assessment.")]
    email: Annotated[str, _doc("E-mail address.")] | None = None
    first_name: Annotated[str, _doc("First name.")] | None = None
    last_name: Annotated[str, _doc("Last name.")] | None = None
    scheduled_date: (
        Annotated[datetime, _doc("When the invitation is sent; by default, at once.", tz=True)]
        | None
    ) = None
    source: Annotated[str, _doc("A label for the origin of the invitation.")] | None = None


Points = Annotated[int, _doc("Points achieved.", ge=0, le=100_000)]
Total = Annotated[int, _doc("Points that can be achieved.", ge=1, le=100_000)]
Percentage = Annotated[int, _doc("The overall percentage, 0 to 100.", ge=0, le=100)]


class ScoreDetails(Details, frozen=True):
    """The details of ``complete`` and ``rescore``; omitted values are random.

    If the candidate has answered questions, the score of a completion is that of the answers. The
    percentage is computed from the percentages of the tests and from custom points.
    """

    score: Points | None = None
    of: Total | None = None
    percentage: Percentage | None = None


class DisqualifyDetails(Details, frozen=True):
    """The details of ``disqualify``."""

    reason: (
        Annotated[
            str, _doc("qualification or proctoring; by default, the reason that fits the state.")
        ]
        | None
    ) = None


class AnswerDetails(Details, frozen=True):
    """The details of ``answer``."""

    correct: Annotated[bool, _doc("Whether the answer is right; true by default.")] | None = None


class LeaveDetails(Details, frozen=True):
    """The details of ``leave_window``."""

    seconds: (
        Annotated[int, _doc("How long, 1 to 86400; random by default.", ge=1, le=86_400)] | None
    ) = None


class Command(msgspec.Struct, frozen=True):
    """A command.

    Attributes:
        name: name in Python and in scenarios: ``archive_assessment``.
        subject: the kind of subject.
        verb: the word in the lifecycle and in routes: ``archive``.
        doc: a description in one sentence.
        example: a step of a scenario with the command.
        details: the type of its details.
        is_new: the command creates its subject; other commands change an existing subject.
    """

    name: str
    subject: SubjectKind
    verb: str
    doc: str
    example: str
    details: type[Details] = Details
    is_new: bool = False


_ALL = (
    Command(
        "create_assessment", "assessment", "create",
        "Create an assessment as a draft; omitted content is generated.",
        "create_assessment: {as: job, title: Job Analysis Specialist}",
        CreateDetails, is_new=True,
    ),
    Command(
        "update_assessment", "assessment", "update",
        "Edit an assessment; an edit publishes a draft.",
        "update_assessment: {assessment: job, title: Senior Specialist}",
        AssessmentDetails,
    ),
    Command(
        "publish", "assessment", "publish",
        "Publish a draft; consumers receive an update.",
        "publish: job",
    ),
    Command(
        "archive_assessment", "assessment", "archive",
        "Archive an assessment.",
        "archive_assessment: job",
    ),
    Command(
        "unarchive_assessment", "assessment", "unarchive",
        "Take an assessment out of the archive; nothing is sent (assumed).",
        "unarchive_assessment: job",
    ),
    Command(
        "delete_assessment", "assessment", "delete",
        "Delete an assessment; its record stays, in the state DELETED.",
        "delete_assessment: job",
    ),
    Command(
        "invite", "candidate", "invite",
        "Invite a candidate to an assessment; omitted personal data is made up.",
        "invite: {as: ada, to: job, email: ada@example.com}",
        InviteDetails, is_new=True,
    ),
    Command(
        "send_invitation", "candidate", "invite",
        "Send a scheduled invitation now, before its date.",
        "send_invitation: ada",
    ),
    Command(
        "enroll", "candidate", "enroll",
        "Open the invitation as the candidate, and enter their details.",
        "enroll: ada",
    ),
    Command(
        "start", "candidate", "start",
        "Start the assessment as an enrolled candidate.",
        "start: ada",
    ),
    Command(
        "answer", "candidate", "answer",
        "Answer a candidate's next question; a completion then has the score of the answers.",
        "answer: {candidate: ada, correct: false}",
        AnswerDetails,
    ),
    Command(
        "leave_window", "candidate", "leave",
        "Leave the window as the candidate for a while; the anti-cheating monitor counts it.",
        "leave_window: {candidate: ada, seconds: 30}",
        LeaveDetails,
    ),
    Command(
        "complete", "candidate", "complete",
        "Complete a candidate's assessment; omitted results are random.",
        "complete: {candidate: ada, score: 14, of: 32}",
        ScoreDetails,
    ),
    Command(
        "disqualify", "candidate", "disqualify",
        "Disqualify a candidate, for qualification or proctoring.",
        "disqualify: {candidate: ada, reason: proctoring}",
        DisqualifyDetails,
    ),
    Command(
        "expire", "candidate", "expire",
        "Expire an invitation now, before its time.",
        "expire: ada",
    ),
    Command(
        "reject", "candidate", "reject",
        "Reject a candidate who completed.",
        "reject: ada",
    ),
    Command(
        "rescore", "candidate", "rescore",
        "Change a score after completion; the state stays.",
        "rescore: {candidate: ada, score: 20}",
        ScoreDetails,
    ),
)  # fmt: skip

COMMANDS: Mapping[str, Command] = MappingProxyType({one.name: one for one in _ALL})
"""Name -> command, in the order in which they are shown."""

WIRE_NAMES: Mapping[str, str] = MappingProxyType({"validity_days": "invitationEmailLinkValidity"})
"""Details whose key in JSON is the word in payloads, and not their name in camelCase."""


_MOVING: Mapping[SubjectKind, Mapping[str, Command]] = MappingProxyType(
    {
        subject: {one.verb: one for one in _ALL if one.subject == subject and not one.is_new}
        for subject in get_args(SubjectKind)
    }
)


def command(name: str) -> Command:
    """Return a command by its name.

    Raises:
        UnknownNameError: no such command.
    """
    if name not in COMMANDS:
        raise UnknownNameError("command", name, COMMANDS)
    return COMMANDS[name]


def moving(subject: SubjectKind, verb: str) -> Command:
    """Return a command that changes an existing *subject*, by its word in routes.

    Raises:
        UnknownNameError: no such command.
    """
    known = _MOVING[subject]
    if verb not in known:
        raise UnknownNameError(f"{subject} command", verb, known, show_all=True)
    return known[verb]
