"""The table of event types, and every way to name one."""

from __future__ import annotations

import pytest

from emulator.domain.events import EVENT_TYPES, event_type
from emulator.errors import InvalidInputError, UnknownNameError

WORDS = {
    "candidate.status_changed": "candidateStatusChanged",
    "candidate.invited": "invited",
    "candidate.enrolled": "enrolled",
    "candidate.in_progress": "in_progress",
    "candidate.completed": "completed",
    "candidate.disqualified": "disqualified",
    "candidate.invitation_expired": None,
    "candidate.rejected": "rejected",
    "candidate.score_updated": "scoreUpdated",
    "assessment.created": "created",
    "assessment.updated": "updated",
    "assessment.archived": "archived",
    "assessment.deleted": "deleted",
}


def test_the_table_has_each_event_type_with_its_word() -> None:
    assert {id_: one.v1_word for id_, one in EVENT_TYPES.items()} == WORDS


def test_an_id_stands_under_itself_and_begins_with_its_subject() -> None:
    for id_, one in EVENT_TYPES.items():
        assert one.id == id_
        assert one.subject == id_.partition(".")[0]
        assert one.summary


def test_no_two_event_types_share_a_word() -> None:
    words = [word for word in WORDS.values() if word is not None]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("id_", EVENT_TYPES)
def test_an_event_type_is_found_by_its_id_its_word_and_its_bare_part(id_: str) -> None:
    names = {id_, WORDS[id_], id_.partition(".")[2]} - {None}
    assert {event_type(str(name)).id for name in names} == {id_}


def test_an_ambiguous_word_is_told_with_all_that_it_may_mean() -> None:
    with pytest.raises(InvalidInputError) as caught:
        event_type("assessment", path="$.events[0]")
    assert str(caught.value) == (
        "'assessment' is ambiguous, it means any of 'assessment.created', 'assessment.updated',"
        " 'assessment.archived', 'assessment.deleted'; name one (at $.events[0])"
    )
    assert not isinstance(caught.value, UnknownNameError)


def test_candidate_is_ambiguous_too() -> None:
    with pytest.raises(InvalidInputError) as caught:
        event_type("candidate")
    assert str(caught.value) == (
        "'candidate' is ambiguous, it means any of 'candidate.status_changed',"
        " 'candidate.invited', 'candidate.enrolled', 'candidate.in_progress',"
        " 'candidate.completed', 'candidate.disqualified', 'candidate.invitation_expired',"
        " 'candidate.rejected', 'candidate.score_updated'; name one"
    )


def test_an_unknown_name_is_told_with_what_is_near_and_all_that_is_known() -> None:
    with pytest.raises(UnknownNameError) as caught:
        event_type("candidate.invite", path="$.event")
    assert str(caught.value) == (
        "no event type 'candidate.invite'; near: 'candidate.invited',"
        " 'candidate.invitation_expired', 'candidate.rejected'; known: assessment.archived,"
        " assessment.created,"
        " assessment.deleted, assessment.updated, candidate.completed, candidate.disqualified,"
        " candidate.enrolled, candidate.in_progress, candidate.invitation_expired,"
        " candidate.invited, candidate.rejected, candidate.score_updated,"
        " candidate.status_changed (at $.event)"
    )


@pytest.mark.parametrize("name", ["", "test", "INVITED", "candidate.", ".invited", "*", "None"])
def test_nothing_else_names_an_event_type(name: str) -> None:
    with pytest.raises(UnknownNameError):
        event_type(name)


def test_v2_has_nine_event_types_of_which_five_names_are_known() -> None:
    known = [one.v2_provenance for one in EVENT_TYPES.values() if one.v2_provenance]
    assert len(known) == 9
    assert (known.count("documented"), known.count("observed")) == (4, 1)
    assumed = {one.id for one in EVENT_TYPES.values() if one.v2_provenance == "assumed"}
    assert assumed == {
        "candidate.status_changed",
        "candidate.in_progress",
        "candidate.disqualified",
        "candidate.invitation_expired",
    }
