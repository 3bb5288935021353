"""What each command does to a candidate's record."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from emulator.domain.candidate import LIFECYCLE, Candidate, Score
from emulator.domain.commands import (
    AnswerDetails,
    Details,
    DisqualifyDetails,
    LeaveDetails,
    ScoreDetails,
    moving,
)
from emulator.domain.sample import sample
from emulator.domain.transitions import moved
from emulator.errors import ConflictError, InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from emulator.domain.assessment import Content

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = AT + timedelta(minutes=9)


def at(event: str, seed: int = 1) -> tuple[Candidate, Content]:
    """Return a candidate right after *event*, and their questions."""
    occurrence = sample(event, AT, random.Random(seed))
    assert occurrence.candidate is not None
    return occurrence.candidate, occurrence.assessment.content


def do(
    candidate: Candidate,
    content: Content,
    command: str,
    details: Details | None = None,
    seed: int = 1,
) -> Candidate:
    return moved(
        candidate,
        command,
        LIFECYCLE.transition(candidate.state, command).next_state,
        content=content,
        at=LATER,
        details=details or moving("candidate", command).details(),
        draw=lambda: random.Random(seed),
    )


def complete(details: ScoreDetails, seed: int = 1) -> Candidate:
    return do(*at("candidate.in_progress"), "complete", details, seed)


def score_of(candidate: Candidate) -> Score:
    assert candidate.score is not None
    return candidate.score


def test_a_plain_move_changes_the_state_and_counts() -> None:
    before, content = at("candidate.invited")
    assert do(before, content, "enroll") == msgspec.structs.replace(
        before, state="ENROLLED", moves=before.moves + 1
    )


def test_start_sets_the_time_and_the_monitor() -> None:
    after = do(*at("candidate.enrolled"), "start")
    assert after.started_at == LATER
    assert after.monitor is not None
    assert (after.completed_at, after.score, after.tests) == (None, None, ())


def test_complete_sets_the_time_the_score_and_a_score_a_test() -> None:
    before, content = at("candidate.in_progress")
    after = do(before, content, "complete")
    assert after.completed_at == LATER
    assert len(after.tests) == len(content.tests)
    for test, done in zip(content.tests, after.tests, strict=True):
        assert 0 <= done.points <= test.question_limit
        assert done.percentage == round(100 * done.points / test.question_limit)
        assert 0 < done.elapsed_seconds <= test.time_limit
        assert isinstance(done.elapsed_seconds, float)
        assert before.started_at is not None
        assert before.started_at <= done.completed_at <= LATER
    assert sum(one.points for one in after.tests) <= score_of(after).points


def test_the_score_of_a_completion_is_that_of_its_answers() -> None:
    candidate, content = at("candidate.in_progress")
    first = content.tests[0].question_limit
    for right in (*[True] * first, False, True):
        candidate = do(candidate, content, "answer", AnswerDetails(right))
    after = do(candidate, content, "complete")
    assert [test.points for test in after.tests] == [first, 1]
    assert score_of(after).points == first + 1
    assert score_of(do(candidate, content, "complete", ScoreDetails(score=2))).points == 2


def test_no_more_questions_are_answered_than_there_are() -> None:
    candidate, content = at("candidate.in_progress")
    for _ in range(content.question_count):
        candidate = do(candidate, content, "answer")
    assert candidate.answers == (True,) * content.question_count
    with pytest.raises(ConflictError, match="questions are answered"):
        do(candidate, content, "answer")


def test_the_monitor_counts_each_time_outside_the_window() -> None:
    candidate, content = at("candidate.in_progress")
    for seconds in (30, 5):
        candidate = do(candidate, content, "leave", LeaveDetails(seconds))
    after = do(candidate, content, "complete")
    assert candidate.monitor == after.monitor
    assert after.monitor is not None
    assert (after.monitor.screen_left_count, after.monitor.time_spent_outside_ms) == (2, 35_000)
    assert not after.monitor.is_full_screen_active


def test_a_time_outside_the_window_is_drawn_when_left_out() -> None:
    monitor = do(*at("candidate.in_progress"), "leave").monitor
    assert monitor is not None
    assert 1_000 <= monitor.time_spent_outside_ms <= 20_000


@pytest.mark.parametrize("command", ["complete", "rescore", "disqualify", "start", "leave"])
def test_the_same_draw_gives_the_same_candidate(command: str) -> None:
    before, content = at({
        "complete": "candidate.in_progress",
        "rescore": "candidate.completed",
        "disqualify": "candidate.enrolled",
        "start": "candidate.enrolled",
        "leave": "candidate.in_progress",
    }[command])  # fmt: skip
    assert do(before, content, command) == do(before, content, command)
    others = {repr(do(before, content, command, seed=seed)) for seed in range(10)}
    assert len(others) > 1


def test_a_written_answer_is_not_marked_yet_at_completion() -> None:
    """32 of 37 in the example Completed."""
    _, content = at("candidate.in_progress")
    assert score_of(complete(ScoreDetails())).of == content.total_score - 5


def test_a_given_score_stays() -> None:
    assert score_of(complete(ScoreDetails(7, 40, 99))) == Score(7, 40, 99)
    assert score_of(complete(ScoreDetails(score=0))).points == 0


def test_a_drawn_score_is_at_least_a_third() -> None:
    for seed in range(50):
        score = score_of(complete(ScoreDetails(of=30), seed))
        assert 10 <= score.points <= score.of == 30
        assert 0 <= score.percentage <= 100


def test_a_score_that_needs_the_written_answer_counts_the_whole_sum() -> None:
    _, content = at("candidate.in_progress")
    score = score_of(complete(ScoreDetails(score=content.total_score - 1)))
    assert (score.points, score.of) == (content.total_score - 1, content.total_score)


def test_a_score_beyond_the_assessment_needs_an_of() -> None:
    _, content = at("candidate.in_progress")
    most = content.total_score
    with pytest.raises(InvalidInputError) as caught:
        complete(ScoreDetails(score=most + 1))
    assert str(caught.value) == (
        f"a score of {most + 1} needs an 'of'; this assessment has {most} (at $.score)"
    )
    assert score_of(complete(ScoreDetails(score=most + 1, of=most + 1))).points == most + 1


@pytest.mark.parametrize("command", ["complete", "rescore"])
def test_a_score_of_more_than_there_is_is_refused(command: str) -> None:
    event = "candidate.in_progress" if command == "complete" else "candidate.completed"
    with pytest.raises(InvalidInputError) as caught:
        do(*at(event), command, ScoreDetails(score=11, of=10))
    assert str(caught.value) == ("a score of 11 exceeds the total of 10 points (at $.score)")


def test_points_beyond_those_of_the_tests_go_to_the_custom_questions() -> None:
    after = complete(ScoreDetails(score=100, of=100))
    assert [test.percentage for test in after.tests] == [100, 100]
    assert score_of(after).percentage <= 100


def test_few_points_of_few_are_not_given_twice() -> None:
    after = complete(ScoreDetails(score=1, of=1))
    assert [test.points for test in after.tests] == [1, 0]


def test_the_percentage_is_that_of_the_example() -> None:
    """3 of 10, 1 of 2 and 10 custom points give the documented 18."""
    candidate, content = at("candidate.in_progress")
    tests = tuple(
        msgspec.structs.replace(test, question_limit=limit)
        for test, limit in zip(content.tests, (10, 2), strict=True)
    )
    content = msgspec.structs.replace(content, tests=tests)
    after = do(candidate, content, "complete", ScoreDetails(score=14, of=46))
    assert [(one.points, one.percentage) for one in after.tests] == [(3, 30), (1, 50)]
    assert score_of(after).percentage == 18


def test_rescore_changes_the_score_and_nothing_else() -> None:
    before, content = at("candidate.completed")
    after = do(before, content, "rescore", ScoreDetails(score=10))
    assert score_of(after).of == content.total_score
    assert after == msgspec.structs.replace(before, score=after.score, moves=before.moves + 1)
    assert after.completed_at == before.completed_at != LATER


def test_a_new_percentage_follows_from_the_points() -> None:
    """10 of 37 is given as 27 in the example Score Updated."""
    before, content = at("candidate.completed")
    score = score_of(do(before, content, "rescore", ScoreDetails(score=10, of=37)))
    assert score == Score(10, 37, 27)


def test_a_given_percentage_stays_in_a_rescore() -> None:
    after = do(*at("candidate.completed"), "rescore", ScoreDetails(1, 2, 3))
    assert score_of(after) == Score(1, 2, 3)


def test_a_drawn_new_score_fits_the_whole_sum() -> None:
    before, content = at("candidate.completed")
    for seed in range(50):
        score = score_of(do(before, content, "rescore", seed=seed))
        assert 0 <= score.points <= score.of == content.total_score


def test_rescore_after_a_rejection_leaves_the_rejection() -> None:
    assert do(*at("candidate.rejected"), "rescore").state == "REJECTED"


@pytest.mark.parametrize(
    ("event", "reason", "is_answering"),
    [
        ("candidate.enrolled", "qualification", False),
        ("candidate.in_progress", "proctoring", True),
    ],
)
def test_the_reason_fits_the_state_unless_given(
    event: str, reason: str, is_answering: bool
) -> None:
    after = do(*at(event), "disqualify")
    assert after.completed_at == LATER
    assert after.disqualification is not None
    assert after.disqualification.reason == reason
    assert after.disqualification.was_answering is is_answering
    assert (after.disqualification.question is not None) is (reason == "qualification")


def test_a_given_reason_stays() -> None:
    after = do(*at("candidate.in_progress"), "disqualify", DisqualifyDetails("qualification"))
    assert after.disqualification is not None
    assert after.disqualification.reason == "qualification"
    assert after.disqualification.question is not None
    after = do(*at("candidate.enrolled"), "disqualify", DisqualifyDetails("proctoring"))
    assert after.disqualification is not None
    assert after.disqualification.question is None


def test_an_unknown_reason_is_refused() -> None:
    with pytest.raises(UnknownNameError) as caught:
        do(*at("candidate.enrolled"), "disqualify", DisqualifyDetails("proctorin"))
    assert str(caught.value) == (
        "no reason 'proctorin'; near: 'proctoring'; known: proctoring, qualification (at $.reason)"
    )
