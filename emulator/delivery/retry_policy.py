"""Decides after each attempt whether its delivery succeeded, is retried or failed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.clock import later
from emulator.delivery.profiles import next_pause
from emulator.delivery.records import Finished

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Delivery, Outcome, Status

NOT_ITS_FAULT = frozenset({"shutdown", "interrupted"})
"""Reasons that are not the consumer's fault; the attempt is made again."""


def finished(
    delivery: Delivery,
    number: int,
    outcome: Outcome,
    profile: Profile,
    *,
    now: datetime,
    real_now: float,
) -> Finished:
    """Return the record of the end of an attempt, with the new status of its delivery.

    No status is special: what is not a success by the profile, 410 too, is retried by the schedule
    (assumed). Only the answer header ``webhook-delivery: abort-message`` ends the retries.

    Args:
        delivery: the delivery before the end of the attempt.
        number: number of the attempt.
        outcome: its outcome.
        profile: the profile of the webhook.
        now: the workspace's time.
        real_now: real Unix seconds, for a date in ``Retry-After``.
    """
    end = Finished(
        delivery.message.number,
        delivery.webhook_number,
        number,
        outcome,
        is_success=profile.is_success(outcome),
        status=delivery.status,
        reason=delivery.reason,
        next_due=delivery.next_due,
        next_attempt=delivery.next_attempt,
    )
    if delivery.status != "pending":
        return end
    if end.is_success:
        return _closed(end, delivery, "succeeded", "")
    if outcome.reason in NOT_ITS_FAULT:
        return _tried_again(end, delivery, now)
    if delivery.trigger_of(number) != "scheduled" and not profile.is_aborted(outcome):
        # The schedule is not affected; if it has ended, this was the last attempt.
        return end if delivery.next_due else _given_up(end, delivery)
    pause = next_pause(profile, _scheduled(delivery), outcome, real_now)
    if pause is None:
        return _given_up(end, delivery)
    return _tried_again(end, delivery, later(now, pause))


def _scheduled(delivery: Delivery) -> int:
    """Return how many attempts of the schedule were made, including the current one."""
    return sum(
        attempt.trigger == "scheduled"
        and (attempt.outcome is None or attempt.outcome.reason not in NOT_ITS_FAULT)
        for attempt in delivery.attempts
    )


def _tried_again(end: Finished, delivery: Delivery, due: datetime) -> Finished:
    return msgspec.structs.replace(end, next_due=due, next_attempt=delivery.numbered + 1)


def _given_up(end: Finished, delivery: Delivery) -> Finished:
    # A manual attempt that fails does not undo an earlier success.
    if any(attempt.is_success for attempt in delivery.attempts):
        return _closed(end, delivery, "succeeded", "")
    status = end.outcome.status
    return _closed(end, delivery, "failed", f"answered {status}" if status else end.outcome.reason)


def _closed(end: Finished, delivery: Delivery, status: Status, reason: str) -> Finished:
    if delivery.manual or delivery.duplicates:
        begun = {attempt.number for attempt in delivery.attempts}
        if {*delivery.manual, *delivery.duplicates} - begun:
            status, reason = "pending", ""  # another requested attempt has not started yet
    return msgspec.structs.replace(
        end, status=status, reason=reason, next_due=None, next_attempt=None
    )
