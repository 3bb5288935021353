"""Each sample consumer is failed by exactly the checks that are meant for its bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import conformance
from emulator.conformance.claims import CLAIMS
from tests.consumers.starting import ALL, started

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.domain.events import Generation

pytestmark = pytest.mark.slow

TOKEN = "s3cret"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

CAUGHT = {
    "right": set(),
    "counts_duplicates": {
        "effects.completion-counts-once-when-repeated",
        "effects.completion-counts-once-in-parallel",
        "effects.completion-counts-once-a-day-later",
        "effects.completion-counts-once-under-another-id",
    },
    "regresses_on_late_events": {
        "effects.late-in-progress",
        "effects.late-invited",
        "effects.late-completion",
        "retries.overtaken",
    },
    "dies_on_the_ping": {"accepts.ping", "accepts.ping-with-success", "accepts.ping-with-data"},
    # A rejection has a path instead of a URL.
    "parses_result_link_as_url": {
        "tolerates.result-link-null-text",
        "tolerates.result-link-path",
        "accepts.change-to-rejected",
        "accepts.whole-life",
    },
    "fails_on_unknown_events": {"tolerates.unknown-event", "tolerates.unknown-type"},
    "accepts_any_signature": {"refuses.signature-of-another", "refuses.signature-damaged"},
    "verifies_a_serialised_body": {"tolerates.white-space", "tolerates.escaped"},
    "blocks_on_slow_body": {"withstands.slow-body"},
    "loses_on_restart": {"withstands.restart"},
}
"""Consumer -> the checks that find its bug, with v2 webhooks."""

CAUGHT_IN_V1 = CAUGHT["parses_result_link_as_url"] | {
    "accepts.candidate.enrolled",
    "accepts.candidate.in_progress",
    "accepts.candidate.rejected",
    "accepts.candidate.score_updated",
    "accepts.change-to-enrolled",
    "accepts.change-to-in-progress",
}
"""The checks that find the bug of ``parses_result_link_as_url`` with v1 webhooks."""

V1_ALONE = {
    "accepts.candidate.invited",
    "accepts.candidate.enrolled",
    "accepts.candidate.rejected",
    "accepts.candidate.score_updated",
    "effects.new-score-counts-nothing",
}
"""Checks of event types that v2 does not have."""


def graded(name: str, generation: Generation, state: Path) -> dict[str, set[str]]:
    """Return the checks by their outcome."""
    with started(name, token=TOKEN, secret=SECRET, state=state) as consumer:
        results = conformance.run(
            consumer.hook,
            generation=generation,
            headers={"X-Webhook-Token": TOKEN},
            secret=SECRET,
            claims=CLAIMS,
            probe=consumer.url + "/candidates/{email}?assessment={assessment_id}",
            restart=consumer.restart,
            linger=0.01,
        )
    found: dict[str, set[str]] = {"passed": set(), "failed": set(), "skipped": set()}
    for result in results:
        found[result.outcome].add(result.check.id)
    return found


@pytest.mark.parametrize("name", ALL)
def test_exactly_the_checks_for_its_bug_fail_a_consumer(name: str, tmp_path: Path) -> None:
    found = graded(name, "v2", tmp_path / "state")
    assert found["failed"] == CAUGHT[name]
    assert found["skipped"] == V1_ALONE


@pytest.mark.parametrize(
    ("name", "caught"), [("right", set()), ("parses_result_link_as_url", CAUGHT_IN_V1)]
)
def test_v1_payloads_find_more(name: str, caught: set[str], tmp_path: Path) -> None:
    found = graded(name, "v1", tmp_path / "state")
    assert found["failed"] == caught
    assert all(one.startswith("retries.") for one in found["skipped"])


def test_each_sample_consumer_is_in_the_table() -> None:
    assert set(CAUGHT) == set(ALL)
    assert all(CAUGHT[name] for name in ALL if name != "right")
    assert set().union(*CAUGHT.values()) < set(conformance.checks())
