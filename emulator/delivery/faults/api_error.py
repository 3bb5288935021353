"""The fault ``api_error``."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.delivery.faults.fault import AnswerFault, Seconds

if TYPE_CHECKING:
    from emulator.delivery.reply import Reply


class ApiError(AnswerFault, frozen=True, kw_only=True, tag="api_error"):
    """A call is answered with an error, and has no effect.

    The client receives the error in the form of Testlify's API, and should try again, after
    `Retry-After` if the answer has it.

    Attributes:
        status: such as 429, 500 or 503.
        retry_after: for the header `Retry-After`, in whole seconds, rounded up. The workspace's
            clock does not matter.
    """

    example: ClassVar[str] = (
        "fault: {api_error: {status: 429, retry_after: 1s}, on: {route: inviteCandidates}}"
    )

    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    retry_after: Seconds | None = None

    def _problem(self) -> str:
        if self.status not in set(HTTPStatus):
            return f"no status {self.status}; expected a known status, such as 429, 500 or 503"
        return ""

    def change(self, reply: Reply) -> Reply:
        """Return *reply* with the error."""
        wait = None if self.retry_after is None else math.ceil(self.retry_after)
        return msgspec.structs.replace(reply, status=self.status, retry_after=wait)
