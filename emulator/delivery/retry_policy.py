"""Decides after each attempt whether its delivery succeeded, is retried or failed. Pure."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec

from emulator.clock import later
from emulator.delivery.records import Finished

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Delivery, Outcome, Status

NOT_ITS_FAULT = frozenset({"shutdown", "interrupted"})
"""Reasons that are not the consumer's fault; the attempt is made again."""

LONGEST_STRETCH = 7_200.0
"""Largest extension of a pause by ``Retry-After`` in seconds.

Source: documented by the vendor (svix-webhooks, pull request 2203: the larger of both, at most
two hours above the schedule).
"""


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

    No status is special: every status that is no success by the profile, including 410, is retried
    by the schedule (assumed). Only the answer header ``webhook-delivery: abort-message`` ends the
    retries.

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
    if delivery.trigger_of(number) != "scheduled" and not is_aborted(profile, outcome):
        # The schedule is not affected; if it has ended, this was the last attempt.
        return end if delivery.next_due else _given_up(end, delivery)
    pause = next_pause(profile, _scheduled(delivery), outcome, real_now)
    if pause is None:
        return _given_up(end, delivery)
    return _tried_again(end, delivery, later(now, pause))


def is_aborted(profile: Profile, outcome: Outcome) -> bool:
    """Return whether the consumer asked for no more retries of the message.

    Source: documented by the vendor (Svix, delivery control: the answer header
    ``webhook-delivery: abort-message`` stops the retries of the message just sent; without
    effect on an accepted one).
    """
    asked = _header(outcome, "webhook-delivery") or ""
    return "webhook-delivery" in profile.obeys and asked.strip().lower() == "abort-message"


def next_pause(profile: Profile, attempt: int, outcome: Outcome, now: float) -> float | None:
    """Return the pause after a failed attempt, in seconds of the workspace's time.

    ``Retry-After`` never shortens the pause of the schedule, and extends it by `LONGEST_STRETCH`
    at most. An invalid value is ignored.

    Args:
        profile: the profile of the delivery.
        attempt: 1 for the first attempt of the schedule.
        outcome: the outcome of the attempt.
        now: real Unix seconds, for a date in ``Retry-After`` if the answer has no ``Date``; not the
            time of a virtual clock, which the consumer does not know.

    Returns:
        None after the last attempt, or if the consumer asked for no more retries.
    """
    if is_aborted(profile, outcome):
        return None
    pause = profile.pause_after(attempt)
    if pause is None:
        return None
    asked = retry_after(outcome, now) if "retry-after" in profile.obeys else None
    return pause if asked is None else min(max(pause, asked), pause + LONGEST_STRETCH)


def retry_after(outcome: Outcome, now: float) -> float | None:
    """Return the seconds of an answer's ``Retry-After``; None without a valid value.

    Args:
        outcome: an outcome with the header in seconds or as an HTTP date (RFC 9110, 10.2.3).
        now: real Unix seconds.
    """
    value = (_header(outcome, "retry-after") or "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    at = _unix(value)
    if at is None:
        return None
    # Prefer the clock of the consumer, which may differ from ours.
    return max(0.0, at - (_unix(_header(outcome, "date") or "") or now))


def _unix(date: str) -> float | None:
    """Return an HTTP date in any of its three forms as Unix seconds; None for another text."""
    try:
        at = parsedate_to_datetime(date)
        return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _header(outcome: Outcome, name: str) -> str | None:
    return next((value for known, value in outcome.headers if known.lower() == name), None)


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
