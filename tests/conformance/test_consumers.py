"""Each sample consumer is failed by exactly the checks that are meant for its bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import conformance
from emulator.conformance.claims import CLAIMS
from tests.consumers.starting import ALL, started

if TYPE_CHECKING:
    from pathlib import Path

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
    # What is no URL stands in the documented payloads of these, so they are not taken.
    "parses_result_link_as_url": {
        "tolerates.result-link-null-text",
        "tolerates.result-link-path",
        "accepts.candidate.enrolled",
        "accepts.candidate.in_progress",
        "accepts.candidate.rejected",
        "accepts.candidate.score_updated",
        "accepts.change-to-enrolled",
        "accepts.change-to-in-progress",
        "accepts.change-to-rejected",
        "accepts.whole-life",
    },
    "fails_on_unknown_events": {"tolerates.unknown-event", "tolerates.unknown-type"},
    "accepts_any_signature": {"refuses.signature-of-another", "refuses.signature-damaged"},
    "verifies_a_serialised_body": {"tolerates.white-space", "tolerates.escaped"},
    "blocks_on_slow_body": {"withstands.slow-body"},
    "loses_on_restart": {"withstands.restart"},
}
"""Consumer -> the checks that find its bug."""


@pytest.mark.parametrize("name", ALL)
def test_exactly_the_checks_for_its_bug_fail_a_consumer(name: str, tmp_path: Path) -> None:
    with started(name, token=TOKEN, secret=SECRET, state=tmp_path / "state") as consumer:
        results = conformance.run(
            consumer.hook,
            generation="v2",
            headers={"X-Webhook-Token": TOKEN},
            secret=SECRET,
            claims=CLAIMS,
            probe=consumer.url + "/candidates/{email}?assessment={assessment_id}",
            restart=consumer.restart,
            linger=0.01,
        )
    told = {one.check.id: (one.outcome, one.message) for one in results if one.outcome != "passed"}
    assert told.keys() == CAUGHT[name], told
    assert {outcome for outcome, _ in told.values()} <= {"failed"}


def test_each_sample_consumer_is_in_the_table() -> None:
    assert set(CAUGHT) == set(ALL)
    assert all(CAUGHT[name] for name in ALL if name != "right")
    assert set().union(*CAUGHT.values()) < set(conformance.checks())
