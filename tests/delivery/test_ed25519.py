"""Signatures with ed25519; cryptography, which shares no code with PyNaCl, verifies them.

The vendors' libraries for Python and Node verify symmetric signatures alone.
"""

from __future__ import annotations

import asyncio
import base64
import random
import sys
import time

import pytest
import standardwebhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from emulator import Emulator
from emulator.delivery import ed25519
from emulator.delivery.faults.signature import Signature
from emulator.delivery.signing import (
    SigningScheme,
    checked_key,
    checked_secret,
    made_secret,
    sign,
    verify,
)
from emulator.errors import InvalidInputError
from emulator.receiver import Receiver

PRIVATE = (
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
)
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, NOW, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330.0, b'{"test": 2432232314}'
PUBLISHED = (
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)
SVIX, WEBHOOK = SigningScheme("standard"), SigningScheme("standard", prefix="webhook-")
OTHER = ed25519.made(random.Random(1))


def is_signed(public: str, headers: dict[str, str], body: bytes, prefix: str = "svix-") -> bool:
    """Whether cryptography finds one of the signatures right."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    content = f"{headers[prefix + 'id']}.{headers[prefix + 'timestamp']}.".encode() + body
    for one in headers[prefix + "signature"].split(" "):
        version, _, signature = one.partition(",")
        try:
            if version == "v1a":
                key.verify(base64.b64decode(signature), content)
                return True
        except InvalidSignature:
            continue
    return False


def test_the_published_vector() -> None:
    headers = sign(SVIX, [PRIVATE], message_id=ID, body=BODY, now=NOW)
    assert dict(headers)["svix-signature"] == PUBLISHED
    assert ed25519.public_key(PRIVATE) == PUBLIC


@pytest.mark.parametrize("scheme", [SVIX, WEBHOOK])
def test_another_library_verifies_our_signatures(scheme: SigningScheme) -> None:
    for number in range(50):
        key, body = ed25519.made(random.Random(number)), random.Random(number).randbytes(number)
        headers = dict(sign(scheme, [key], message_id=ID, body=body, now=NOW))
        public = ed25519.public_key(key)
        assert is_signed(public, headers, body, scheme.prefix)
        assert not is_signed(public, headers, body + b" ", scheme.prefix)
        assert not is_signed(PUBLIC, headers, body, scheme.prefix)


@pytest.mark.parametrize("key", [PRIVATE, PUBLIC])
def test_it_is_verified_with_the_private_or_the_public_key(key: str) -> None:
    headers = sign(SVIX, [PRIVATE], message_id=ID, body=BODY, now=NOW)
    assert verify(SVIX, key, headers, BODY, now=NOW).holds
    assert verify(SVIX, key, headers, BODY + b" ", now=NOW).code == "signature_wrong"
    assert verify(SVIX, OTHER, headers, BODY, now=NOW).code == "signature_wrong"
    assert verify(SVIX, SECRET, headers, BODY, now=NOW).code == "signature_malformed"
    damaged = (*headers[:2], ("svix-signature", "v1a,%%%"))
    assert verify(SVIX, key, damaged, BODY, now=NOW).code == "signature_wrong"


def test_a_secret_and_a_key_sign_together() -> None:
    now = time.time()
    headers = dict(sign(WEBHOOK, [PRIVATE, SECRET], message_id=ID, body=BODY, now=now))
    standardwebhooks.Webhook(SECRET).verify(BODY, headers)
    assert is_signed(PUBLIC, headers, BODY, "webhook-")


@pytest.mark.parametrize(
    "key", ["whsk_", "whsk_%", "whsk_AAAA", PRIVATE[:-8], PRIVATE[:-6] + "AA=="]
)
def test_an_invalid_private_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        checked_secret(SVIX, key)
    assert str(error.value) == (
        "not a private key; expected 'whsk_' and base64 of 64 bytes, the public key last "
        "(at $.secret)"
    )


def test_a_public_key_verifies_and_does_not_sign() -> None:
    assert checked_key(SVIX, PUBLIC) == PUBLIC
    with pytest.raises(InvalidInputError, match="not a secret to sign with"):
        checked_secret(SVIX, PUBLIC)
    with pytest.raises(InvalidInputError, match="not a public key; expected 'whpk_' and base64"):
        checked_key(SVIX, "whpk_AAAA")


def test_without_pynacl_a_private_key_is_refused_with_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nacl.signing", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'testlify-emulator\[ed25519\]'"):
        checked_secret(SVIX, ed25519.PRIVATE + "new")


def test_a_new_secret_in_place_of_a_private_key_is_a_private_key() -> None:
    made = made_secret(SVIX, random.Random(2), PRIVATE)
    assert checked_secret(SVIX, made).startswith("whsk_")
    assert made_secret(SVIX, random.Random(2), SECRET).startswith("whsec_")


def test_the_fault_of_another_secret_signs_with_another_private_key() -> None:
    fault = Signature(how="wrong_secret")
    headers = fault.sign(SVIX, [PRIVATE], message_id=ID, body=BODY, now=NOW)
    assert dict(headers)["svix-signature"].startswith("v1a,")
    assert verify(SVIX, PUBLIC, headers, BODY, now=NOW).code == "signature_wrong"


def test_a_webhook_signs_deliveries_with_its_private_key() -> None:
    async def main() -> None:
        async with Receiver() as receiver, Emulator(clock="virtual", generation="v2") as emulator:
            workspace = emulator.workspace()
            hook = workspace.add_webhook(
                name="a", payload_url=receiver.url, events=[], secret=PRIVATE
            )
            workspace.create_assessment()
            await workspace.settle()
            rotated = workspace.rotate_secret(hook.id)
            workspace.create_assessment()
            await workspace.settle()
            first, second = receiver.requests
            assert is_signed(PUBLIC, dict(first.headers), first.body)
            assert is_signed(PUBLIC, dict(second.headers), second.body)  # for a day
            assert rotated.secret is not None
            public = ed25519.public_key(rotated.secret)
            assert is_signed(public, dict(second.headers), second.body)

    asyncio.run(main())
