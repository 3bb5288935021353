"""Applies journal entries to the state of a workspace; has the table of entry kinds.

``apply`` changes the state in place, depends on its arguments only, and takes constant time.
Replay calls ``apply`` for all entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.faults.fault import ActiveFault
from emulator.delivery.profiles import SEVERAL
from emulator.delivery.records import (
    Delivery,
    Dropped,
    Finished,
    Message,
    Planned,
    RedeliveryAsked,
    Refused,
    Started,
)
from emulator.delivery.retry_policy import NOT_ITS_FAULT
from emulator.domain.ids import short_id
from emulator.domain.tokens import AccessToken, Login
from emulator.domain.webhook import Webhook
from emulator.errors import JournalError
from emulator.workspace.entry_data import (
    AssessmentChanged,
    CallReceived,
    CandidateChanged,
    ClockMoved,
    Configured,
    FaultsCleared,
    FaultSet,
    MembersInvited,
    Opened,
    WebhookConfigured,
    WebhookDisabled,
    WebhookRemoved,
)
from emulator.workspace.state import DeliveryKey, Failures, State

if TYPE_CHECKING:
    from emulator.journal.entry import Entry


_DAY = timedelta(days=1)
_RELEASED = 4
"""Deliveries that are kept without a body, for each delivery that keeps its body."""

_LEAST_RELEASED = 10_000

_MOST_LOGINS = 1_000


def apply(state: State, entry: Entry) -> None:
    """Change *state* by *entry*."""
    state.now = entry.at
    _STEPS[entry.kind](state, entry.data)


def opened(entry: Entry) -> State:
    """Return the state after a ``workspace.opened`` entry.

    Raises:
        JournalError: another kind of entry.
    """
    if not isinstance(entry.data, Opened):
        message = (
            f"the journal of workspace {entry.workspace!r} begins with {entry.kind!r}; expected"
            " 'workspace.opened'"
        )
        raise JournalError(message)
    return State(entry.data.settings, entry.data.organisation)


def _opened(state: State, data: Opened) -> None:
    state.settings, state.organisation = data.settings, data.organisation
    state.now = data.settings.now


def _reset(state: State, data: Opened) -> None:
    vars(state).update(vars(State(data.settings, data.organisation)))


def _configured(state: State, data: Configured) -> None:
    state.settings = data.settings


def _clock(state: State, data: ClockMoved) -> None:
    state.settings = msgspec.structs.replace(state.settings, clock=data.mode)
    state.now = data.now


def _webhook(state: State, data: Webhook) -> None:
    state.webhooks[data.id] = data
    state.webhook_numbers[data.number] = data


def _webhook_edited(state: State, data: Webhook) -> None:
    _webhook(state, data)
    state.disabled.discard(data.number)
    state.failures.pop(data.number, None)


def _webhook_configured(state: State, data: WebhookConfigured) -> None:
    if data.profile is None:
        state.profiles.pop(data.number, None)
    else:
        state.profiles[data.number] = data.profile


def _webhook_disabled(state: State, data: WebhookDisabled) -> None:
    state.disabled.add(data.number)


def _webhook_removed(state: State, data: WebhookRemoved) -> None:
    del state.webhooks[data.id]


def _assessment(state: State, data: AssessmentChanged) -> None:
    state.assessments[data.assessment.id] = data.assessment


def _invited(state: State, data: CandidateChanged) -> None:
    candidate = data.candidate
    state.candidates[candidate.id] = candidate
    state.candidate_numbers[candidate.number] = candidate.id
    state.counts[candidate.assessment_id][candidate.state] += 1
    state.people[candidate.email.casefold()] = candidate
    state.short_ids[short_id(candidate.invite_key)] = candidate.id
    state.invitations[candidate.candidate_id].append(candidate.id)
    state.invitations[candidate.assessment_id].append(candidate.id)


def _candidate(state: State, data: CandidateChanged) -> None:
    after = data.candidate
    counts = state.counts[after.assessment_id]
    counts[state.candidates[after.id].state] -= 1
    counts[after.state] += 1
    state.candidates[after.id] = after


def _token(state: State, data: AccessToken) -> None:
    state.tokens[data.digest] = data


def _team(state: State, data: MembersInvited) -> None:
    state.members |= {one.email.casefold(): one for one in data.members}


def _login(state: State, data: Login) -> None:
    state.login_count = max(state.login_count, data.number)
    state.logins[data.email.casefold()] = data
    state.logins.move_to_end(data.email.casefold())
    if len(state.logins) > _MOST_LOGINS:
        state.logins.popitem(last=False)


def _message(state: State, data: Message) -> None:
    state.message_count = data.number
    by_event, pending = state.by_event[data.event], state.by_status["pending"]
    for number in data.webhooks:
        key = (data.number, number)
        state.deliveries[key] = Delivery(data, state.webhook_numbers[number].id, number)
        by_event[key] = pending[key] = None
        if data.subject:
            state.by_subject[data.subject][key] = None


def _refused(state: State, data: Refused) -> None:
    state.refused.append(data)


def _planned(state: State, data: Planned) -> None:
    _count_faults(state, data)
    state.planned[data.message, data.webhook, data.attempt] = data
    key = (data.message, data.webhook)
    delivery = state.deliveries[key]
    if data.trigger != "duplicate" and data.due > state.now:
        state.deliveries[key] = msgspec.structs.replace(
            delivery, next_due=data.due, next_attempt=data.attempt
        )
    elif data.trigger == "duplicate":
        state.deliveries[key] = msgspec.structs.replace(
            delivery,
            numbered=max(delivery.numbered, data.attempt),
            duplicates=(*delivery.duplicates, data.attempt),
        )


def _call_received(state: State, data: CallReceived) -> None:
    state.call_count += 1
    _count_faults(state, data)


def _count_faults(state: State, data: Planned | CallReceived) -> None:
    for id_ in data.matched:
        active = state.faults[id_]
        used = active.used + (id_ in data.faults)
        state.faults[id_] = msgspec.structs.replace(active, matched=active.matched + 1, used=used)


def _fault_set(state: State, data: FaultSet) -> None:
    state.known_faults[data.id] = data.fault
    state.faults[data.id] = ActiveFault(data.id, data.fault, 0, 0)


def _faults_cleared(state: State, data: FaultsCleared) -> None:
    for id_ in data.ids:
        del state.faults[id_]


def _started(state: State, data: Started) -> None:
    key = (data.message, data.webhook)
    delivery = state.deliveries[key]
    state.planned.pop((*key, data.attempt.number), None)
    attempts = (*delivery.attempts, data.attempt)
    if data.attempt.number != delivery.next_attempt:
        changed = msgspec.structs.replace(delivery, attempts=attempts)
    else:
        changed = msgspec.structs.replace(
            delivery, attempts=attempts, next_due=None, next_attempt=None
        )
    state.deliveries[key] = changed


def _finished(state: State, data: Finished) -> None:
    key = (data.message, data.webhook)
    delivery = state.deliveries[key]
    if data.is_success:
        state.failures.pop(data.webhook, None)
    elif data.outcome.reason not in {*NOT_ITS_FAULT, "own_limit"}:
        _count_failure(state, data.webhook)
    attempts = tuple([
        msgspec.structs.replace(one, outcome=data.outcome, is_success=data.is_success)
        if one.number == data.attempt
        else one
        for one in delivery.attempts
    ])  # fmt: skip
    changed = msgspec.structs.replace(
        delivery,
        attempts=attempts,
        status=data.status,
        reason=data.reason,
        next_due=data.next_due,
        next_attempt=data.next_attempt,
        numbered=max(delivery.numbered, data.next_attempt or 0),
    )
    _put(state, key, delivery, changed)


def _count_failure(state: State, webhook: int) -> None:
    before = state.failures.get(webhook, Failures())
    if before.since is not None:
        return
    recent = [at for at in before.recent if state.now - at < _DAY] + [state.now]
    since = state.now if len(recent) >= SEVERAL else None
    state.failures[webhook] = Failures(() if since else tuple(recent), since)


def _redelivery_asked(state: State, data: RedeliveryAsked) -> None:
    key = (data.message, data.webhook)
    delivery = state.deliveries[key]
    changed = msgspec.structs.replace(
        delivery,
        status="pending",
        reason="",
        numbered=data.attempt,
        manual=(*delivery.manual, data.attempt),
    )
    _put(state, key, delivery, changed)


def _dropped(state: State, data: Dropped) -> None:
    key = (data.message, data.webhook)
    delivery = state.deliveries[key]
    # A delivery that was accepted remains so when a further attempt is dropped.
    is_success = any(one.is_success for one in delivery.attempts)
    changed = msgspec.structs.replace(
        delivery,
        status="succeeded" if is_success else "dropped",
        reason="" if is_success else data.reason,
        next_due=None,
    )
    for number in (1, delivery.next_attempt or 1, *delivery.manual, *delivery.duplicates):
        state.planned.pop((*key, number), None)
    _put(state, key, delivery, changed)
    if data.is_misfire:
        state.misfires.append((delivery.event, data.reason))
        state.misfire_count += 1


def _put(state: State, key: DeliveryKey, before: Delivery, after: Delivery) -> None:
    state.deliveries[key] = after
    if before.status == after.status:
        return
    del state.by_status[before.status][key]
    state.by_status[after.status][key] = None
    if after.status == "pending":
        state.finished.pop(key, None)
    else:
        state.finished[key] = None
        while len(state.finished) > state.settings.keep:
            _release(state)


def _release(state: State) -> None:
    """Release the body of the oldest finished delivery, and forget an even older delivery."""
    key, _ = state.finished.popitem(last=False)
    state.deliveries[key] = state.deliveries[key].released()
    state.released[key] = None
    if len(state.released) > max(_LEAST_RELEASED, _RELEASED * state.settings.keep):
        key, _ = state.released.popitem(last=False)
        _retire(state, key)


def _retire(state: State, key: DeliveryKey) -> None:
    delivery = state.deliveries.pop(key)
    message = delivery.message
    state.retired[delivery.status] += 1
    del state.by_status[delivery.status][key]
    for index, name in ((state.by_event, message.event), (state.by_subject, message.subject)):
        keys = index.get(name)
        if keys is not None:
            keys.pop(key, None)
            if not keys:
                del index[name]


_Step = Callable[[State, Any], None]

KINDS: Mapping[str, tuple[type[msgspec.Struct], _Step]] = MappingProxyType(
    {
        "workspace.opened": (Opened, _opened),
        "workspace.configured": (Configured, _configured),
        "workspace.reset": (Opened, _reset),
        "webhook.added": (Webhook, _webhook),
        "webhook.edited": (Webhook, _webhook_edited),
        "webhook.configured": (WebhookConfigured, _webhook_configured),
        "webhook.disabled": (WebhookDisabled, _webhook_disabled),
        "webhook.secret_rotated": (Webhook, _webhook),
        "webhook.removed": (WebhookRemoved, _webhook_removed),
        "assessment.created": (AssessmentChanged, _assessment),
        "assessment.edited": (AssessmentChanged, _assessment),
        "assessment.moved": (AssessmentChanged, _assessment),
        "candidate.invited": (CandidateChanged, _invited),
        "candidate.moved": (CandidateChanged, _candidate),
        "candidate.scored": (CandidateChanged, _candidate),
        "token.generated": (AccessToken, _token),
        "team.invited": (MembersInvited, _team),
        "login.code_sent": (Login, _login),
        "login.verified": (Login, _login),
        "message.created": (Message, _message),
        "message.refused": (Refused, _refused),
        "attempt.planned": (Planned, _planned),
        "attempt.started": (Started, _started),
        "attempt.finished": (Finished, _finished),
        "delivery.dropped": (Dropped, _dropped),
        "delivery.redelivery_asked": (RedeliveryAsked, _redelivery_asked),
        "fault.set": (FaultSet, _fault_set),
        "fault.cleared": (FaultsCleared, _faults_cleared),
        "call.received": (CallReceived, _call_received),
        "clock.set": (ClockMoved, _clock),
        "clock.moved": (ClockMoved, _clock),
    }
)
"""Kind -> the type of its record, and the function that applies it."""

TYPES = {kind: type_ for kind, (type_, _) in KINDS.items()}
"""Kind -> the type of its record, for stores."""

_STEPS = {kind: step for kind, (_, step) in KINDS.items()}
