"""A workspace in which something happened, and an example of each call of the provider's API."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from emulator.server.provider.routes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

    from emulator.server.operations import Operation
    from tests.server.conftest import Tenant

LOGIN = "/v1/public/auth"
WEBHOOK = {"name": "ats", "payloadUrl": "https://example.com/hook", "events": ["invited"]}

EXAMPLES: dict[str, dict[str, Any]] = {
    "createWebhook": {"json": WEBHOOK},
    "replaceWebhook": {"json": WEBHOOK},
    "editWebhook": {"json": {"name": "new"}},
    "testWebhook": {"json": {}},
    "listJobRoles": {"params": {"q": "data"}},
    "composeAssessment": {"json": {"title": "Composed", "testLibraryIds": ["{testLibraryId}"]}},
    "createAssessmentFromTemplate": {"json": {"templateId": "{templateId}"}},
    "inviteCandidates": {
        "json": {
            "assessmentId": "{assessmentId}",
            "candidateInvites": [
                {"email": "bob@example.com", "firstName": "Bob", "lastName": "Sample"}
            ],
        }
    },
    "createCandidateLink": {"json": {"email": "ada@example.com"}},
    "generateAccessToken": {"json": {"note": "CI"}},
    "inviteWorkspaceUsers": {
        "json": {"members": [{"email": "cyd@example.com", "role": "ADMIN", "userRoleId": "x"}]}
    },
    "sendLoginCode": {"json": {"email": "eve@example.com"}},
    "verifyLoginCode": {"json": {"email": "{email}", "otp": "{otp}"}},
    "logIn": {"json": {"email": "in-{email}", "accesskey": "{accesskey}"}},
    "registerReseller": {
        "json": {
            "workspaceName": "Acme",
            "workspaceUrl": "{workspaceUrl}",
            "email": "f@example.com",
            "terms": True,
            "promotion": False,
        },
        "headers": {"X-Api-Key": "key"},
    },
}
"""Operation -> its input besides the ids in its path; ``{assessmentId}`` becomes an id, too."""


def names_ids(operation: Operation) -> bool:
    """Whether a call of it names a record, in its path or its body."""
    example = EXAMPLES.get(operation.id, {})
    return "{" in operation.path or bool(re.search(r"\{\w+\}", json.dumps(example)))


class World:
    """A workspace with an assessment, a candidate who completed, and a webhook.

    Attributes:
        ids: name of a part of a path -> an id of that kind.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.job = tenant.assessment()
        self.ada = tenant.invite(self.job, email="ada@example.com", firstName="Ada", lastName="L")
        for command in ("enroll", "start", "complete"):
            assert tenant.move(self.ada, command).status_code == 200
        self.ids = {
            "assessmentId": self.job["id"],
            "candidateId": self.ada["candidateId"],
            "questionId": self.first("/v1/question")["id"],
            "id": tenant.webhook(WEBHOOK["payloadUrl"])["id"],  # type: ignore[arg-type]
            "testLibraryId": self.first("/v1/test/library/search")["id"],
            "templateId": self._template(),
            "workspaceUrl": f"{tenant.name}-customer",
            **self._login(),
        }
        tenant.provider("POST", "/v1/workspace/accesstoken/generate", json={"note": "CI"})

    def _template(self) -> str:
        roles = self.tenant.provider("GET", "/v1/workspace/jobrole", params={"q": ""}).json()
        found: str = next(one["id"] for one in roles["data"] if one["isTemplateAvailable"])
        return found

    def _login(self) -> dict[str, str]:
        """Begin a login, and take another as far as its access key."""
        email = f"{self.tenant.name}@example.com"
        for one in (f"in-{email}", email):
            body = {"email": one, "domainName": self.tenant.name}
            assert self.tenant.provider("POST", f"{LOGIN}/otp", json=body).status_code == 204
        codes = {
            one["data"]["email"]: one["data"]["code"]
            for one in self.tenant.journal()
            if one["kind"] == "login.code_sent"
        }
        body = {"email": f"in-{email}", "otp": codes[f"in-{email}"]}
        key = self.tenant.provider("POST", f"{LOGIN}/otp/verify", json=body).json()["accessKey"]
        return {"email": email, "otp": codes[email], "accesskey": key}

    @property
    def all_ids(self) -> set[str]:
        """The ids by which its records and its organisation are known."""
        organisation: dict[str, str] = self.tenant.control("GET").json()["organisation"]
        return {*self.ids.values(), self.ada["id"], organisation["id"]}

    def first(self, path: str, **options: Any) -> Any:
        """Return the first row of a list."""
        answer = self.tenant.provider("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"][0]

    def call(
        self, operation: Operation, ids: dict[str, str] | None = None, **options: Any
    ) -> httpx2.Response:
        """Make an example of a call, with other *ids* where they are given."""
        ids = ids or self.ids
        path = operation.path.format_map(ids)
        example = filled(EXAMPLES.get(operation.id, {}), ids)
        assert operation.body is None or "json" in example, "an example of its body is missing"
        return self.tenant.provider(operation.method, path, **(example | options))


def filled(value: Any, ids: dict[str, str]) -> Any:
    """Return an example with the ids that it names."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], value)
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    if isinstance(value, dict):
        return {key: filled(one, ids) for key, one in value.items()}
    return value


@pytest.fixture
def make_world(make_tenant: Callable[..., Tenant]) -> Callable[[], World]:
    return lambda: World(make_tenant())


@pytest.fixture(scope="module")
def old_world(make_tenant: Callable[..., Tenant]) -> World:
    """One world for tests that change nothing."""
    return World(make_tenant(seed=99))


each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
