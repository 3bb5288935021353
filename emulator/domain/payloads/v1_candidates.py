"""The ``data`` of v1 payloads about candidates, by their state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.candidate import (
    COMPLETED,
    DISQUALIFIED,
    ENROLLED,
    IN_PROGRESS,
    INVITATION_EXPIRED,
    INVITED,
    REJECTED,
    STAGES,
)
from emulator.domain.payloads.links import detail_link, invite_link, report_path, result_link
from emulator.domain.payloads.v1_key_order import in_order
from emulator.domain.payloads.variants import varied
from emulator.durations import instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from emulator.domain.assessment import Content, CustomQuestion, Test
    from emulator.domain.candidate import TestScore
    from emulator.domain.occurrence import Occurrence
    from emulator.domain.people import Monitor
    from emulator.domain.questions import QualifyingQuestion

Data = dict[str, Any]


def data(event: str, occurrence: Occurrence, observed: Iterable[str]) -> Data:
    """Return the ``data`` of a v1 payload about a candidate.

    Args:
        event: id of an event type about candidates.
        occurrence: what happened.
        observed: names of variants, which payloads of status changes follow.
    """
    if event == "candidate.score_updated":
        return _reported(occurrence)
    made = _CANDIDATES[occurrence.who.state](occurrence)
    return varied(made, occurrence, observed)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def common(occurrence: Occurrence) -> Data:
    """Return the keys that six of the seven candidate payloads share, as yet unsorted."""
    candidate = occurrence.who
    return {
        "email": candidate.email,
        "status": candidate.state,
        "orgName": occurrence.organisation.name,
        "lastName": candidate.last_name,
        "companyId": None,
        "firstName": candidate.first_name,
        "invitedAt": _iso(candidate.invited_at),
        "assessment": candidate.assessment_title,
        "inviteLink": invite_link(candidate, occurrence.base),
        "resellerId": None,
        "totalScore": 0,
        "candidateId": candidate.candidate_id,
        "completedAt": _iso(candidate.completed_at),
        "testLibrary": [],
        "assessmentId": candidate.assessment_id,
        "reviewRating": 0,
        "reviewRemark": "",
        "totalQuestion": 0,
        "candidateStage": STAGES[candidate.state],
        "candidateStatus": candidate.state,
        "customQuestions": [],
        "avgScorePercentage": 0,
        "totalScoreAchieved": 0,
        "totalTestTimeLimit": 0,
        "totalTestElapsedTime": 0,
        "qualificationQuestions": [],
    }


def _detail_link(occurrence: Occurrence) -> str:
    return detail_link(occurrence.organisation, occurrence.who)


def _invited(occurrence: Occurrence) -> Data:
    return in_order(
        common(occurrence) | {"resultLink": None, "candidateDetailLink": _detail_link(occurrence)}
    )


def _enrolled(occurrence: Occurrence) -> Data:
    return in_order(
        common(occurrence)
        | {
            "resultLink": "null",  # the string, as documented
            "antiCheatingMonitor": "",
            "candidateDetailLink": _detail_link(occurrence),
        }
    )


def _opened(content: Content, tests: list[Data]) -> Data:
    """Return the keys that payloads have once the tests are open; *tests* as the event has them."""
    return {
        "totalScore": content.total_score,
        "testLibrary": tests,
        "totalQuestion": content.question_count,
        "customQuestions": _asked(content.custom_questions),
        "totalTestTimeLimit": content.test_time,
    }


def _in_progress(occurrence: Occurrence) -> Data:
    candidate, content = occurrence.who, occurrence.assessment.content
    return in_order(
        common(occurrence)
        | _opened(content, [_open_test(test) for test in content.tests])
        | {
            "resultLink": "null",
            "antiCheatingMonitor": _monitor(candidate.monitor),
            "candidateDetailLink": _detail_link(occurrence),
        }
    )


def _scored(occurrence: Occurrence, tests: list[Data]) -> Data:
    candidate, content = occurrence.who, occurrence.assessment.content
    score = candidate.score
    assert score is not None  # noqa: S101 - only completed candidates have a score
    elapsed = sum(test.elapsed_seconds for test in candidate.tests)
    return _opened(content, tests) | {
        "totalScore": score.of,
        "avgScorePercentage": score.percentage,
        "totalScoreAchieved": score.points,
        # 300 against 320.4 in the tests: another base (documented); whole minutes (assumed).
        "totalTestElapsedTime": int(elapsed // 60 * 60),
        "candidateDetailLink": _detail_link(occurrence),
    }


def done_tests(occurrence: Occurrence) -> list[Data]:
    """Return the tests with the results of a candidate who completed them."""
    pairs = zip(occurrence.assessment.content.tests, occurrence.who.tests, strict=True)
    return [_done_test(*pair) for pair in pairs]


def _completed(occurrence: Occurrence) -> Data:
    candidate = occurrence.who
    return in_order(
        common(occurrence)
        | _scored(occurrence, done_tests(occurrence))
        | {
            "resultLink": result_link(candidate, occurrence.base),
            "antiCheatingMonitor": _monitor(candidate.monitor),
        }
    )


def _reported(occurrence: Occurrence) -> Data:
    """Return the data of a rejection, and of a new score: no score a test, a bare path."""
    return in_order(
        common(occurrence)
        | _scored(occurrence, [_bare_test(test) for test in occurrence.assessment.content.tests])
        | {"resultLink": report_path(occurrence.who)}
    )


def _disqualified(occurrence: Occurrence) -> Data:
    why = occurrence.who.disqualification
    assert why is not None  # noqa: S101 - set by the command that leads here
    content = occurrence.assessment.content
    tests = [_open_test(test) for test in content.tests]
    opened = _opened(content, tests) if why.was_answering else {}
    return in_order(
        common(occurrence)
        | opened
        | {
            "avgScorePercentage": None,
            "qualificationQuestions": [_wrong_answer(why.question)] if why.question else [],
        }
    )


def _expired(occurrence: Occurrence) -> Data:
    """Return the odd one's data, in the order of its example."""
    candidate = occurrence.who
    return {
        "assessmentId": candidate.assessment_id,
        "firstName": candidate.first_name,
        "assessmentName": candidate.assessment_title,
        "orgId": occurrence.organisation.id,
        "orgName": occurrence.organisation.name,
        "lastName": candidate.last_name,
        "email": candidate.email,
        "title": candidate.assessment_title,
        "invitedAt": _iso(candidate.invited_at),
        "completedAt": None,
        "difficultyLevel": "",
        "candidateStatus": candidate.state,
        "candidateStage": STAGES[candidate.state],
        "totalQuestion": 0,
        "totalScore": 0,
        "totalScoreAchieved": 0,
        "avgScorePercentage": 0,
        "totalTestTimeLimit": 0,
        "totalTestExtraTime": 0,
        "totalTestElapsedTime": 0,
        "antiCheatingMonitor": "",
        "capturedScreenImageBasePath": "",
        "capturedScreenImages": [],
        "testLibrary": [],
        "customQuestions": [],
        "qualificationQuestions": [],
        "reviewRating": 0,
        "reviewRemark": "",
        "expired": False,  # although it is (documented)
        "isCefrReportRequired": True,
        "isPsychometricTest": False,
    }


