"""The fault ``api_reset``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import Amount, AnswerFault
from emulator.delivery.reply import Ending

if TYPE_CHECKING:
    from emulator.delivery.reply import Reply


class ApiReset(AnswerFault, frozen=True, kw_only=True, tag="api_reset"):
    """A call is made, and the connection is reset (TCP RST) before its answer is complete.

    The client does not learn whether the call had an effect. If it calls again, the effect is
    there already.

    Attributes:
        after: bytes of the body that are sent before, at most all but one; by default nothing of
            the answer is sent, not even its head.
    """

    example: ClassVar[str] = "fault: {api_reset: {times: 1}, on: {route: inviteCandidates}}"

    after: Amount | None = None

    def change(self, reply: Reply) -> Reply:
        """Return *reply* with that end."""
        return msgspec.structs.replace(reply, ending=Ending(self.after, is_reset=True))
