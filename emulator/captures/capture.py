"""One captured delivery. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from emulator.decoding import parsed
from emulator.delivery.records import Headers
from emulator.domain.events import Generation


class Capture(msgspec.Struct, frozen=True):
    """One request that a webhook provider sent.

    Attributes:
        body: the exact bytes; of a source that has only the payload, its JSON.
        at: when it arrived; None if the source has no time.
        url: its URL; empty if the source has none.
        headers: in order.
        generation: of the webhook, where the source names it.
        event: the event type, where the source names it beside the payload; else empty.
        source: the file, and the number in it, for messages.
    """

    body: bytes
    at: datetime | None = None
    method: str = "POST"
    url: str = ""
    headers: Headers = ()
    generation: Generation | None = None
    event: str = ""
    source: str = ""

    @property
    def payload(self) -> Any:
        """The body, decoded.

        Raises:
            NotJSONError: it is not JSON.
        """
        return parsed(self.body)

    def header(self, name: str) -> str | None:
        """Return the first value of a header; None without it."""
        return next((value for known, value in self.headers if known.lower() == name), None)
