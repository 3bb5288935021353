"""Where payloads have their fields, in either generation. Pure.

A field has the name of its key in the ``data`` of v1: ``candidateStatus``, ``resultLink``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from emulator import paths
from emulator.errors import UnknownNameError
from emulator.paths import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.domain.events import Generation
    from emulator.paths import Path

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "email": "candidate.email",
        "firstName": "candidate.firstName",
        "lastName": "candidate.lastName",
        "candidateId": "candidate.candidateId",
        "assessmentId": "assessmentId",
        "assessment": "assessment.title",
        "orgName": "assessment.workspaceUrl",
        "orgId": "orgId",
        "status": "status.candidateStatus",
        "candidateStatus": "status.candidateStatus",
        "candidateStage": "status.candidateStage",
        "invitedAt": "timeline.invitedAt",
        "completedAt": "timeline.completedAt",
        "totalTestElapsedTime": "timeline.totalTestElapsedTime",
        "totalTestTimeLimit": "limits.totalTestTimeLimit",
        "totalQuestion": "limits.totalQuestion",
        "inviteLink": "links.inviteLink",
        "candidateDetailLink": "links.candidateDetailLink",
        "resultLink": "links.resultLink",
        "totalScore": "scores.totalScore",
        "totalScoreAchieved": "scores.totalScoreAchieved",
        "avgScorePercentage": "scores.avgScorePercentage",
        "reviewRating": "review.reviewRating",
        "reviewRemark": "review.reviewRemark",
        "antiCheatingMonitor": "antiCheatingMonitor",
        "testLibrary": "testLibraries",
        "customQuestions": "customQuestions",
        "qualificationQuestions": "qualificationQuestions",
        "name": "assessment.name",
        "assessmentTitle": "assessment.title",
        "jobRoleId": "assessment.jobRoleId",
        "jobRoleName": "assessment.jobRoleName",
        "language": "assessment.language",
        "defaultLanguage": "assessment.defaultLanguage",
        "assessmentStatus": "status.assessmentStatus",
        "isArchived": "status.isArchived",
        "numberOfAttempts": "limits.numberOfAttempts",
        "totalTime": "limits.totalTime",
        "totalTestLibrary": "limits.totalTestLibrary",
        "totalCustomQuestion": "limits.totalCustomQuestion",
        "customFields": "customFields",
        "qualificationQuestion": "qualificationQuestions",
        "forceFullScreen": "configuration.forceFullScreen",
        "snapshotCaptureRequired": "configuration.snapshotCaptureRequired",
        "enableNavigationToPreviousQuestions": "configuration.enableNavigationToPreviousQuestions",
    }
)
"""Name of a field, which is its key in the ``data`` of v1 -> its path in the ``data`` of v2."""

_IN_V2: Mapping[str, Path] = MappingProxyType(
    {name: ("data", *paths.parse(path)) for name, path in FIELDS.items()}
)


def checked_field(name: str) -> str:
    """Return *name* if it is a field's.

    Raises:
        UnknownNameError: no such field of payloads; the message has similar names.
    """
    if name not in FIELDS:
        raise UnknownNameError("field of payloads", name, FIELDS)
    return name


def generation_of(payload: Any) -> Generation:
    """Return the generation of a payload by its shape: v2 groups the keys of the status."""
    return "v2" if isinstance(paths.find(payload, ("data", "status")), dict) else "v1"


def place(payload: Any, name: str) -> Path:
    """Return the path at which a payload has a field, or would have it."""
    return _IN_V2[name] if generation_of(payload) == "v2" else ("data", name)


def find(payload: Any, name: str) -> Any:
    """Return the value of a field, or ABSENT."""
    return paths.find(payload, place(payload, name))


def put(payload: Any, name: str, value: Any) -> None:
    """Set a field of a payload; ABSENT removes it."""
    path = place(payload, name)
    if value is not ABSENT:
        paths.put(payload, path, value)
    elif paths.find(payload, path) is not ABSENT:
        paths.remove(payload, path)


def text(payload: Any, *names: str) -> str:
    """Return the first of the fields that a payload has as text; empty without one."""
    values = (find(payload, name) for name in names)
    return next((value for value in values if isinstance(value, str)), "")
