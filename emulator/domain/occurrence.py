"""The record of an occurrence, with all data that its payloads need."""

from __future__ import annotations

from datetime import datetime

import msgspec

from emulator.domain.assessment import Assessment
from emulator.domain.candidate import Candidate
from emulator.domain.people import Organisation


class Occurrence(msgspec.Struct, frozen=True, gc=False):
    """One transition that happened, or a rescore, or an edit.

    Attributes:
        command: the command.
        at: the workspace's time.
        events: ids of the event types that it causes, in order.
        organisation: the organisation.
        assessment: the assessment afterwards.
        candidate: the candidate afterwards; None if the subject is the assessment.
        base: base of links to the emulator's pages; empty for links to the documented hosts.
        candidate_count: number of invitations to the assessment, if it is the subject.
    """

    command: str
    at: datetime
    events: tuple[str, ...]
    organisation: Organisation
    assessment: Assessment
    candidate: Candidate | None = None
    base: str = ""
    candidate_count: int = 0

    @property
    def who(self) -> Candidate:
        """The candidate, in an occurrence whose subject is a candidate."""
        assert self.candidate is not None  # noqa: S101 - the caller picks by subject
        return self.candidate
