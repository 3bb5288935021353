"""How each generation delivers: headers, retries, time-outs, success. Data, not code."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from emulator.delivery.records import Timeouts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.records import Outcome
    from emulator.domain.events import Generation


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How deliveries are made.

    Attributes:
        retries: the pauses before the second, third, ... attempt, in seconds of the
            workspace's time; each counts from the failure before.
        timeouts: of one attempt, in real seconds.
        success: the first and the last status that count as accepted.
    """

    retries: tuple[float, ...] = ()
    timeouts: Timeouts = Timeouts()
    success: tuple[int, int] = (200, 299)

    def is_success(self, outcome: Outcome) -> bool:
        """Whether the profile takes *outcome* as accepted."""
        first, last = self.success
        return outcome.status is not None and first <= outcome.status <= last

    def pause_after(self, attempt: int) -> float | None:
        """Return the pause between *attempt* and the next one, in seconds.

        Args:
            attempt: 1 for the first attempt.

        Returns:
            None once the schedule is used up.
        """
        return self.retries[attempt - 1] if attempt <= len(self.retries) else None


PROFILES: Mapping[Generation, Profile] = MappingProxyType({"v1": Profile()})
"""Generation -> how it delivers.

v1: no signature is documented, and no automatic retry ("Force Retry only", documented);
time-outs and the success rule, any 2xx within 15 s, are assumed.
"""
