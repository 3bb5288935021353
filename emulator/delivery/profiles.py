"""The profile of each generation: signature, retries, time-outs, success. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from emulator import durations
from emulator.delivery.records import Timeouts
from emulator.delivery.signing import SigningScheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.records import Outcome
    from emulator.domain.events import Generation

Pause = Annotated[float, msgspec.Meta(ge=0, le=durations.LONGEST)]

AnswerHeader = Literal["retry-after", "webhook-delivery"]
"""A header of an answer that controls retries."""

SEVERAL = 3
"""Failed attempts within a day without a success, after which ``disable_after`` starts."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How deliveries are made.

    Attributes:
        retries: the pauses before the second, third, ... attempt, in seconds of the workspace's
            time; each starts at the previous failure.
        timeouts: time-outs of an attempt.
        success: the first and the last status that mean success.
        signature: how bodies are signed for webhooks with a secret; None does not sign.
        obeys: headers of answers that have an effect: ``retry-after`` on any failed answer,
            ``webhook-delivery`` with ``abort-message``.
        disable_after: seconds of the workspace's time after which a failing webhook is disabled,
            from the `SEVERAL`-th failure in a day; None never disables it.
    """

    retries: tuple[Pause, ...] = ()
    timeouts: Timeouts = Timeouts()
    success: tuple[int, int] = (200, 299)
    signature: SigningScheme | None = None
    obeys: tuple[AnswerHeader, ...] = ()
    disable_after: Pause | None = None

    def is_success(self, outcome: Outcome) -> bool:
        """Return whether *outcome* is a success."""
        first, last = self.success
        return outcome.status is not None and first <= outcome.status <= last

    def pause_after(self, attempt: int) -> float | None:
        """Return the pause after *attempt* in seconds; None after the last attempt.

        Args:
            attempt: 1 for the first attempt of the schedule.
        """
        return self.retries[attempt - 1] if attempt <= len(self.retries) else None


def signing(profile: Profile) -> Profile:
    """Return *profile* with a signature, by default that of Standard Webhooks."""
    if profile.signature is not None:
        return profile
    return msgspec.structs.replace(profile, signature=SigningScheme("standard"))


PROFILES: Mapping[Generation, Profile] = MappingProxyType(
    {
        "v1": Profile(),
        "v2": Profile(
            retries=(5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0),
            timeouts=Timeouts(connect=15.0, first_byte=15.0, total=15.0),
            signature=SigningScheme("standard", prefix="svix-"),
            obeys=("retry-after", "webhook-delivery"),
            disable_after=432_000.0,
        ),
    }
)
"""Generation -> profile.

v1: no signature is documented, and no automatic retry ("Force Retry only", documented);
time-outs and the success rule, any 2xx within 15 s, are assumed.

v2: that Svix delivers is documented by Testlify; the rest is Svix's own documentation:

- retries (5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h, each from the failure before: 8 attempts),
  any 2xx within 15 s as success, 3xx as failure, never followed: retry schedule; without its
  jitter, whose size is not documented;
- signature: verifying payloads; the prefix ``svix-`` is assumed, some customers have
  ``webhook-``;
- ``Retry-After``: svix-webhooks, pull request 2203; on any failed answer (assumed, its text names
  429 and 503, its title error responses);
- ``webhook-delivery: abort-message``: delivery control;
- an endpoint that fails everything for five days is disabled; the clock starts only after several
  failures within a day: retry schedule. That several are `SEVERAL`, and that an edit enables the
  endpoint again, is assumed.
"""
