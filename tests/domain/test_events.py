"""The table of event types, and every way to name one."""

from __future__ import annotations

from typing import get_args

import pytest

from emulator.domain.events import EVENT_TYPES, SubjectKind, checked_names, event_type
from emulator.errors import InvalidInputError, UnknownNameError


def test_an_id_is_its_own_key_and_begins_with_its_subject() -> None:
    for id_, one in EVENT_TYPES.items():
        assert one.id == id_
        assert one.subject == id_.partition(".")[0]
        assert one.summary


def test_no_two_event_types_share_a_word() -> None:
    words = [event.v1_word for event in EVENT_TYPES.values() if event.v1_word is not None]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("id_", EVENT_TYPES)
def test_an_event_type_is_found_by_its_id_its_word_and_its_bare_part(id_: str) -> None:
    names = {id_, EVENT_TYPES[id_].v1_word, id_.partition(".")[2]} - {None}
    assert {event_type(str(name)).id for name in names} == {id_}


@pytest.mark.parametrize("subject", get_args(SubjectKind))
def test_an_ambiguous_word_is_refused_with_its_meanings(subject: str) -> None:
    meanings = ", ".join(repr(id_) for id_, one in EVENT_TYPES.items() if one.subject == subject)
    with pytest.raises(InvalidInputError) as caught:
        event_type(subject, path="$.events[0]")
    assert str(caught.value) == (
        f"{subject!r} is ambiguous, it means any of {meanings}; name one (at $.events[0])"
    )
    assert not isinstance(caught.value, UnknownNameError)


def test_an_unknown_name_is_refused_with_similar_and_all_known_names() -> None:
    with pytest.raises(UnknownNameError) as caught:
        event_type("candidate.invite", path="$.event")
    assert str(caught.value) == (
        "no event type 'candidate.invite'; near: 'candidate.invited',"
        " 'candidate.invitation_expired', 'candidate.rejected';"
        f" known: {', '.join(sorted(EVENT_TYPES))} (at $.event)"
    )


@pytest.mark.parametrize("name", ["", "test", "INVITED", "candidate.", ".invited", "*", "None"])
def test_nothing_else_names_an_event_type(name: str) -> None:
    with pytest.raises(UnknownNameError):
        event_type(name)


def test_v2_has_nine_event_types_of_which_five_names_are_known() -> None:
    known = [event.v2_provenance for event in EVENT_TYPES.values() if event.v2_provenance]
    assert len(known) == 9
    assert (known.count("documented"), known.count("observed")) == (4, 1)
    assumed = {event.id for event in EVENT_TYPES.values() if event.v2_provenance == "assumed"}
    assert assumed == {
        "candidate.status_changed",
        "candidate.in_progress",
        "candidate.disqualified",
        "candidate.invitation_expired",
    }


def test_an_assumed_name_of_v2_can_be_another() -> None:
    assert checked_names({"status_changed": "candidate.moved"}) == {
        "candidate.status_changed": "candidate.moved"
    }
    swapped = {
        "candidate.disqualified": "candidate.rejected",
        "candidate.in_progress": "candidate.started",
    }
    assert checked_names(swapped) == swapped


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            {"candidate.completed": "candidate.done"},
            (
                "the name of 'candidate.completed' is observed; expected an assumed name "
                "(at $['candidate.completed'])"
            ),
        ),
        (
            {"candidate.in_progress": "started"},
            (
                "not a name of an event type: 'started'; expected 'candidate.' and a word "
                "(at $['candidate.in_progress'])"
            ),
        ),
        (
            {"candidate.in_progress": "candidate.completed"},
            (
                "'candidate.completed' is the name of another event type "
                "(at $['candidate.in_progress'])"
            ),
        ),
        (
            {"candidate.in_progress": "candidate.a", "candidate.disqualified": "candidate.a"},
            "'candidate.a' is the name of another event type (at $['candidate.disqualified'])",
        ),
    ],
)
def test_another_name_is_refused_where_it_cannot_be(names: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_names(names)
    assert str(caught.value) == message


def test_an_event_type_that_v2_does_not_have_has_no_other_name() -> None:
    with pytest.raises(UnknownNameError, match=r"no v2 event type 'candidate\.invited'"):
        checked_names({"candidate.invited": "candidate.asked"})
