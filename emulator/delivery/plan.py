"""Plans an attempt: message, webhook, profile and faults give the request. Pure.

The plan says how to sign, with the profile's ``signature``; timestamp and signature are made by
`signed`, when the attempt starts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from emulator import __version__
from emulator.delivery.faults.fault import BodyFault, WireFault
from emulator.delivery.records import Request
from emulator.delivery.signing import sign
from emulator.domain.ids import chance
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.delivery.faults.fault import Fault, SignatureFault
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Headers, Message
    from emulator.domain.webhook import Webhook

USER_AGENT = f"Testlify-Emulator/{__version__}"
"""Says who we are: the real one's is unknown."""

_OURS: Headers = (("Content-Type", "application/json"), ("User-Agent", USER_AGENT))


def plan(
    message: Message,
    webhook: Webhook,
    profile: Profile,
    faults: Sequence[Fault] = (),
    *,
    seed: int = 0,
    attempt: int = 1,
) -> Request:
    """Return the request that delivers *message* to *webhook*, not yet signed.

    A header that the customer set takes the place of ours of the same name.

    Args:
        faults: that apply, in their order; those of the plan and of the signature are not ours.
        seed: of the workspace; with the attempt's number, for what faults draw.
        attempt: its number, from 1.

    Raises:
        InvalidInputError: a fault that this message has no place for.
    """
    headers = _headers(webhook.headers)
    request = Request(webhook.payload_url, headers, message.body, profile.timeouts)
    if not faults:
        return request
    for place, fault in enumerate(faults):
        if isinstance(fault, BodyFault):
            purpose = f"fault-edit/{place}/{webhook.number}-{attempt}"
            try:
                request = fault.edit(request, chance(seed, purpose, message.number))
            except InvalidInputError as error:
                text = f"the fault {fault.kind!r} can't be applied: {error.message}"
                raise InvalidInputError(text) from error
    wire = tuple(fault for fault in faults if isinstance(fault, WireFault))
    return msgspec.structs.replace(request, wire=wire)


def signed(
    request: Request,
    message: Message,
    secrets: Sequence[str],
    profile: Profile,
    now: float,
    fault: SignatureFault | None = None,
) -> Request:
    """Return *request* as it goes out: signed as the profile says.

    A header of the request takes the place of the signature's of the same name.

    Args:
        secrets: of the webhook, that hold now, the newest first; without one nothing is signed.
        now: real Unix seconds: verifiers refuse five minutes of difference to their own clock.
        fault: makes a signature that does not hold.

    Raises:
        InvalidInputError: a secret that the profile's scheme can't sign with.
    """
    if profile.signature is None or not secrets:
        return request
    make = sign if fault is None else fault.sign
    made = make(profile.signature, secrets, message_id=message.id, body=request.body, now=now)
    theirs = _names(request.headers)
    headers = request.headers + tuple([one for one in made if one[0].lower() not in theirs])
    return Request(request.url, headers, request.body, request.timeouts, request.wire)


@lru_cache(maxsize=1024)
def _headers(theirs: Headers) -> Headers:
    """Return a webhook's headers behind ours, less those of ours that it has, too."""
    names = _names(theirs)
    return tuple(pair for pair in _OURS if pair[0].lower() not in names) + theirs


@lru_cache(maxsize=1024)
def _names(headers: Headers) -> frozenset[str]:
    return frozenset(name.lower() for name, _ in headers)
