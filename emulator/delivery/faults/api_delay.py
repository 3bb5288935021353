"""The fault ``api_delay``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import AnswerFault, Seconds

if TYPE_CHECKING:
    from emulator.delivery.reply import Reply


class ApiDelay(AnswerFault, frozen=True, kw_only=True, tag="api_delay"):
    """A call is answered late.

    The client waits, or gives up. The call is made after the delay; a client that has hung up by
    then does not learn of it.

    Attributes:
        by: how much later, in real time.
    """

    example: ClassVar[str] = "fault: {api_delay: {by: 2s}, on: {route: GET /v1/candidate}}"

    by: Seconds

    def change(self, reply: Reply) -> Reply:
        """Return *reply* with a longer pause."""
        return msgspec.structs.replace(reply, pause=reply.pause + self.by)
