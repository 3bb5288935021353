"""The plan of an attempt: message, webhook and profile give the request. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import __version__
from emulator.delivery.records import Request

if TYPE_CHECKING:
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Headers, Message
    from emulator.domain.webhook import Webhook

USER_AGENT = f"Testlify-Emulator/{__version__}"
"""Says who we are: the real one's is unknown."""

_OURS: Headers = (("Content-Type", "application/json"), ("User-Agent", USER_AGENT))


def plan(message: Message, webhook: Webhook, profile: Profile) -> Request:
    """Return the request that delivers *message* to *webhook*.

    A header that the customer set takes the place of ours of the same name.
    """
    theirs = {name.lower() for name, _ in webhook.headers}
    ours = tuple(pair for pair in _OURS if pair[0].lower() not in theirs) if theirs else _OURS
    return Request(webhook.payload_url, ours + webhook.headers, message.body, profile.timeouts)
