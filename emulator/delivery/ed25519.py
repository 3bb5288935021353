"""Asymmetric signatures of Standard Webhooks: ``v1a``, with ed25519. Needs the extra ``ed25519``.

A private key is ``whsk_`` and base64 of 64 bytes, the seed and the public key; a public key is
``whpk_`` and base64 of 32 bytes.

Source: documented by the vendor (Standard Webhooks, signature scheme; Svix's server, asymmetric
keys). No source says that Testlify signs so.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from nacl.signing import SigningKey, VerifyKey

PRIVATE = "whsk_"
PUBLIC = "whpk_"

VERSION = "v1a,"
"""What comes before the base64 of a signature."""

_SEED_BYTES, _PUBLIC_BYTES = 32, 32


def is_private(secret: str) -> bool:
    """Whether a secret is a private key."""
    return secret.startswith(PRIVATE)


def made(draw: random.Random) -> str:
    """Return a private key."""
    seed = draw.randbytes(_SEED_BYTES)
    key = _signing_key(seed)
    return PRIVATE + base64.b64encode(seed + bytes(key.verify_key)).decode()


def public_key(private_key: str) -> str:
    """Return the public key of a private key, ``whpk_...``."""
    return PUBLIC + base64.b64encode(bytes(private(private_key).verify_key)).decode()


def signature(private_key: str, content: bytes) -> str:
    """Return the signature of *content*, ``v1a,<base64>``."""
    signed = private(private_key).sign(content).signature
    return VERSION + base64.b64encode(signed).decode()


def holds(key: str, content: bytes, signatures: Iterable[str]) -> bool:
    """Whether one of *signatures* is that of *content*.

    Args:
        key: public or private.
        content: that was signed.
        signatures: ``v1a,<base64>``.
    """
    from nacl.exceptions import CryptoError

    verifier = public(key) if key.startswith(PUBLIC) else private(key).verify_key
    for one in signatures:
        try:
            verifier.verify(content, base64.b64decode(one.removeprefix(VERSION), validate=True))
        except (CryptoError, ValueError):
            continue
        return True
    return False


@lru_cache(maxsize=1024)  # a webhook signs with the same key each time
def private(key: str, path: str | None = None) -> SigningKey:
    """Return the key in a text.

    Raises:
        InvalidInputError: not a private key, or PyNaCl is not installed.
    """
    found = _decoded(key, PRIVATE)
    made = _signing_key(found[:_SEED_BYTES].ljust(_SEED_BYTES, b"\0"), path)
    if found[_SEED_BYTES:] != bytes(made.verify_key):
        message = "not a private key; expected 'whsk_' and base64 of 64 bytes, the public key last"
        raise InvalidInputError(message, path=path)
    return made


@lru_cache(maxsize=64)
def public(key: str, path: str | None = None) -> VerifyKey:
    """Return the key in a text.

    Raises:
        InvalidInputError: not a public key, or PyNaCl is not installed.
    """
    _signing_key(bytes(_SEED_BYTES), path)  # PyNaCl is there
    from nacl.signing import VerifyKey

    found = _decoded(key, PUBLIC)
    if len(found) != _PUBLIC_BYTES:
        message = "not a public key; expected 'whpk_' and base64 of 32 bytes"
        raise InvalidInputError(message, path=path)
    return VerifyKey(found)


def _decoded(key: str, prefix: str) -> bytes:
    try:
        return base64.b64decode(key.removeprefix(prefix), validate=True)
    except ValueError:
        return b""


def _signing_key(seed: bytes, path: str | None = None) -> SigningKey:
    try:
        from nacl.signing import SigningKey
    except ImportError:
        message = "ed25519 keys need PyNaCl: pip install 'testlify-emulator[ed25519]'"
        raise InvalidInputError(message, path=path) from None
    return SigningKey(seed)
