"""A consumer that verifies ed25519 signatures is graded with a private key."""

from __future__ import annotations

import base64
import random
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from emulator import conformance
from emulator.delivery import ed25519
from tests.consumers.core import HOOK, Consumer
from tests.consumers.starlette_app import starlette_app

PRIVATE = ed25519.made(random.Random(7))


class Verifies(Consumer):
    """Looks for a signature with the private key whose public key it knows."""

    def is_signed(self, content: bytes, signatures: str) -> bool:
        """Whether one of *signatures*, separated by spaces, is that of *content*."""
        raw = base64.b64decode((self.secret or "").removeprefix("whpk_"))
        key = Ed25519PublicKey.from_public_bytes(raw)
        return any(_holds(key, one, content) for one in signatures.split(" "))


def _holds(key: Ed25519PublicKey, signature: str, content: bytes) -> bool:
    version, _, encoded = signature.partition(",")
    try:
        key.verify(base64.b64decode(encoded), content)
    except InvalidSignature:
        return False
    return version == "v1a"


def outcomes(public: str) -> dict[str, str]:
    consumer = Verifies()
    consumer.configure(None, public, None)
    app: Any = starlette_app(consumer)
    results = conformance.run(
        app, url=HOOK, generation="v2", secret=PRIVATE, claims=["verifies_signature"],
        tags=["signature"],
    )  # fmt: skip
    return {result.check.id: result.outcome for result in results}


def test_it_passes_every_check_of_signatures() -> None:
    found = outcomes(ed25519.public_key(PRIVATE))
    assert {"refuses.signature-of-another", "refuses.signature-damaged"} <= set(found)
    assert set(found.values()) == {"passed"}


def test_a_consumer_with_another_public_key_accepts_nothing() -> None:
    found = outcomes(ed25519.public_key(ed25519.made(random.Random(8))))
    assert "passed" not in found.values()
