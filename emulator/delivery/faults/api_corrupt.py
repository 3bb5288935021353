"""The fault ``api_corrupt``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from emulator.delivery.faults.corrupt import cut, invalid_json
from emulator.delivery.faults.fault import Amount, AnswerFault

if TYPE_CHECKING:
    from emulator.delivery.reply import Reply


class ApiCorrupt(AnswerFault, frozen=True, kw_only=True, tag="api_corrupt"):
    """A call is made, and the body of its answer is damaged.

    The client receives an answer that is complete as HTTP, and whose body it can't parse. If it
    calls again, the effect of the first call is there already.

    Attributes:
        how: ``invalid_json``: an additional brace at the start. ``cut``: the end is missing.
        at: with ``cut``, how many bytes are kept: half of them by default, at most all but one.
    """

    example: ClassVar[str] = (
        "fault: {api_corrupt: {how: cut, at: 20}, on: {route: getAssessment, nth: 1}}"
    )

    how: Literal["invalid_json", "cut"] = "invalid_json"
    at: Amount | None = None

    def _problem(self) -> str:
        return "'at' needs how: cut" if self.at is not None and self.how != "cut" else ""

    def change(self, reply: Reply) -> Reply:
        """Return *reply* with the damage."""
        return msgspec.structs.replace(reply, edits=(*reply.edits, self._damaged))

    def _damaged(self, body: bytes) -> bytes:
        return cut(body, self.at) if self.how == "cut" else invalid_json(body)
