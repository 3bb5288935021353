"""The plan of an attempt: message, webhook and profile give the request. Pure.

The plan says how to sign, with the profile's ``signature``; timestamp and signature are made by
`signed`, when the attempt starts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emulator import __version__
from emulator.delivery.records import Request
from emulator.delivery.signing import sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Headers, Message
    from emulator.domain.webhook import Webhook

USER_AGENT = f"Testlify-Emulator/{__version__}"
"""Says who we are: the real one's is unknown."""

_OURS: Headers = (("Content-Type", "application/json"), ("User-Agent", USER_AGENT))


def plan(message: Message, webhook: Webhook, profile: Profile) -> Request:
    """Return the request that delivers *message* to *webhook*, not yet signed.

    A header that the customer set takes the place of ours of the same name.
    """
    return Request(webhook.payload_url, _headers(webhook.headers), message.body, profile.timeouts)


def signed(
    request: Request, message: Message, secrets: Sequence[str], profile: Profile, now: float
) -> Request:
    """Return *request* as it goes out: signed as the profile says.

    A header of the request takes the place of the signature's of the same name.

    Args:
        secrets: of the webhook, that hold now, the newest first; without one nothing is signed.
        now: real Unix seconds: verifiers refuse five minutes of difference to their own clock.

    Raises:
        InvalidInputError: a secret that the profile's scheme can't sign with.
    """
    if profile.signature is None or not secrets:
        return request
    made = sign(profile.signature, secrets, message_id=message.id, body=request.body, now=now)
    headers = request.headers + _without(made, request.headers)
    return Request(request.url, headers, request.body, request.timeouts)


@lru_cache(maxsize=1024)
def _headers(theirs: Headers) -> Headers:
    return _without(_OURS, theirs) + theirs


def _without(headers: Headers, theirs: Headers) -> Headers:
    """Return *headers* less those that *theirs* has, too."""
    names = {name.lower() for name, _ in theirs}
    return tuple(pair for pair in headers if pair[0].lower() not in names) if names else headers
