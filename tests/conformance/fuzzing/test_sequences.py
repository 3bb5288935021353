"""Sequences as plain data: legal, and played as a scenario file is."""

from __future__ import annotations

import asyncio
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import testlify_sequences
from emulator.conformance.fuzzing import scenario_yaml, sequences
from emulator.conformance.fuzzing.sequence_runs import scenario_of
from emulator.conformance.state import StateMap
from emulator.domain.candidate import LIFECYCLE
from emulator.domain.events import EVENTS_OF, Generation
from emulator.domain.lifecycle import NEW
from emulator.event_loops import hosted
from emulator.receiver import Receiver
from emulator.scenario import loading
from emulator.scenario.dry_run import refusals
from emulator.scenario.run import run

EMAILS = {name: f"{name}@example.com" for name in sequences.NAMES}


@pytest.mark.slow
@settings(max_examples=60, deadline=None, database=None)
@given(st.sampled_from(get_args(Generation)).flatmap(lambda one: sequences.drawn(2, one)))
def test_a_sequence_that_is_drawn_is_a_scenario_that_the_lifecycle_allows(
    sequence: dict[str, Any],
) -> None:
    scenario = scenario_of(sequence, EMAILS)
    assert refusals(scenario) == ""
    (consumer,) = scenario.document.consumer
    assert set(consumer.events) <= set(EVENTS_OF[sequence["webhooks"]])


@pytest.mark.slow
@settings(max_examples=20, deadline=None, database=None)
@given(sequences.drawn())
def test_a_sequence_is_played_as_the_file_of_it_would_be(sequence: dict[str, Any]) -> None:
    document = {
        "scenario": "Drawn",
        "consumer": [{"payload_url": "http://127.0.0.1:9", "events": ["invited"]}],
        "steps": sequences.steps(sequence, EMAILS) + sequences.demands(sequence),
    }
    played = loading.of(document)
    written = loading.read("drawn.yaml", scenario_yaml.text(document).encode(), {})
    assert [step.step for step in played.steps] == [step.step for step in written.steps]
    assert [step.detail for step in played.steps] == [step.detail for step in written.steps]
    assert played.document.consumer == written.document.consumer


def test_every_row_of_the_lifecycle_can_be_drawn() -> None:
    rows = {(row.state, row.command) for path in sequences.paths() for row in path}
    assert {state for state, _ in rows} >= {NEW}
    missing = {(row.state, row.command) for row in LIFECYCLE.rows} - rows
    silent = {(row.state, row.command) for row in LIFECYCLE.rows if not row.events}
    assert missing == {("SCHEDULED", "invite"), *silent}


def test_the_last_status_and_the_number_of_completions_are_expected() -> None:
    life = [{"do": command, "after": 0} for command in ("invite", "enroll", "start", "complete")]
    (ada,) = sequences.expected({"candidates": [life]})
    assert ada.plain(sequences.built_in(StateMap()), StateMap()) == {
        "status": "COMPLETED",
        "completions": 1,
    }


@pytest.mark.slow
def test_a_user_s_property_test_plays_drawn_scenarios() -> None:
    @settings(max_examples=10, deadline=None, database=None)
    @given(data=st.data())
    def every_sequence_is_accepted(data: st.DataObject) -> None:
        scenario = data.draw(testlify_sequences(f"{receiver.url}/hook", headers={"X-T": "t0ken"}))
        assert asyncio.run(run(scenario)).verdict == "passed"

    with hosted(Receiver()) as (_, receiver):
        every_sequence_is_accepted()
        assert len(receiver.requests) > 10
        assert {request.header("X-T") for request in receiver.requests} == {"t0ken"}
