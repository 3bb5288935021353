"""Candidates (one per invitation) and their lifecycle; never their payloads."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from emulator.domain.ids import ObjectId
from emulator.domain.lifecycle import NEW, Lifecycle, Transition
from emulator.domain.people import Monitor
from emulator.domain.questions import QualifyingQuestion

EMAIL = re.compile(r"[!-?A-~]{1,64}@[!-?A-~]{1,255}")
"""An e-mail address as in the schemas: ASCII, one ``@``, no white space."""

SCHEDULED = "SCHEDULED"
"""An invitation before its ``scheduledDate``; no message is sent (assumed)."""

INVITED = "INVITED"
ENROLLED = "ENROLLED"
IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
DISQUALIFIED = "DISQUALIFIED"
INVITATION_EXPIRED = "INVITATION_EXPIRED"
REJECTED = "REJECTED"

OPEN_STATES = frozenset({SCHEDULED, INVITED, ENROLLED, IN_PROGRESS})
"""States of open invitations."""

STAGES = {
    INVITED: "Invited For Assessment",
    ENROLLED: "Enrolled For Assessment",
    IN_PROGRESS: "Enrolled For Assessment",
    DISQUALIFIED: "Rejected",
    INVITATION_EXPIRED: "Request Expired For Assessment",
    COMPLETED: "Assessment Completed",
    REJECTED: "Rejected",
}
"""State -> ``candidateStage`` (documented; In Progress keeps the stage of Enrolled)."""

REASONS = ("qualification", "proctoring")
"""Reasons of a disqualification (documented, help article 318)."""

_STATUS = "candidate.status_changed"

LIFECYCLE = Lifecycle(
    "candidate",
    (
        Transition(
            NEW, "invite", INVITED, (_STATUS, "candidate.invited"),
            "documented", "invited by mail, public link or ATS",
        ),
        Transition(
            NEW, "schedule", SCHEDULED, (),
            "assumed", "invited with a scheduledDate, which is documented; no event is sent yet",
        ),
        Transition(
            SCHEDULED, "invite", INVITED, (_STATUS, "candidate.invited"),
            "assumed", "automatically, on the scheduledDate",
        ),
        Transition(
            INVITED, "enroll", ENROLLED, (_STATUS, "candidate.enrolled"),
            "documented", "the candidate opened the invitation and gave their details",
        ),
        Transition(
            INVITED, "expire", INVITATION_EXPIRED, (_STATUS, "candidate.invitation_expired"),
            "documented", "the validity of the invitation ended",
        ),
        Transition(
            ENROLLED, "start", IN_PROGRESS, (_STATUS, "candidate.in_progress"),
            "documented", "the candidate began to answer",
        ),
        Transition(
            ENROLLED, "disqualify", DISQUALIFIED, (_STATUS, "candidate.disqualified"),
            "documented", "a wrong answer to a qualifying question precedes the tests",
        ),
        Transition(
            ENROLLED, "expire", INVITATION_EXPIRED, (_STATUS, "candidate.invitation_expired"),
            "assumed", "enrolled, but never started",
        ),
        Transition(
            IN_PROGRESS, "answer", IN_PROGRESS, (),
            "assumed", "the next question of the tests is answered",
        ),
        Transition(
            IN_PROGRESS, "leave", IN_PROGRESS, (),
            "assumed", "the candidate left the window for a while; the monitor counts it",
        ),
        Transition(
            IN_PROGRESS, "complete", COMPLETED, (_STATUS, "candidate.completed"),
            "documented", "the candidate completed the tests",
        ),
        Transition(
            IN_PROGRESS, "disqualify", DISQUALIFIED, (_STATUS, "candidate.disqualified"),
            "documented", "proctoring found a violation",
        ),
        Transition(
            COMPLETED, "rescore", COMPLETED, ("candidate.score_updated",),
            "assumed", "the score changes, and the state does not",
        ),
        Transition(
            COMPLETED, "reject", REJECTED, (_STATUS, "candidate.rejected"),
            "documented", "from the report page, in bulk, or under a threshold",
        ),
        Transition(
            REJECTED, "rescore", REJECTED, ("candidate.score_updated",),
            "assumed", "scored again after the rejection",
        ),
    ),
)  # fmt: skip
"""The candidate's table. Source: reference c.4, help articles 318, 522, 562, 309."""


class TestScore(msgspec.Struct, frozen=True, gc=False):
    """How one test of the assessment went.

    Attributes:
        points: achieved, one a question.
        percentage: 0 to 100.
        elapsed_seconds: float seconds.
    """

    __test__ = False  # not one of pytest's

    points: int
    percentage: int
    elapsed_seconds: float
    completed_at: datetime


class Score(msgspec.Struct, frozen=True, gc=False):
    """The score of a candidate.

    Attributes:
        points: total points.
        of: the highest possible points.
        percentage: 0 to 100; not computed from the points (documented irregularity).
    """

    points: int
    of: int
    percentage: int


class Disqualification(msgspec.Struct, frozen=True):
    """The disqualification of a candidate.

    Attributes:
        reason: an item of ``REASONS``.
        question: the question that was answered wrongly, for ``qualification``.
        was_answering: the candidate had opened the tests.
    """

    reason: str
    question: QualifyingQuestion | None
    was_answering: bool


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One invitation of one person to one assessment.

    Attributes:
        id: of the invitation, Testlify's assessment-candidate id.
        number: counts the workspace's invitations from 1.
        candidate_id: of the person, the same for one e-mail in a workspace.
        assessment_title: as it was at the invitation; edits reach only later ones (documented).
        invited_at: of a scheduled one, when it will be.
        valid_until: when the invitation runs out.
        started_at, completed_at: None until then; ``completed_at`` is set once.
        answers: whether each question answered so far was answered right, in their order.
        tests: one a test of the assessment, once completed.
        monitor: from the start of the tests on.
        moves: how many commands were done to it; each draws its own chance.
        source: where the invitation comes from, a label of the inviter's.
    """

    id: ObjectId
    number: int
    candidate_id: ObjectId
    assessment_id: ObjectId
    assessment_title: str
    email: str
    first_name: str
    last_name: str
    invite_key: str
    state: str
    invited_at: datetime
    valid_until: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    score: Score | None = None
    answers: tuple[bool, ...] = ()
    tests: tuple[TestScore, ...] = ()
    monitor: Monitor | None = None
    disqualification: Disqualification | None = None
    moves: int = 0
    source: str | None = None

    @property
    def falls_due(self) -> tuple[str, datetime] | None:
        """The automatic command and its time; None if there is none.

        An invitation expires automatically only if the candidate has not opened it (assumed).
        """
        if self.state == INVITED:
            return "expire", self.valid_until
        return ("invite", self.invited_at) if self.state == SCHEDULED else None

    @property
    def is_open(self) -> bool:
        """Whether the invitation still leads somewhere."""
        return self.state in OPEN_STATES
