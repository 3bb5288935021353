"""An occurrence, with everything that payloads about it need."""

from __future__ import annotations

from datetime import datetime

import msgspec

from emulator.domain.assessment import Assessment
from emulator.domain.candidate import Candidate
from emulator.domain.people import Organisation


class Occurrence(msgspec.Struct, frozen=True, gc=False):
    """One transition that happened, or a rescore, or an edit.

    Attributes:
        command: what was done.
        at: when, in the workspace's time.
        events: ids of the event types that it causes, in order.
        organisation: whose it is.
        assessment: as it was afterwards.
        candidate: as it was afterwards; None when the subject is the assessment.
        base: of links to the emulator's pages; empty for links to the documented hosts.
        candidate_count: how many were invited to the assessment, when the subject is that.
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
