"""The fault ``wrong_length``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.delivery.faults.fault import WireFault
from emulator.delivery.sending import SendEnd, content_length

if TYPE_CHECKING:
    from emulator.delivery.sending import Sending

_LONGEST = 2**31


class WrongLength(WireFault, frozen=True, kw_only=True, tag="wrong_length"):
    """The Content-Length is not that of the body.

    With a length that is too long, the consumer waits for bytes that never come: the sending side
    is closed after the body, as by ``half_close``. With a length that is too short, it receives a
    truncated body, and after it bytes that are not a request. Servers differ.

    Attributes:
        by: how much too long, or, if negative, too short; not 0. The length is never negative.
    """

    example: ClassVar[str] = "fault: {wrong_length: {by: -5}}"

    by: Annotated[int, msgspec.Meta(ge=-_LONGEST, le=_LONGEST)]

    def _problem(self) -> str:
        return "" if self.by else "a length that is wrong by 0; expected a number above or below 0"

    def send(self, sending: Sending) -> Sending:
        """Return *sending* with the wrong length."""
        framing = content_length(max(0, len(sending.body) + self.by))
        end = (SendEnd(),) if self.by > 0 else ()
        return msgspec.structs.replace(sending, framing=framing, end=end)
