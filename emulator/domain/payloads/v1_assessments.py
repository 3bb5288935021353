"""The ``data`` of v1 payloads about assessments, by event type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.assessment import GRADES
from emulator.domain.payloads.links import public_invite_link
from emulator.domain.payloads.v1_key_order import in_order

if TYPE_CHECKING:
    from emulator.domain.assessment import Content, CustomQuestion, Test
    from emulator.domain.occurrence import Occurrence

Data = dict[str, Any]


def data(event: str, occurrence: Occurrence) -> Data:
    """Return the ``data`` of a v1 payload about an assessment."""
    return _ASSESSMENTS.get(event, _updated)(occurrence)


def _created(occurrence: Occurrence) -> Data:
    content = occurrence.assessment.content
    return in_order(
        _settings(occurrence)
        | later_settings()
        | {
            "totalTime": 0,
            "testLibrary": [],
            "customFields": custom_fields(content, with_ids=False),
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


def _updated(occurrence: Occurrence) -> Data:
    content = occurrence.assessment.content
    return in_order(
        _settings(occurrence)
        | later_settings()
        | {
            "testLibrary": [_library_test(test) for test in content.tests],
            "customFields": custom_fields(content, with_ids=True),
            "customQuestion": [_custom_question(one) for one in content.custom_questions],
            "assessmentStatus": occurrence.assessment.state,
            "qualificationQuestion": [],
        }
    )


def _deleted(occurrence: Occurrence) -> Data:
    # Nothing in data says that it is gone; SUBSCRIBED as in the example, for every deleted
    # assessment (assumed where nobody was invited).
    return _updated(occurrence) | {"assessmentStatus": "SUBSCRIBED"}


def _archived(occurrence: Occurrence) -> Data:
    content = occurrence.assessment.content
    return in_order(
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
    "assessment.archived": _archived,
    "assessment.deleted": _deleted,
}
"""Event types whose data differ from those of Assessment Updated."""


def _settings(occurrence: Occurrence) -> Data:
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
        "publicInviteLink": public_invite_link(assessment, occurrence.base),
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


def later_settings() -> Data:
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


def custom_fields(content: Content, *, with_ids: bool) -> list[Data]:
    """Return the fields of the registration form."""
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


def _library_test(test: Test) -> Data:
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


def _archived_test(test: Test) -> Data:
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


def _archived_question(question: CustomQuestion) -> Data:
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


def _custom_question(question: CustomQuestion) -> Data:
    return in_order(
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
