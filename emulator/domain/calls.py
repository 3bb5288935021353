"""The calls of Testlify's API that take an access token, each by its name in documents.

Handlers and records of the calls are in ``server/provider``; a test compares both tables.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from emulator.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

CALLS: Mapping[str, str] = MappingProxyType({
    "listAssessments": "GET /v1/assessment",
    "getAssessment": "GET /v1/assessment/{assessmentId}",
    "listAssessmentGroups": "GET /v1/workspace/assessment/group",
    "composeAssessment": "POST /v1/assessment/compose",
    "createAssessmentFromTemplate": "POST /v1/reseller/assessment",
    "listAssessmentCandidates": "GET /v1/assessment/{assessmentId}/candidate",
    "getCandidateResult": "GET /v1/assessment/{assessmentId}/candidate/{candidateId}",
    "listCandidateAssessments": "GET /v1/assessment/{candidateId}/assessments",
    "listCandidates": "GET /v1/candidate",
    "inviteCandidates": "POST /v1/assessment/candidate/invites",
    "createCandidateLink": "POST /v1/assessment/{assessmentId}/candidate/link",
    "searchTests": "GET /v1/test/library/search",
    "listTestTypes": "GET /v1/static/testlibrary/type",
    "listIndustries": "GET /v1/static/testlibrary/industry/types",
    "listJobRoles": "GET /v1/workspace/jobrole",
    "listCodingLanguages": "GET /v1/assessment/coding/language",
    "listQuestions": "GET /v1/question",
    "getQuestion": "GET /v1/question/{questionId}",
    "generateAccessToken": "POST /v1/workspace/accesstoken/generate",
    "listAccessTokens": "GET /v1/workspace/accesstokens",
    "listWorkspaceUsers": "GET /v1/workspace/team",
    "inviteWorkspaceUsers": "POST /v1/workspace/invite/user",
    "createWebhook": "POST /v1/webhook",
    "listWebhooks": "GET /v1/webhook",
    "getWebhook": "GET /v1/webhook/{id}",
    "replaceWebhook": "PUT /v1/webhook/{id}",
    "editWebhook": "PATCH /v1/webhook/{id}",
    "deleteWebhook": "DELETE /v1/webhook/{id}",
    "testWebhook": "POST /v1/webhook/{id}/test",
})  # fmt: skip
"""Name of the operation -> method and path."""


def route(word: str, *, path: str | None = None) -> str:
    """Return method and path of a call, which *word* names so or by its operation.

    Raises:
        UnknownNameError: there is no such call; with *path*, its JSON path.
    """
    found = CALLS.get(word, word)
    if found not in CALLS.values():
        raise UnknownNameError("route", word, (*CALLS, *CALLS.values()), path=path)
    return found
