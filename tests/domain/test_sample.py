"""Samples: each event type, the shortest way along its own lifecycle."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from emulator.domain import assessment, candidate
from emulator.domain.events import EVENT_TYPES
from emulator.domain.sample import sample

LIFECYCLES = {"assessment": assessment.LIFECYCLE, "candidate": candidate.LIFECYCLE}
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_a_sample_is_made_along_the_shortest_path(event: str) -> None:
    lifecycle = LIFECYCLES[EVENT_TYPES[event].subject]
    way = lifecycle.way(lambda row: event in row.events)
    start = AT - timedelta(minutes=len(way) - 1)
    occurrence = sample(event, AT, random.Random(1))
    assert occurrence.events == way[-1].events
    assert (occurrence.command, occurrence.at) == (way[-1].command, AT)
    assert occurrence.assessment.created_at == start
    if occurrence.candidate is None:
        assert event.startswith("assessment.")
        assert occurrence.assessment.state == way[-1].next_state
    else:
        assert occurrence.candidate.state == way[-1].next_state
        assert occurrence.assessment.state == "SUBSCRIBED"
        assert occurrence.candidate.invited_at == start
        assert occurrence.candidate.assessment_id == occurrence.assessment.id


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_the_same_draw_makes_the_same_sample(event: str) -> None:
    assert sample(event, AT, random.Random(1)) == sample(event, AT, random.Random(1))
    assert sample(event, AT, random.Random(1)) != sample(event, AT, random.Random(2))
