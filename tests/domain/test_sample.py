"""Samples: each event type, the shortest way along its own lifecycle."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from emulator.domain.events import EVENT_TYPES
from emulator.domain.sample import sample

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

STATES = {
    "candidate.status_changed": ("invite", "INVITED", 0),
    "candidate.invited": ("invite", "INVITED", 0),
    "candidate.enrolled": ("enroll", "ENROLLED", 1),
    "candidate.in_progress": ("start", "IN_PROGRESS", 2),
    "candidate.completed": ("complete", "COMPLETED", 3),
    "candidate.disqualified": ("disqualify", "DISQUALIFIED", 2),
    "candidate.invitation_expired": ("expire", "INVITATION_EXPIRED", 1),
    "candidate.rejected": ("reject", "REJECTED", 4),
    "candidate.score_updated": ("rescore", "COMPLETED", 4),
    "assessment.created": ("create", "DRAFT", 0),
    "assessment.updated": ("update", "PUBLISHED", 1),
    "assessment.archived": ("archive", "ARCHIVED", 1),
    "assessment.deleted": ("delete", "DELETED", 1),
}


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_a_sample_comes_from_the_shortest_way(event: str) -> None:
    command, state, minutes = STATES[event]
    occurrence = sample(event, AT, random.Random(1))
    assert event in occurrence.events
    assert (occurrence.command, occurrence.at) == (command, AT)
    assert occurrence.assessment.created_at == AT - timedelta(minutes=minutes)
    if occurrence.candidate is None:
        assert event.startswith("assessment.")
        assert occurrence.assessment.state == state
    else:
        assert occurrence.candidate.state == state
        assert occurrence.assessment.state == "SUBSCRIBED"
        assert occurrence.candidate.invited_at == AT - timedelta(minutes=minutes)
        assert occurrence.candidate.assessment_id == occurrence.assessment.id


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_the_same_draw_makes_the_same_sample(event: str) -> None:
    assert sample(event, AT, random.Random(1)) == sample(event, AT, random.Random(1))
    assert sample(event, AT, random.Random(1)) != sample(event, AT, random.Random(2))
