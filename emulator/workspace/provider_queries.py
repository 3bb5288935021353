"""Queries of the provider API: assessments, candidates and people, newest first. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from emulator.domain import assessment as assessments
from emulator.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.workspace.state import State

ACTIVE = frozenset({assessments.PUBLISHED, assessments.SUBSCRIBED})
"""States in which candidates can take the assessment."""

EDITABLE = frozenset({assessments.DRAFT, assessments.PUBLISHED})
"""States before the first invitation, in which an edit applies to all candidates."""


def kept_assessment(state: State, id_: str) -> Assessment:
    """Return an assessment by its id, unless it was deleted.

    Raises:
        NotFoundError: no such assessment, or it was deleted.
    """
    found = state.assessment(id_)
    if found.state == assessments.DELETED:
        message = f"assessment {id_!r} was deleted"
        raise NotFoundError(message)
    return found


def kept_assessments(
    state: State,
    *,
    states: Collection[str] = (),
    group: str | None = None,
    label: str | None = None,
) -> Iterator[Assessment]:
    """Yield the assessments that were not deleted.

    Args:
        state: the state of the workspace.
        states: their states; empty for any.
        group: name of their group; None for any.
        label: a label that they have; None for any.
    """
    for assessment in reversed(state.assessments.values()):
        if assessment.state == assessments.DELETED or (states and assessment.state not in states):
            continue
        if group in (None, assessment.group) and (label is None or label in assessment.labels):
            yield assessment


def candidates_of(state: State, assessment_id: str) -> Iterator[Candidate]:
    """Yield the candidates of an assessment."""
    for id_ in reversed(state.invitations.get(assessment_id, ())):
        yield state.candidates[id_]


def invitations_of(state: State, id_: str) -> list[Candidate]:
    """Return all invitations of a person, oldest first, by the id of the person or an invitation.

    Raises:
        NotFoundError: no such person or invitation.
    """
    candidate = state.candidates.get(id_)
    person = candidate.candidate_id if candidate else id_
    found = state.invitations.get(person, ())
    if not found or person in state.assessments:
        raise NotFoundError(f"no candidate {id_[:80]!r}")
    return [state.candidates[one] for one in found]


def candidate_of(state: State, assessment_id: str, id_: str) -> Candidate:
    """Return the latest invitation of a person to an assessment, or the invitation *id_*.

    Raises:
        NotFoundError: no such assessment, or the person was not invited to it.
    """
    kept_assessment(state, assessment_id)
    invitations = invitations_of(state, id_)
    found = [invitation for invitation in invitations if invitation.assessment_id == assessment_id]
    chosen = [one for one in found if one.id == id_] or found
    if not chosen:
        raise NotFoundError(f"candidate {id_[:80]!r} was not invited to {assessment_id}")
    return chosen[-1]


def attempts_of(state: State, person: str) -> dict[str, int]:
    """Return for each invitation of a person how many there were before to the same assessment."""
    counts: Counter[str] = Counter()
    found = {}
    for id_ in state.invitations[person]:
        assessment = state.candidates[id_].assessment_id
        found[id_] = counts[assessment]
        counts[assessment] += 1
    return found
