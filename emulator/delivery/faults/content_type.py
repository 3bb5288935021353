"""The fault ``content_type``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from emulator.delivery.faults.fault import BodyFault
from emulator.domain.webhook import checked_headers
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    import random

    from emulator.delivery.records import Request


class ContentType(BodyFault, frozen=True, kw_only=True, tag="content_type"):
    """The Content-Type is changed or missing.

    The consumer receives JSON under a wrong type; some frameworks then do not parse the body.

    Attributes:
        value: of the header; without it, the header is left out.
    """

    example: ClassVar[str] = "fault: {content_type: {value: text/plain}}"

    value: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            checked_headers((("X", self.value or ""),))
        except InvalidInputError:
            message = f"a character that is not allowed in headers: {self.value!r}"
            raise InvalidInputError(message, path="$.value") from None

    def edit(self, request: Request, _draw: random.Random) -> Request:
        """Return *request* with the header changed, or without it."""
        ours = () if self.value is None else (("Content-Type", self.value),)
        others = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
        return msgspec.structs.replace(request, headers=ours + others)
