"""Decides how attempts are planned, started and finished. Pure.

Each function reads a state and returns records to append; the engine commits them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import later
from emulator.delivery.fault_plan import fault_plan
from emulator.delivery.faults.fault import SignatureFault
from emulator.delivery.plan import plan, signed
from emulator.delivery.records import MOST_BODY, Attempt, Dropped, Finished, Outcome, Started
from emulator.delivery.redaction import without_secrets
from emulator.delivery.retry_policy import finished
from emulator.errors import InvalidInputError
from emulator.workspace.entry_data import WebhookDisabled

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.delivery.fault_plan import FaultPlan
    from emulator.delivery.records import Key, Request
    from emulator.workspace.commands.change import Record
    from emulator.workspace.state import State


def fault_plan_of(state: State, key: Key, now: datetime) -> FaultPlan | None:
    """Return the plan of an attempt with the active faults; None if no fault matches it."""
    active = state.faults.values()
    return fault_plan(state.deliveries[key[:2]], key[2], active, state.settings.seed, now)


def planned(key: Key, fault_plan: FaultPlan) -> list[Record]:
    """Return the records for the plan of an attempt, its copies, and its drop."""
    message, webhook, _ = key
    records: list[Record] = [("attempt.planned", one) for one in fault_plan.planned]
    if fault_plan.drop:
        records.append(("delivery.dropped", Dropped(message, webhook, fault_plan.drop)))
    return records


def begun(
    state: State, key: Key, now: datetime, real_now: float
) -> tuple[Record, Request | None] | None:
    """Return the record of an attempt that starts, and its request; None if it must not start.

    It must not start if the delivery is no longer pending, or if the attempt was already made: the
    end of a manual attempt schedules the next attempt again. If a fault can't be applied, the
    record drops the delivery, and there is no request.

    Args:
        state: the state of the workspace.
        key: the key of the attempt.
        now: the workspace's time.
        real_now: real Unix seconds, for the signature.
    """
    message_number, webhook_number, number = key
    delivery = state.deliveries[message_number, webhook_number]
    if delivery.status != "pending" or delivery.attempt(number) is not None:
        return None
    webhook = state.webhook_numbers[webhook_number]
    profile = state.profile(webhook)
    with_faults = state.planned.get(key)
    ids = () if with_faults is None else with_faults.faults
    faults = [state.known_faults[id_] for id_ in ids]
    seed = state.settings.seed
    try:
        request = plan(delivery.message, webhook, profile, faults, seed=seed, attempt=number)
    except InvalidInputError as error:
        record = Dropped(message_number, webhook_number, error.message, is_misfire=True)
        return ("delivery.dropped", record), None
    if profile.signature is not None:
        wrong = next((fault for fault in faults if isinstance(fault, SignatureFault)), None)
        secrets = webhook.secrets_at(now)
        request = signed(request, delivery.message, secrets, profile, real_now, wrong)
    attempt = Attempt(
        number,
        delivery.trigger_of(number),
        now,
        request.url,
        request.headers,
        faults=ids,
        is_deliberate=any(fault.group != "plan" for fault in faults),
    )
    return ("attempt.started", Started(message_number, webhook_number, attempt)), request


def ended(state: State, key: Key, outcome: Outcome, now: datetime, real_now: float) -> Finished:
    """Return the record of an attempt that ended, with the time of the next attempt.

    Args:
        state: the state of the workspace.
        key: the key of the attempt.
        outcome: its outcome.
        now: the workspace's time.
        real_now: real Unix seconds, for a date in ``Retry-After``.
    """
    message_number, webhook_number, number = key
    delivery = state.deliveries[message_number, webhook_number]
    webhook = state.webhook_numbers[webhook_number]
    attempt = delivery.attempt(number)
    assert attempt is not None  # noqa: S101 - it has begun
    outcome = without_secrets(outcome, attempt.headers, webhook, MOST_BODY)
    profile = state.profile(webhook)
    return finished(delivery, number, outcome, profile, now=now, real_now=real_now)


def disabled(state: State, webhook_number: int, now: datetime) -> list[Record]:
    """Return the records that disable a webhook, once it failed for ``disable_after``."""
    webhook = state.webhook_numbers[webhook_number]
    failures, longest = state.failures.get(webhook_number), state.profile(webhook).disable_after
    since = None if failures is None else failures.since
    if since is None or longest is None or webhook_number in state.disabled:
        return []
    if now < later(since, longest):
        return []
    record = WebhookDisabled(webhook.id, webhook_number, since)
    pending = drops(state, "webhook disabled", webhook_number)
    return [("webhook.disabled", record), *pending]


def unfinished(state: State, message: int, webhook: int) -> tuple[list[int], list[int]]:
    """Return the attempts of a pending delivery that had not ended when the journal ends.

    Returns:
        The numbers of attempts that had not started, and of attempts that were under way.
    """
    delivery = state.deliveries[message, webhook]
    started = {attempt.number for attempt in delivery.attempts}
    # A delivery that was dropped and redelivered has no first attempt.
    first = () if delivery.manual else (1,)
    asked = dict.fromkeys((*first, *delivery.manual, *delivery.duplicates))
    asked.pop(delivery.next_attempt or 0, None)  # scheduled by its time
    lost = [attempt.number for attempt in delivery.attempts if attempt.outcome is None]
    return [number for number in asked if number not in started], lost


def drops(state: State, reason: str, webhook: int | None = None) -> list[Record]:
    """Return the records that drop the pending deliveries to a webhook, or to all webhooks.

    Attempts under way continue, but are not retried.
    """
    return [
        ("delivery.dropped", Dropped(message, number, reason))
        for message, number in state.by_status.get("pending", ())
        if webhook in (None, number)
    ]
