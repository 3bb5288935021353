"""How each key of a payload is known, by its schema."""

from __future__ import annotations

import pytest

from emulator.contracts.provenance import of_keys
from emulator.contracts.validation import Contracts
from emulator.domain.events import EVENTS_OF

CONTRACTS = Contracts()


def known(event: str, generation: str = "v2") -> dict[str, str]:
    return dict(of_keys(CONTRACTS.document(generation, event)))


def test_of_a_completion_in_v2_the_paths_that_a_consumer_reads_are_observed() -> None:
    assert {path for path, one in known("candidate.completed").items() if one == "observed"} == {
        "data",
        "data.assessmentId",
        "data.candidate",
        "data.candidate.email",
        "data.scores",
        "data.scores.avgScorePercentage",
    }


def test_all_of_the_archived_example_is_documented() -> None:
    found = known("assessment.archived")
    assert set(found.values()) == {"documented"}
    assert {"event", "data.testLibraries[].maximumScore", "data.status.isArchived"} <= set(found)


@pytest.mark.parametrize(
    "event", sorted({*EVENTS_OF["v2"]} - {"assessment.archived", "candidate.completed"})
)
def test_of_the_other_event_types_of_v2_every_key_is_assumed(event: str) -> None:
    assert set(known(event).values()) == {"assumed"}


def test_a_key_below_an_assumed_key_is_assumed_even_if_documented_in_v1() -> None:
    assert known("candidate.completed")["data.antiCheatingMonitor.city"] == "assumed"
    assert known("candidate.completed", "v1")["data.antiCheatingMonitor.city"] == "documented"
