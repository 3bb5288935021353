"""Records as the APIs show them: camelCase, times as text, secrets redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import durations
from emulator.delivery.faults.reading import plain
from emulator.delivery.redaction import shown_headers
from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.payloads.links import invite_link
from emulator.durations import instant
from emulator.workspace import delivery_view as deliveries
from emulator.workspace import queries

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.delivery.faults.fault import Standing
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Delivery, Refused
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.webhook import Webhook
    from emulator.workspace.state import State
    from emulator.workspace.workspace import Workspace

View = dict[str, Any]


def workspace_view(workspace: Workspace) -> View:
    """Return a workspace: how it is set, and how much there is in it."""
    state = workspace.state
    return {
        "name": workspace.name,
        "token": workspace.name,
        "seed": state.settings.seed,
        "clock": clock_view(workspace),
        "generation": state.settings.generation,
        "profile": profile_view(state.settings.profile_of(state.settings.generation)),
        "observed": list(state.settings.observed),
        "insecure": state.settings.is_insecure,
        "organisation": {"id": state.organisation.id, "name": state.organisation.name},
        "webhooks": len(state.webhooks),
        "assessments": len(state.assessments),
        "candidates": len(state.candidates),
        "deliveries": {
            status: len(state.by_status.get(status, ())) + state.retired[status]
            for status in ("pending", "succeeded", "failed", "dropped")
        },
    }


def profile_view(profile: Profile) -> View:
    """Return how deliveries are made; durations carry their unit."""
    timeouts = profile.timeouts
    return {
        "retries": [durations.show(pause) for pause in profile.retries],
        "timeouts": {
            "connect": durations.show(timeouts.connect),
            "firstByte": durations.show(timeouts.first_byte),
            "total": durations.show(timeouts.total),
        },
        "success": list(profile.success),
        "signature": profile.signature,
        "obeys": list(profile.obeys),
        "disableAfter": profile.disable_after and durations.show(profile.disable_after),
    }


def webhook_view(workspace: Workspace, webhook: Webhook) -> View:
    """Return a webhook as its owner sees it: with what the provider's API does not tell."""
    state = workspace.state
    failures = state.failures.get(webhook.number)
    return {
        "id": webhook.id,
        "name": webhook.name,
        "payloadUrl": webhook.payload_url,
        "events": list(webhook.events),
        "generation": webhook.generation,
        "headers": shown_headers(webhook.headers),
        "hasSecret": webhook.secret is not None,
        "profile": profile_view(state.profile(webhook)),
        "hasOwnProfile": webhook.number in state.profiles,
        "disabled": webhook.number in state.disabled,
        "failingSince": None if failures is None else _maybe(failures.since),
        "pending": sum(
            number == webhook.number for _, number in state.by_status.get("pending", ())
        ),
    }


def clock_view(workspace: Workspace) -> View:
    """Return the clock of a workspace."""
    return {"mode": workspace.state.settings.clock, "now": instant(workspace.now())}


def assessment_view(assessment: Assessment) -> View:
    """Return an assessment, with the commands that it allows now."""
    content = assessment.content
    return {
        "id": assessment.id,
        "title": assessment.title,
        "status": assessment.state,
        "created": instant(assessment.created_at),
        "modified": instant(assessment.modified_at),
        "invitationEmailLinkValidity": assessment.validity_days,
        "tests": [test.title for test in content.tests],
        "customQuestions": len(content.custom_questions),
        "totalTime": content.total_time,
        "legal": assessments.LIFECYCLE.legal(assessment.state),
    }


def candidate_view(candidate: Candidate) -> View:
    """Return a candidate, with the commands that they allow now."""
    score, why = candidate.score, candidate.disqualification
    return {
        "id": candidate.id,
        "candidateId": candidate.candidate_id,
        "assessmentId": candidate.assessment_id,
        "email": candidate.email,
        "firstName": candidate.first_name,
        "lastName": candidate.last_name,
        "status": candidate.state,
        "inviteLink": invite_link(candidate),
        "invitedAt": instant(candidate.invited_at),
        "validUntil": instant(candidate.valid_until),
        "startedAt": _maybe(candidate.started_at),
        "completedAt": _maybe(candidate.completed_at),
        "score": None
        if score is None
        else {"score": score.points, "of": score.of, "percentage": score.percentage},
        "reason": None if why is None else why.reason,
        "legal": candidates.LIFECYCLE.legal(candidate.state),
    }


def delivery_view(state: State, delivery: Delivery) -> View:
    """Return a delivery with its attempts, each with request and response.

    Args:
        state: of its workspace.
        delivery: to be shown.
    """
    webhook = state.webhook_numbers[delivery.webhook_number].name
    changed = queries.changed_bodies(state, delivery)
    view: View = deliveries.plain(deliveries.delivery_view(delivery, webhook, changed))
    return view


def fault_view(standing: Standing) -> View:
    """Return a fault that is set, with how often it matched and was used."""
    counts = {"matched": standing.matched, "used": standing.used}
    return {"id": standing.id, **plain(standing.fault), **counts}


def refused_view(refused: Refused) -> View:
    """Return a payload that was not sent, and why."""
    return {
        "event": refused.event,
        "generation": refused.generation,
        "subjectId": refused.subject or None,
        "violations": list(refused.violations),
    }


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else instant(at)