_CANDIDATES = {
    INVITED: _invited,
    ENROLLED: _enrolled,
    IN_PROGRESS: _in_progress,
    COMPLETED: _completed,
    DISQUALIFIED: _disqualified,
    INVITATION_EXPIRED: _expired,
    REJECTED: _reported,
}


def _questions(test: Test) -> list[Data]:
    return [{"question": one.text, "questionnaireId": one.id} for one in test.questions]


def _bare_test(test: Test) -> Data:
    return {
        "questions": _questions(test),
        "testLibraryId": test.id,
        "testLibraryTitle": test.title,
    }


def _open_test(test: Test) -> Data:
    return {
        "completed": False,
        "questions": _questions(test),
        "completedAt": "",
        "elapsedTime": 0,
        "scoreAchieved": 0,
        "testLibraryId": test.id,
        "scorePercentage": 0,
        "testLibraryTitle": test.title,
    }


def _done_test(test: Test, score: TestScore) -> Data:
    return _open_test(test) | {
        "completed": True,
        "completedAt": _iso(score.completed_at),
        "elapsedTime": score.elapsed_seconds,
        "scoreAchieved": score.points,
        "scorePercentage": score.percentage,
    }


def _asked(questions: Iterable[CustomQuestion]) -> list[Data]:
    return [{"question": one.text, "assessmentCQId": one.id} for one in questions]


def _monitor(seen: Monitor | None) -> Data:
    assert seen is not None  # noqa: S101 - drawn when the tests are opened
    return {
        "_id": seen.id,
        "city": seen.city,
        "state": seen.state,
        "device": seen.device,
        "country": seen.country,
        "location": seen.location,
        "isMicEnabled": seen.is_mic_enabled,
        "recentLatitude": seen.latitude,
        "recentLocation": seen.location,
        "startIPAddress": "xxx.xxx.xxx.xxx",  # masked in the examples
        "recentLongitude": seen.longitude,
        "timeSpentOutside": seen.time_spent_outside_ms,
        "isFilledFromSameIP": seen.is_same_ip,
        "isFullScreenActive": seen.is_full_screen_active,
        "isMouseInAssessmentWindow": seen.is_mouse_in_window,
        "screenLeftByCandidateCount": seen.screen_left_count,
    }


def _wrong_answer(question: QualifyingQuestion) -> Data:
    def option(id_: str, text: str, *, is_correct: bool) -> Data:
        return {
            "_id": id_,
            "format": "MD",
            "isCorrect": is_correct,
            "isAnswered": not is_correct,
            "description": text,
        }

    return {
        "score": 0,
        "options": [
            option(question.yes_id, "Yes", is_correct=True),
            option(question.no_id, "No", is_correct=False),
        ],
        "duration": 0,
        "question": question.text,
        "assessmentQQId": question.id,
        "classification": "SINGLE_SELECT",
        "elapseDuration": question.elapsed_seconds,
        "isAnsweredCorrect": False,
    }
