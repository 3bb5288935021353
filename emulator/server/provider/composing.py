"""Assessments composed of tests, and made from templates, as the provider's API has them.

Source: assumed that both publish the assessment, so that payloads show its content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from emulator.domain.assessment import AssessmentSettings
from emulator.durations import instant
from emulator.server.field_types import Text, schema
from emulator.server.operations import NoQuery, Operation, Record
from emulator.workspace.commands.assessments import MOST_TESTS

if TYPE_CHECKING:
    from emulator.domain.assessment import Assessment
    from emulator.server.operations import Call
    from emulator.workspace.state import State
    from emulator.workspace.workspace import Workspace


class ComposeSettings(Record, frozen=True):
    """The settings of a new assessment; unknown settings are ignored."""

    extra_time: float | UnsetType = UNSET
    feedback_rating: float | UnsetType = UNSET
    feedback_remark: str | UnsetType = UNSET
    verify_password: str | UnsetType = UNSET
    welcome_video_upload_url: str | UnsetType = UNSET
    welcome_video_key: str | UnsetType = UNSET
    welcome_video_path: str | UnsetType = UNSET
    external_welcome_video_link: str | UnsetType = UNSET
    auto_play_welcome_video: bool | UnsetType = UNSET
    title_slug: str | UnsetType = UNSET
    attempt_test_libraries_required: bool | UnsetType = UNSET
    webcam_and_microphone_access_required: bool | UnsetType = UNSET
    snapshot_capture_required: bool | UnsetType = UNSET
    snapshot_interval_type: str | UnsetType = UNSET
    custom_snapshot_interval: float | UnsetType = UNSET
    default_language: str | UnsetType = UNSET
    supported_languages: list[str] | UnsetType = UNSET
    skip_registration: bool | UnsetType = UNSET
    enable_feedback_after_section: bool | UnsetType = UNSET
    enable_feedback: bool | UnsetType = UNSET


_WITH_EFFECT = frozenset(field.encode_name for field in msgspec.structs.fields(AssessmentSettings))


class Compose(Record, frozen=True):
    """The body of compose."""

    title: Text
    test_library_ids: Annotated[list[str], schema(minItems=1, maxItems=MOST_TESTS)]
    settings: ComposeSettings = ComposeSettings()


class FromTemplate(Record, frozen=True):
    """The body of create from template."""

    template_id: Annotated[str, msgspec.Meta(description="Id of a job role with a template.")]


class FromTemplateView(Record, frozen=True):
    """An assessment made from a template."""

    id: str
    title: str
    title_slug: str
    assessment_description: str
    assessment_status: str
    created: str
    modified: str
    default_language: str
    language: str
    supported_languages: list[str]
    is_archived: bool
    job_role_id: str
    other_job_role: str
    number_of_attempts: int
    org_id: str
    user_id: str
    recipient_for_notification: list[str]


class ComposedView(Record, frozen=True):
    """An assessment that was composed."""

    id: str
    title: str
    title_slug: str
    assessment_status: str
    created: str
    modified: str
    last_modified_by: str
    default_language: str
    language: str
    supported_languages: list[str]
    is_archived: bool
    job_role_id: str
    other_job_role: str
    number_of_attempts: int
    org_id: str
    user_id: str
    recipient_for_notification: list[str]
    test_administrator_notification: str | None


async def compose(call: Call[NoQuery, Compose]) -> ComposedView:
    """Compose an assessment of tests: 201."""
    asked = await call.body()
    given = msgspec.to_builtins(asked.settings)
    made = _published(
        call.workspace,
        title=asked.title,
        tests=asked.test_library_ids,
        settings={name: one for name, one in given.items() if name in _WITH_EFFECT},
    )
    await call.workspace.flush()
    state = call.workspace.state
    return ComposedView(
        **_common(state, made),
        last_modified_by=state.organisation.user_id,
        test_administrator_notification=None,
    )


async def from_template(call: Call[NoQuery, FromTemplate]) -> FromTemplateView:
    """Create an assessment from a template: 201."""
    asked = await call.body()
    made = _published(call.workspace, template=asked.template_id)
    await call.workspace.flush()
    return FromTemplateView(
        **_common(call.workspace.state, made), assessment_description=made.description
    )


def _published(workspace: Workspace, **details: Any) -> Assessment:
    return workspace.publish(workspace.create_assessment(**details).id)


def _common(state: State, made: Assessment) -> dict[str, Any]:
    """Return the fields that both answers have."""
    settings = made.settings
    return {
        "id": made.id,
        "title": made.title,
        "title_slug": made.slug,
        "assessment_status": made.state,
        "created": instant(made.created_at),
        "modified": instant(made.modified_at),
        "default_language": settings.default_language,
        "language": settings.default_language,
        "supported_languages": list(settings.supported_languages),
        "is_archived": False,
        "job_role_id": made.content.job_role_id,
        "other_job_role": "",
        "number_of_attempts": 1,
        "org_id": state.organisation.id,
        "user_id": state.organisation.user_id,
        "recipient_for_notification": list(made.content.recipients),
    }


OPERATIONS = (
    Operation(
        "composeAssessment", "POST", "/v1/assessment/compose", compose,
        "Compose an assessment of tests of the library, and publish it.",
        ComposedView, body=Compose, status=201, page="create_compose_assessment",
        creates="/v1/assessment/{assessmentId}",
    ),
    Operation(
        "createAssessmentFromTemplate", "POST", "/v1/reseller/assessment", from_template,
        "Create an assessment from the template of a job role, and publish it.",
        FromTemplateView, body=FromTemplate, status=201, page="create_assessment_from_template",
        creates="/v1/assessment/{assessmentId}",
    ),
)  # fmt: skip
