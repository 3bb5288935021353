"""v1 payloads: an occurrence and an event type give the dict that is sent.

Faithful to the eleven documented examples down to their irregularities: which keys there are,
in which order, and in which of their several forms. ``docs/fidelity.md`` lists them.

Every object but Invitation Expired has its keys sorted by length, then by bytes (documented).
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.domain.assessment import GRADES
from emulator.domain.candidate import (
    COMPLETED,
    DISQUALIFIED,
    ENROLLED,
    IN_PROGRESS,
    INVITATION_EXPIRED,
    INVITED,
    REJECTED,
)
from emulator.domain.events import EVENT_TYPES
from emulator.domain.ids import short_id
from emulator.domain.payloads.variants import varied
from emulator.durations import instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from emulator.domain.assessment import Content, CustomQuestion, Test
    from emulator.domain.candidate import Candidate, TestScore
    from emulator.domain.occurrence import Occurrence
    from emulator.domain.people import Monitor, Organisation
    from emulator.domain.questions import QualifyingQuestion

Payload = dict[str, Any]
"""A JSON object, as it goes out: ``data``, ``type``, ``event``, ``success``, ``metadata`` and,
in part of them, ``timestamp``; Invitation Expired has ``success`` and ``data`` alone."""

STAGES = {
    INVITED: "Invited For Assessment",
    ENROLLED: "Enrolled For Assessment",
    IN_PROGRESS: "Enrolled For Assessment",
    DISQUALIFIED: "Rejected",
    INVITATION_EXPIRED: "Request Expired For Assessment",
    COMPLETED: "Assessment Completed",
    REJECTED: "Rejected",
}
"""State -> ``candidateStage`` (documented; In Progress keeps the stage of Enrolled)."""

WITHOUT_TIMESTAMP = frozenset({"candidate.disqualified"})
"""Candidate event types whose envelope has no ``timestamp`` (documented)."""

_REPORT = "reports/pdf/assessment-candidate-report/"
_CDN = "https://cdn-global.net/"


def payload(event: str, occurrence: Occurrence, observed: Iterable[str] = ()) -> Payload:
    """Return the payload of one event type for *occurrence*.

    Args:
        event: id of an event type whose subject the occurrence has.
        occurrence: what happened.
        observed: names of variants, which payloads of status changes follow.
    """
    event_type = EVENT_TYPES[event]
    if event_type.subject == "assessment":
        return {
            "data": _ASSESSMENTS[event](occurrence),
            "type": "assessment",
            "event": event_type.v1_word,
            "success": True,
            "metadata": {},
        }
    if event == "candidate.invitation_expired":
        return {"success": True, "data": _expired(occurrence)}
    if event == "candidate.score_updated":
        data = _reported(occurrence)
    else:
        data = _CANDIDATES[_candidate(occurrence).state](occurrence)
        data = varied(data, occurrence, observed)
    envelope: Payload = {
        "data": data,
        "type": "candidate",
        "event": event_type.v1_word,
        "success": True,
        "metadata": False,
    }
    if event not in WITHOUT_TIMESTAMP:
        envelope["timestamp"] = round(occurrence.at.timestamp() * 1000)
    return envelope


def _candidate(occurrence: Occurrence) -> Candidate:
    assert occurrence.candidate is not None  # noqa: S101 - the caller picks by subject
    return occurrence.candidate


def invite_link(candidate: Candidate) -> str:
    """Return the link that the candidate was mailed (documented)."""
    return _invite_link(candidate.email, candidate.invite_key)


def short_link(candidate: Candidate) -> str:
    """Return the short link to the same place; its form is assumed."""
    return f"https://candidate.testlify.com/s/{short_id(candidate.invite_key)}"


@lru_cache(maxsize=1024)  # each payload of a candidate has it
def _invite_link(email: str, invite_key: str) -> str:
    key = {"email": email, "inviteKey": invite_key, "defaultLanguage": "en"}
    encoded = b64encode(msgspec.json.encode(key)).decode()
    return (
        f"https://candidate.testlify.com/candidate/assessment/invite?key={encoded}&isPublic=false"
    )


def _iso(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


# --- candidates -----------------------------------------------------------------------------


def _common(occurrence: Occurrence) -> Payload:
    """Return the keys that six of the seven candidate payloads share, as yet unsorted."""
    candidate = _candidate(occurrence)
    return {
        "email": candidate.email,
        "status": candidate.state,
        "orgName": occurrence.organisation.name,
        "lastName": candidate.last_name,
        "companyId": None,
        "firstName": candidate.first_name,
        "invitedAt": _iso(candidate.invited_at),
        "assessment": candidate.assessment_title,
        "inviteLink": invite_link(candidate),
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


def _sorted(values: Payload) -> Payload:
    return {key: values[key] for key in _order(tuple(values))}


@lru_cache(maxsize=64)  # there are some twenty shapes
def _order(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(keys, key=lambda key: (len(key), key)))


def workspace_url(organisation: Organisation) -> str:
    """Return where the organisation's users work (documented)."""
    return f"https://{organisation.name}.testlify.com"


