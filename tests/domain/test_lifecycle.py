"""Both lifecycles, walked row by row, and each pair without a row."""

from __future__ import annotations

from itertools import product

import pytest

from emulator.domain import assessment, candidate
from emulator.domain.events import EVENT_TYPES
from emulator.domain.lifecycle import NEW, Lifecycle, Transition
from emulator.errors import IllegalCommandError

LIFECYCLES = [candidate.LIFECYCLE, assessment.LIFECYCLE]
ROWS = [(one, row) for one in LIFECYCLES for row in one.rows]
PAIRS = [
    (one, state, command)
    for one in LIFECYCLES
    for state, command in product([NEW, *one.states], [one.rows[0].command, *one.commands])
    if (state, command) not in {(row.state, row.command) for row in one.rows}
]


def name(value: object) -> str:
    if isinstance(value, Lifecycle):
        return value.subject
    if isinstance(value, Transition):
        return f"{value.state or 'NEW'}-{value.command}"
    return str(value) or "NEW"


@pytest.mark.parametrize(("lifecycle", "row"), ROWS, ids=name)
def test_each_row_is_legal_and_found(lifecycle: Lifecycle, row: Transition) -> None:
    assert lifecycle.transition(row.state, row.command) is row
    assert row.command in lifecycle.legal(row.state)


@pytest.mark.parametrize(("lifecycle", "row"), ROWS, ids=name)
def test_each_row_causes_known_events_of_its_subject(lifecycle: Lifecycle, row: Transition) -> None:
    assert [EVENT_TYPES[event].subject for event in row.events] == [lifecycle.subject] * len(
        row.events
    )


@pytest.mark.parametrize(("lifecycle", "state", "command"), PAIRS, ids=name)
def test_each_pair_without_a_row_is_refused(lifecycle: Lifecycle, state: str, command: str) -> None:
    legal = sorted(row.command for row in lifecycle.rows if row.state == state)
    with pytest.raises(IllegalCommandError) as caught:
        lifecycle.transition(state, command, name="42")
    assert (caught.value.state, caught.value.command) == (state, command)
    assert caught.value.legal == legal
    assert str(caught.value) == (
        f"{lifecycle.subject} 42 is {state}: {command!r} is not legal;"
        f" legal: {', '.join(legal) or 'none'}"
    )


def test_a_subject_without_a_name_is_called_by_its_kind() -> None:
    with pytest.raises(IllegalCommandError) as caught:
        candidate.LIFECYCLE.transition("REJECTED", "start")
    assert str(caught.value) == "candidate is REJECTED: 'start' is not legal; legal: rescore"


def test_an_unknown_state_allows_nothing() -> None:
    assert candidate.LIFECYCLE.legal("LOST") == []


def test_each_state_of_a_candidate_but_scheduled_has_a_stage() -> None:
    assert {*candidate.STAGES, candidate.SCHEDULED} == set(candidate.LIFECYCLE.states)


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=name)
def test_commands_are_those_of_subjects_that_exist(lifecycle: Lifecycle) -> None:
    assert set(lifecycle.commands) == {row.command for row in lifecycle.rows if row.state != NEW}
    assert len(set(lifecycle.commands)) == len(lifecycle.commands)


def test_all_status_changes_of_a_candidate_send_status_changed() -> None:
    """Every row into another state sends status_changed first; a new score does not.

    And nobody is told of an invitation that waits for its date, nor of what happens in a test.
    """
    for row in candidate.LIFECYCLE.rows:
        if row.next_state == candidate.SCHEDULED or row.command in ("answer", "leave"):
            assert row.events == ()
            continue
        changes = row.state != row.next_state
        assert (row.events[0] == "candidate.status_changed") is changes
        assert len(row.events) == 1 + changes


def test_documented_facts_about_candidates_are_in_the_table() -> None:
    """Reference c.4."""
    legal = candidate.LIFECYCLE.legal
    assert [state for state in candidate.LIFECYCLE.states if "disqualify" in legal(state)] == [
        "ENROLLED",
        "IN_PROGRESS",
    ]
    assert [state for state in candidate.LIFECYCLE.states if "reject" in legal(state)] == [
        "COMPLETED"
    ]
    assert [state for state in candidate.LIFECYCLE.states if "rescore" in legal(state)] == [
        "COMPLETED",
        "REJECTED",
    ]
    assert {"SCHEDULED", "INVITED", "ENROLLED", "IN_PROGRESS"} == candidate.OPEN_STATES


def test_documented_facts_about_assessments_are_in_the_table() -> None:
    """Help article 419, and the documented examples."""
    legal = assessment.LIFECYCLE.legal
    states = assessment.LIFECYCLE.states
    assert [state for state in states if "delete" not in legal(state)] == ["DELETED"]
    assert [state for state in states if "unarchive" in legal(state)] == ["ARCHIVED"]
    assert legal("DELETED") == []
    for state in states:
        if "invite" in legal(state):
            assert assessment.LIFECYCLE.transition(state, "invite").next_state == "SUBSCRIBED"


def test_a_way_is_a_shortest_path_from_its_start() -> None:
    way = candidate.LIFECYCLE.way(lambda row: row.next_state == "REJECTED")
    assert [row.command for row in way] == ["invite", "enroll", "start", "complete", "reject"]
    way = candidate.LIFECYCLE.way(lambda row: row.command == "rescore", "REJECTED")
    assert [row.state for row in way] == ["REJECTED"]
    assert candidate.LIFECYCLE.way(lambda row: row.command == "start", "REJECTED") == []


def test_every_event_type_is_caused_by_some_row() -> None:
    assert {event for _, row in ROWS for event in row.events} == set(EVENT_TYPES)


def test_two_rows_for_one_state_and_command_are_refused() -> None:
    row = Transition(NEW, "make", "MADE", (), "assumed", "")
    with pytest.raises(ValueError, match=r"^the candidate lifecycle has two rows for one state"):
        Lifecycle("candidate", [row, Transition(NEW, "make", "ELSE", (), "assumed", "")])


def test_a_diagram_draws_each_row_and_marks_assumed_rows() -> None:
    rows = [
        Transition(NEW, "make", "MADE", (), "documented", ""),
        Transition("MADE", "break", "BROKEN", (), "assumed", ""),
    ]
    assert Lifecycle("candidate", rows).diagram() == (
        "stateDiagram-v2\n    [*] --> MADE: make\n    MADE --> BROKEN: break *"
    )


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=name)
def test_the_real_diagrams_have_a_line_for_each_row(lifecycle: Lifecycle) -> None:
    lines = lifecycle.diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == len(lifecycle.rows) + 1
    assert sum(line.endswith(" *") for line in lines) == sum(
        row.provenance == "assumed" for row in lifecycle.rows
    )
