"""The effect of each command on a candidate's record; the lifecycle table decides legality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType

import msgspec

from emulator.domain.assessment import Content
from emulator.domain.candidate import (
    IN_PROGRESS,
    REASONS,
    Candidate,
    Disqualification,
    Score,
    TestScore,
)
from emulator.domain.commands import (
    AnswerDetails,
    Details,
    DisqualifyDetails,
    LeaveDetails,
    ScoreDetails,
)
from emulator.domain.people import left, monitor, watched
from emulator.domain.questions import wrong_answer
from emulator.errors import ConflictError, InvalidInputError, UnknownNameError


def moved(
    candidate: Candidate,
    command: str,
    next_state: str,
    *,
    content: Content,
    at: datetime,
    details: Details,
    draw: Callable[[], Random],
) -> Candidate:
    """Return *candidate* after *command*.

    Args:
        candidate: the candidate before it.
        command: a word of the lifecycle.
        next_state: by the lifecycle.
        content: of the assessment.
        at: the workspace's time.
        details: of the command.
        draw: returns the random generator; called only if something is drawn.

    Raises:
        InvalidInputError: the details contradict each other or the content.
        ConflictError: all questions are answered.
    """
    changed = msgspec.structs.replace(candidate, state=next_state, moves=candidate.moves + 1)
    move = _MOVES.get(command)
    return move(changed, candidate, content, at, details, draw) if move else changed


_Draw = Callable[[], Random]

_Move = Callable[[Candidate, Candidate, Content, datetime, Details, _Draw], Candidate]


def _invite(
    changed: Candidate, before: Candidate, _: Content, at: datetime, __: Details, ___: _Draw
) -> Candidate:
    validity = before.valid_until - before.invited_at
    return msgspec.structs.replace(changed, invited_at=at, valid_until=at + validity)


def _start(
    changed: Candidate, _: Candidate, __: Content, at: datetime, ___: Details, draw: _Draw
) -> Candidate:
    return msgspec.structs.replace(changed, started_at=at, monitor=monitor(draw(), at))


def _answer(
    changed: Candidate,
    before: Candidate,
    content: Content,
    _: datetime,
    details: Details,
    __: _Draw,
) -> Candidate:
    assert isinstance(details, AnswerDetails)  # noqa: S101 - the table of commands says so
    if len(before.answers) >= content.question_count:
        message = f"all {content.question_count} questions are answered"
        raise ConflictError(message)
    return msgspec.structs.replace(changed, answers=(*before.answers, details.correct is not False))


def _leave(
    changed: Candidate, before: Candidate, _: Content, __: datetime, details: Details, draw: _Draw
) -> Candidate:
    assert isinstance(details, LeaveDetails)  # noqa: S101 - the table of commands says so
    assert before.monitor is not None  # noqa: S101 - set by start, which comes before
    seconds = details.seconds or draw().randint(1, 20)
    return msgspec.structs.replace(changed, monitor=left(before.monitor, seconds))


def _complete(
    changed: Candidate,
    before: Candidate,
    content: Content,
    at: datetime,
    details: Details,
    draw: _Draw,
) -> Candidate:
    assert isinstance(details, ScoreDetails)  # noqa: S101 - the table of commands says so
    chance = draw()
    points, of = _asked(details, content)
    if of is None:
        # 32 of 37 in the Completed example: the written answer is not yet marked (assumed).
        of = content.total_score - sum(
            one.maximum_score
            for one in content.custom_questions
            if one.classification == "WRITTEN_ANSWER"
        )
        if points is not None and points > of:
            of = content.total_score
    if points is None and before.answers:
        achieved = _answered(content, before.answers)
        points = sum(achieved)
    else:
        points = chance.randint(of // 3, of) if points is None else points
        achieved = _spread(content, points / of, points)
    _check(points, of)
    scores = _test_scores(content, achieved, before.started_at or at, at, chance)
    percentage = details.percentage
    if percentage is None:
        percentage = _average(content, scores, points)
    assert changed.monitor is not None  # noqa: S101 - set by start, which comes before
    return msgspec.structs.replace(
        changed,
        completed_at=at,
        score=Score(points, of, percentage),
        tests=scores,
        monitor=watched(changed.monitor, chance),
    )


def _rescore(
    changed: Candidate,
    before: Candidate,
    content: Content,
    _: datetime,
    details: Details,
    draw: _Draw,
) -> Candidate:
    assert before.score is not None  # noqa: S101 - set by complete, which comes before
    assert isinstance(details, ScoreDetails)  # noqa: S101 - the table of commands says so
    points, of = _asked(details, content)
    if of is None:
        # The Score Updated example has the whole sum, 37, unlike Completed.
        of = content.total_score
    if points is None:
        points = draw().randint(0, of)
    _check(points, of)
    percentage = details.percentage
    if percentage is None:
        percentage = round(100 * points / of)  # 10 of 37 is given as 27 (documented)
    return msgspec.structs.replace(changed, score=Score(points, of, percentage))


def _disqualify(
    changed: Candidate,
    before: Candidate,
    _: Content,
    at: datetime,
    details: Details,
    draw: _Draw,
) -> Candidate:
    was_answering = before.state == IN_PROGRESS
    assert isinstance(details, DisqualifyDetails)  # noqa: S101 - the table of commands says so
    reason = details.reason
    if reason is None:
        reason = "proctoring" if was_answering else "qualification"
    if reason not in REASONS:
        raise UnknownNameError("reason", reason, REASONS, path="$.reason", show_all=True)
    question = wrong_answer(draw(), changed.assessment_id) if reason == "qualification" else None
    return msgspec.structs.replace(
        changed,
        completed_at=at,
        disqualification=Disqualification(reason, question, was_answering),
    )


_MOVES: Mapping[str, _Move] = MappingProxyType(
    {
        "invite": _invite,
        "start": _start,
        "answer": _answer,
        "leave": _leave,
        "complete": _complete,
        "rescore": _rescore,
        "disqualify": _disqualify,
    }
)


def _asked(details: ScoreDetails, content: Content) -> tuple[int | None, int | None]:
    points, of = details.score, details.of
    if points is not None and of is None and points > content.total_score:
        message = f"a score of {points} needs an 'of'; this assessment has {content.total_score}"
        raise InvalidInputError(message, path="$.score")
    return points, of


def _check(points: int, of: int) -> None:
    if points > of:
        message = f"a score of {points} exceeds the total of {of} points"
        raise InvalidInputError(message, path="$.score")


def _answered(content: Content, answers: Sequence[bool]) -> list[int]:
    """Return the points of each test; the questions are answered in their order."""
    achieved, first = [], 0
    for test in content.tests:
        achieved.append(sum(answers[first : first + test.question_limit]))
        first += test.question_limit
    return achieved


def _spread(content: Content, share: float, points: int) -> list[int]:
    """Distribute *points* over the tests; the remainder belongs to the custom questions."""
    achieved: list[int] = []
    for test in content.tests:
        achieved.append(min(points - sum(achieved), round(share * test.question_limit)))
    return achieved


def _test_scores(
    content: Content, achieved: Sequence[int], start: datetime, end: datetime, draw: Random
) -> tuple[TestScore, ...]:
    """Return the score of each test; *achieved* has the points."""
    scores = []
    at = start
    for test, got in zip(content.tests, achieved, strict=True):
        elapsed = round(draw.uniform(0.01, 0.6) * test.time_limit, 3)
        if end > start:  # no answer takes longer than the test
            elapsed = min(elapsed, (end - at).total_seconds())
        at = min(at + timedelta(seconds=int(elapsed)), end)
        scores.append(TestScore(got, round(100 * got / test.question_limit), elapsed, at))
    return tuple(scores)


def _average(content: Content, scores: tuple[TestScore, ...], points: int) -> int:
    """Return the overall percentage, computed as in the Completed example.

    Source: assumed; (30 + 50 + 10) / 5 gives the documented 18, with custom points averaged as if
    they were percentages. This may be a coincidence.
    """
    custom = points - sum(one.points for one in scores)
    parts = len(content.tests) + len(content.custom_questions)
    return min(100, round((sum(one.percentage for one in scores) + custom) / parts))