def detail_link(organisation: Organisation, candidate: Candidate) -> str:
    """Return the page of a candidate for the organisation's users (documented)."""
    page = f"/assessment/{candidate.assessment_id}/candidate/{candidate.candidate_id}"
    return workspace_url(organisation) + page


def _detail_link(occurrence: Occurrence) -> str:
    return detail_link(occurrence.organisation, _candidate(occurrence))


def _invited(occurrence: Occurrence) -> Payload:
    return _sorted(
        _common(occurrence) | {"resultLink": None, "candidateDetailLink": _detail_link(occurrence)}
    )


def _enrolled(occurrence: Occurrence) -> Payload:
    return _sorted(
        _common(occurrence)
        | {
            "resultLink": "null",  # the string, as documented
            "antiCheatingMonitor": "",
            "candidateDetailLink": _detail_link(occurrence),
        }
    )


def _opened(content: Content, tests: list[Payload]) -> Payload:
    """Return what shows once the tests are open; *tests* as the event shows them."""
    return {
        "totalScore": content.total_score,
        "testLibrary": tests,
        "totalQuestion": content.question_count,
        "customQuestions": _asked(content.custom_questions),
        "totalTestTimeLimit": content.test_time,
    }


def _in_progress(occurrence: Occurrence) -> Payload:
    candidate, content = _candidate(occurrence), occurrence.assessment.content
    return _sorted(
        _common(occurrence)
        | _opened(content, [_open_test(test) for test in content.tests])
        | {
            "resultLink": "null",
            "antiCheatingMonitor": _monitor(candidate.monitor),
            "candidateDetailLink": _detail_link(occurrence),
        }
    )


