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
"""The real service's User-Agent is unknown."""

_DEFAULTS: Headers = (("Content-Type", "application/json"), ("User-Agent", USER_AGENT))


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

    A header of the webhook replaces the default header with the same name.

    Args:
        message: the message.
        webhook: the webhook.
        profile: how deliveries to the webhook are made.
        faults: faults of the attempt in their order; only body and wire faults have an effect.
        seed: seed of the workspace, for random choices of faults.
        attempt: number of the attempt, from 1.

    Raises:
        InvalidInputError: a fault can't be applied to this message.
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
    """Return *request* with a signature, if the profile has one.

    A header of the request replaces a signature header with the same name.

    Args:
        request: the request.
        message: its message.
        secrets: valid secrets of the webhook, newest first; without secrets, nothing is signed.
        profile: the profile with the signature scheme.
        now: real Unix seconds; verifiers reject timestamps that differ by five minutes.
        fault: makes an invalid signature instead.

    Raises:
        InvalidInputError: a secret does not fit the scheme.
    """
    if profile.signature is None or not secrets:
        return request
    make = sign if fault is None else fault.sign
    made = make(profile.signature, secrets, message_id=message.id, body=request.body, now=now)
    present = _names(request.headers)
    headers = request.headers + tuple([one for one in made if one[0].lower() not in present])
    return Request(request.url, headers, request.body, request.timeouts, request.wire)


@lru_cache(maxsize=1024)
def _headers(own: Headers) -> Headers:
    """Return the default headers that a webhook does not set, followed by its *own* headers."""
    names = _names(own)
    return tuple(pair for pair in _DEFAULTS if pair[0].lower() not in names) + own


@lru_cache(maxsize=1024)
def _names(headers: Headers) -> frozenset[str]:
    return frozenset(name.lower() for name, _ in headers)
