"""Records as the control API shows them: camelCase, times as text, secrets redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from emulator import durations
from emulator.clock import Mode
from emulator.delivery.profiles import AnswerHeader
from emulator.delivery.records import Status
from emulator.delivery.redaction import shown_headers
from emulator.delivery.signing import SigningScheme
from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.events import Generation
from emulator.domain.payloads.links import invite_link
from emulator.durations import instant
from emulator.server.field_types import Duration, Instant
from emulator.workspace import delivery_view as deliveries
from emulator.workspace import queries
from emulator.workspace.names import pages_path

if TYPE_CHECKING:
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Delivery, Message, Refused
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.webhook import Webhook
    from emulator.workspace.state import State
    from emulator.workspace.workspace import Workspace


class View(msgspec.Struct, frozen=True, rename="camel"):
    """The base of all records."""


class ClockView(View, frozen=True):
    """The clock of a workspace."""

    mode: Mode
    now: Instant


class TimeoutsView(View, frozen=True):
    """The time-outs of an attempt, in real time."""

    connect: Duration
    first_byte: Duration
    total: Duration


class ProfileView(View, frozen=True):
    """How deliveries are made."""

    retries: list[Duration]
    timeouts: TimeoutsView
    success: tuple[int, int]
    signature: SigningScheme | None
    obeys: list[AnswerHeader]
    disable_after: Duration | None


class OrganisationView(View, frozen=True):
    """The organisation of a workspace, as payloads name it."""

    id: str
    name: str


class WorkspaceView(View, frozen=True):
    """A workspace: its settings, and how many records it has."""

    name: str
    token: str
    seed: int
    clock: ClockView
    generation: Generation
    profile: ProfileView
    observed: list[str]
    event_names: dict[str, str]
    report_delay: Duration
    pages: str
    insecure: bool
    organisation: OrganisationView
    webhooks: int
    assessments: int
    candidates: int
    deliveries: dict[Status, int]


class WebhookState(View, frozen=True):
    """A webhook with data that the provider API does not show."""

    id: str
    name: str
    payload_url: str
    events: list[str]
    generation: Generation
    headers: dict[str, str]
    has_secret: bool
    profile: ProfileView
    has_own_profile: bool
    disabled: bool
    failing_since: Instant | None
    pending: int


class AssessmentState(View, frozen=True):
    """An assessment, with the commands that it allows now."""

    id: str
    title: str
    status: str
    created: Instant
    modified: Instant
    invitation_email_link_validity: int
    tests: list[str]
    custom_questions: int
    total_time: int
    legal: list[str]


class ScoreView(View, frozen=True):
    """The result of a candidate."""

    score: int
    of: int
    percentage: int


class CandidateView(View, frozen=True):
    """A candidate, with the commands that they allow now."""

    id: str
    candidate_id: str
    assessment_id: str
    email: str
    first_name: str
    last_name: str
    status: str
    invite_link: str
    invited_at: Instant
    valid_until: Instant
    started_at: Instant | None
    completed_at: Instant | None
    score: ScoreView | None
    reason: str | None
    legal: list[str]


class MessageView(View, frozen=True):
    """A message that a command caused."""

    id: str
    event: str
    deliveries: list[str]


class RefusedView(View, frozen=True):
    """A payload that was not sent, because it violates its schema."""

    event: str
    generation: Generation
    subject_id: str | None
    violations: list[str]


def workspace_view(workspace: Workspace) -> WorkspaceView:
    """Return a workspace as it is shown."""
    state = workspace.state
    settings = state.settings
    return WorkspaceView(
        name=workspace.name,
        token=workspace.name,
        seed=settings.seed,
        clock=clock_view(workspace),
        generation=settings.generation,
        profile=_profile(settings.profile_of(settings.generation)),
        observed=list(settings.observed),
        event_names=settings.event_names,
        report_delay=durations.show(settings.report_delay),
        pages=pages_path(workspace.name),
        insecure=settings.is_insecure,
        organisation=OrganisationView(state.organisation.id, state.organisation.name),
        webhooks=len(state.webhooks),
        assessments=len(state.assessments),
        candidates=len(state.candidates),
        deliveries={
            status: len(state.by_status.get(status, ())) + state.retired[status]
            for status in get_args(Status)
        },
    )


def _profile(profile: Profile) -> ProfileView:
    timeouts = profile.timeouts
    return ProfileView(
        retries=[durations.show(pause) for pause in profile.retries],
        timeouts=TimeoutsView(
            durations.show(timeouts.connect),
            durations.show(timeouts.first_byte),
            durations.show(timeouts.total),
        ),
        success=profile.success,
        signature=profile.signature,
        obeys=list(profile.obeys),
        disable_after=_maybe(profile.disable_after, durations.show),
    )


def webhook_view(workspace: Workspace, webhook: Webhook) -> WebhookState:
    """Return a webhook as it is shown."""
    state = workspace.state
    failures = state.failures.get(webhook.number)
    return WebhookState(
        id=webhook.id,
        name=webhook.name,
        payload_url=webhook.payload_url,
        events=list(webhook.events),
        generation=webhook.generation,
        headers=shown_headers(webhook.headers),
        has_secret=webhook.secret is not None,
        profile=_profile(state.profile(webhook)),
        has_own_profile=webhook.number in state.profiles,
        disabled=webhook.number in state.disabled,
        failing_since=None if failures is None else _maybe(failures.since, instant),
        pending=sum(number == webhook.number for _, number in state.by_status.get("pending", ())),
    )


def clock_view(workspace: Workspace) -> ClockView:
    """Return the clock of a workspace as it is shown."""
    return ClockView(workspace.state.settings.clock, instant(workspace.now()))


def assessment_view(assessment: Assessment) -> AssessmentState:
    """Return an assessment as it is shown."""
    content = assessment.content
    return AssessmentState(
        id=assessment.id,
        title=assessment.title,
        status=assessment.state,
        created=instant(assessment.created_at),
        modified=instant(assessment.modified_at),
        invitation_email_link_validity=assessment.validity_days,
        tests=[test.title for test in content.tests],
        custom_questions=len(content.custom_questions),
        total_time=content.total_time,
        legal=assessments.LIFECYCLE.legal(assessment.state),
    )


def candidate_view(state: State, candidate: Candidate) -> CandidateView:
    """Return a candidate as they are shown."""
    score, why = candidate.score, candidate.disqualification
    return CandidateView(
        id=candidate.id,
        candidate_id=candidate.candidate_id,
        assessment_id=candidate.assessment_id,
        email=candidate.email,
        first_name=candidate.first_name,
        last_name=candidate.last_name,
        status=candidate.state,
        invite_link=invite_link(candidate, state.settings.public_url),
        invited_at=instant(candidate.invited_at),
        valid_until=instant(candidate.valid_until),
        started_at=_maybe(candidate.started_at, instant),
        completed_at=_maybe(candidate.completed_at, instant),
        score=None if score is None else ScoreView(score.points, score.of, score.percentage),
        reason=None if why is None else why.reason,
        legal=candidates.LIFECYCLE.legal(candidate.state),
    )


def delivery_view(state: State, delivery: Delivery) -> dict[str, Any]:
    """Return a delivery with its attempts, a `DeliveryView` as plain JSON.

    Args:
        state: of its workspace.
        delivery: to be shown.
    """
    webhook = state.webhook_numbers[delivery.webhook_number].name
    changed = queries.changed_bodies(state, delivery)
    view: dict[str, Any] = deliveries.plain(deliveries.delivery_view(delivery, webhook, changed))
    return view


def message_view(message: Message) -> MessageView:
    """Return a message as it is shown."""
    ids = [f"{message.number}-{webhook}" for webhook in message.webhooks]
    return MessageView(message.id, message.event, ids)


def refused_view(refused: Refused) -> RefusedView:
    """Return a payload that was not sent as it is shown."""
    return RefusedView(
        event=refused.event,
        generation=refused.generation,
        subject_id=refused.subject or None,
        violations=list(refused.violations),
    )


def _maybe(value: Any, show: Any) -> str | None:
    return None if value is None else show(value)