def _scored(occurrence: Occurrence, tests: list[Payload]) -> Payload:
    candidate, content = _candidate(occurrence), occurrence.assessment.content
    score = candidate.score
    assert score is not None  # noqa: S101 - nobody is scored who did not complete
    elapsed = sum(test.elapsed_seconds for test in candidate.tests)
    return _opened(content, tests) | {
        "totalScore": score.of,
        "avgScorePercentage": score.percentage,
        "totalScoreAchieved": score.points,
        # 300 against 320.4 in the tests: another base (documented); whole minutes (assumed).
        "totalTestElapsedTime": int(elapsed // 60 * 60),
        "candidateDetailLink": _detail_link(occurrence),
    }


def _completed(occurrence: Occurrence) -> Payload:
    candidate = _candidate(occurrence)
    pairs = zip(occurrence.assessment.content.tests, candidate.tests, strict=True)
    return _sorted(
        _common(occurrence)
        | _scored(occurrence, [_done_test(*pair) for pair in pairs])
        | {
            "resultLink": f"{_CDN}{_REPORT}{candidate.id}.pdf",
            "antiCheatingMonitor": _monitor(candidate.monitor),
        }
    )


def _reported(occurrence: Occurrence) -> Payload:
    """Return the data of a rejection, and of a new score: no score a test, a bare path."""
    return _sorted(
        _common(occurrence)
        | _scored(occurrence, [_bare_test(test) for test in occurrence.assessment.content.tests])
        | {"resultLink": f"{_REPORT}{_candidate(occurrence).id}.pdf"}
    )


def _disqualified(occurrence: Occurrence) -> Payload:
    why = _candidate(occurrence).disqualification
    assert why is not None  # noqa: S101 - set by the command that leads here
    content = occurrence.assessment.content
    tests = [_open_test(test) for test in content.tests]
    opened = _opened(content, tests) if why.was_answering else {}
    return _sorted(
        _common(occurrence)
        | opened
        | {
            "avgScorePercentage": None,
            "qualificationQuestions": [_wrong_answer(why.question)] if why.question else [],
        }
    )


def _expired(occurrence: Occurrence) -> Payload:
    """Return the odd one's data, in the order of its example."""
    candidate = _candidate(occurrence)
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


def _questions(test: Test) -> list[Payload]:
    return [{"question": one.text, "questionnaireId": one.id} for one in test.questions]


def _bare_test(test: Test) -> Payload:
    return {
        "questions": _questions(test),
        "testLibraryId": test.id,
        "testLibraryTitle": test.title,
    }


def _open_test(test: Test) -> Payload:
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


def _done_test(test: Test, score: TestScore) -> Payload:
    return _open_test(test) | {
        "completed": True,
        "completedAt": _iso(score.completed_at),
        "elapsedTime": score.elapsed_seconds,
        "scoreAchieved": score.points,
        "scorePercentage": score.percentage,
    }


def _asked(questions: Iterable[CustomQuestion]) -> list[Payload]:
    return [{"question": one.text, "assessmentCQId": one.id} for one in questions]


def _monitor(seen: Monitor | None) -> Payload:
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


def _wrong_answer(question: QualifyingQuestion) -> Payload:
    def option(id_: str, text: str, *, is_correct: bool) -> Payload:
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


# --- assessments ----------------------------------------------------------------------------


def _created(occurrence: Occurrence) -> Payload:
    content = occurrence.assessment.content
    return _sorted(
        _settings(occurrence)
        | _later_settings()
        | {
            "totalTime": 0,
            "testLibrary": [],
            "customFields": _custom_fields(content, with_ids=False),
            "customQuestion": [],
            "locationAccess": False,
            "assessmentStatus": "DRAFT",
            "redirectSettings": {
                "redirectUrl": None,
                "redirectMethod": "DEFAULT_REDIRECT_PAGE",
            },
            "totalTestLibrary": 0,
            "totalCustomQuestion": 0,
            "recipientForNotification": [],
            "sendAssessmentResultEmail": False,
        }
    )


def _updated(occurrence: Occurrence) -> Payload:
    content = occurrence.assessment.content
    return _sorted(
        _settings(occurrence)
        | _later_settings()
        | {
            "testLibrary": [_library_test(test) for test in content.tests],
            "customFields": _custom_fields(content, with_ids=True),
            "customQuestion": [_custom_question(one) for one in content.custom_questions],
            "assessmentStatus": occurrence.assessment.state,
            "qualificationQuestion": [],
        }
    )


def _deleted(occurrence: Occurrence) -> Payload:
    # Nothing in data says that it is gone; SUBSCRIBED as in the example, for every deleted
    # assessment (assumed where nobody was invited).
    return _updated(occurrence) | {"assessmentStatus": "SUBSCRIBED"}


def _archived(occurrence: Occurrence) -> Payload:
    content = occurrence.assessment.content
    return _sorted(
        _settings(occurrence)
        | {
            "testLibrary": [_archived_test(test) for test in content.tests],
            "customQuestion": [_archived_question(one) for one in content.custom_questions],
            "locationAccess": False,
            "assessmentStatus": "SUBSCRIBED",
            "qualificationQuestion": [],
            "sendAssessmentResultEmail": False,
        }
    )


_ASSESSMENTS = {
    "assessment.created": _created,
    "assessment.updated": _updated,
    "assessment.archived": _archived,
    "assessment.deleted": _deleted,
}


def _settings(occurrence: Occurrence) -> Payload:
    """Return the keys that all four share, as yet unsorted, content shown."""
    assessment, content = occurrence.assessment, occurrence.assessment.content
    settings = assessment.settings
    return {
        "name": assessment.title,
        "language": settings.default_language,
        "companyId": None,
        "jobRoleId": content.job_role_id,
        "totalTime": content.total_time,
        "isArchived": False,  # also when it is (documented)
        "resellerId": None,
        "jobRoleName": assessment.title,
        "assessmentId": assessment.id,
        "otherJobRole": "",
        "locationAccess": content.location_access,
        "assessmentTitle": assessment.title,
        "defaultLanguage": settings.default_language,
        "enableGrammarly": False,
        "publicInviteLink": "",
        "redirectSettings": {"redirectUrl": "", "redirectMethod": "DEFAULT_REDIRECT_PAGE"},
        "skipRegistration": settings.skip_registration,
        "totalTestLibrary": len(content.tests),
        "welcomeVideoPath": settings.welcome_video_path,
        "disableFullScreen": False,
        "totalCustomQuestion": len(content.custom_questions),
        "snapshotCaptureRequired": settings.snapshot_capture_required,
        "externalWelcomeVideoLink": None,
        "recipientForNotification": list(content.recipients),
        "sendAssessmentResultEmail": content.sends_result_email,
        "invitationEmailLinkValidity": assessment.validity_days,
        "attemptTestLibrariesRequired": settings.attempt_test_libraries_required,
        "webcamAndMicrophoneAccessRequired": settings.webcam_and_microphone_access_required,
    }


def _later_settings() -> Payload:
    """Return the keys that Archived, an older capture, lacks."""
    return {
        "grading": [
            {"max": one.high, "min": one.low, "name": one.name, "color": one.color}
            for one in GRADES
        ],
        "reportSetting": {
            "statusLogs": True,
            "candidateInfo": True,
            "questionAsked": True,
            "expectedAnswer": False,
            "proctoringInfo": False,
            "performanceAnalytics": True,
        },
        "forceFullScreen": False,
        "numberOfAttempts": 1,
        "customQuestionTime": 0,
        "aiGenerationMetadata": {},
        "assessmentInstructions": "",
        "customQuestionTimerType": "DEFAULT",
        "enableNavigationToPreviousQuestions": True,
    }


_FIELDS = (
    ("EMAIL", "Email", "OPTIONAL"),
    ("TEXT", "First name", "REQUIRED"),
    ("TEXT", "Last name", "REQUIRED"),
    ("NUMBER", "Phone number", "OPTIONAL"),
)


def _custom_fields(content: Content, *, with_ids: bool) -> list[Payload]:
    fields = []
    for id_, (kind, label, status) in zip(content.custom_field_ids, _FIELDS, strict=True):
        fields.append(
            ({"id": id_} if with_ids else {})
            | {
                "type": kind,
                "label": label,
                "status": status,
                "isDefault": True,
                "visibility": "VISIBLE",
            }
        )
    return fields


def _library_test(test: Test) -> Payload:
    return {
        "orgId": test.org_id,
        "skills": [
            {"_id": skill.id, "description": skill.name, "extendedDescription": skill.text}
            for skill in test.skills
        ],
        "extraTime": 0,
        "relevancy": test.relevancy,
        "timeLimit": test.time_limit,
        "description": test.description,
        "testTypeName": test.type_name,
        "questionLimit": test.question_limit,
        "testLibraryId": test.id,
        "targetAudience": test.audience,
        "codingLanguages": [],
        "difficultyLevel": test.difficulty,
        "testLibraryType": {"id": test.type_id, "name": test.type_name},
        "maxQuestionLimit": test.max_question_limit,
        "testLibraryTitle": test.title,
        "testLibraryTypeId": test.type_id,
        "selectedCodingLanguages": [],
    }


def _archived_test(test: Test) -> Payload:
    return {
        "orgId": test.org_id,
        "extraTime": 0,
        "timeLimit": test.time_limit,
        "questionLimit": test.question_limit,
        "testLibraryId": test.id,
        "codingLanguages": [],
        "difficultyLevel": test.difficulty,
        "maxQuestionLimit": test.max_question_limit,
        "testLibraryTitle": test.title,
        "testLibraryTypeId": test.type_id,
        "testLibraryTypeName": test.type_name,
        "selectedCodingLanguages": [],
    }


def _archived_question(question: CustomQuestion) -> Payload:
    return {
        "docLink": "",
        "options": [],
        "duration": question.duration,
        "question": question.text,
        "testCases": [
            {
                "_id": case.id,
                "input": case.input,
                "output": case.output,
                "database": "",
                "isHidden": case.hidden,
            }
            for case in question.cases
        ],
        "isMandatory": question.is_mandatory,
        "maximumScore": question.maximum_score,
        "assessmentCQId": question.id,
        "classification": question.classification,
        "difficultyLevel": question.difficulty,
        "isCommentAllowed": False,
        "numberOfAttempts": question.attempts,
        "isCommentMandatory": False,
    }


def _custom_question(question: CustomQuestion) -> Payload:
    return _sorted(
        _archived_question(question)
        | {
            "maxChar": 0,
            "aiPrompt": question.ai_prompt,
            "sourceId": "",
            "aiGenerated": False,
            "codingLanguages": list(question.coding_languages),
            "questionMetadata": {},
            "defaultCodingLanguageId": question.default_coding_language,
        }
    )
