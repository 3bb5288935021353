"""Signs bodies and verifies signatures. Pure.

The time is an argument, in real Unix seconds, because verifiers compare with their own clock.
"""

from __future__ import annotations

import base64
import hmac
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from emulator.delivery import ed25519
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from emulator.delivery.records import Headers

Prefix = Literal["svix-", "webhook-"]

Code = Literal[
    "valid",
    "header_missing",
    "timestamp_malformed",
    "timestamp_too_old",
    "timestamp_too_new",
    "signature_malformed",
    "signature_wrong",
]
"""The result of verification. Codes are stable; texts are not."""

TOLERANCE = 300
"""Largest difference between a timestamp and the current time in seconds.

Source: documented by the vendor (Svix, verifying payloads: five minutes in its libraries).
"""

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of a secret, not one
_SECRET_BYTES = 24  # as the secret of the published test vector has


class SigningScheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How deliveries are signed, as part of a profile.

    ``standard`` (Svix, Standard Webhooks): HMAC-SHA256 of ``<id>.<timestamp>.<body>``, with the
    base64 key after ``whsec_``, in three headers: ``<prefix>id`` (id of the message, the same for
    all attempts), ``<prefix>timestamp`` (whole Unix seconds) and ``<prefix>signature``
    (``v1,<base64>`` for each secret, separated by a space). A secret ``whsk_...`` is a private key
    and signs with ed25519: ``v1a,<base64>``.

    Source: documented by the vendor (Svix, verifying payloads manually). That Testlify's v2 is Svix
    is documented; its prefix is unknown (``svix-`` assumed). No source says that v1 signs.

    Attributes:
        prefix: prefix of the three headers.
    """

    scheme: Literal["standard"] = "standard"
    prefix: Prefix = "svix-"

    @property
    def header_names(self) -> tuple[str, str, str]:
        """The headers of id, timestamp and signature."""
        return f"{self.prefix}id", f"{self.prefix}timestamp", f"{self.prefix}signature"


class Verdict(msgspec.Struct, frozen=True):
    """The result of verifying a request.

    Attributes:
        detail: the reason in words, without secrets; empty for a valid signature.
    """

    code: Code
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the signature is valid and recent."""
        return self.code == "valid"


# --- secrets --------------------------------------------------------------------------------


def checked_secret(secret: str, *, path: str | None = "$.secret") -> str:
    """Return *secret* if it can sign.

    Args:
        secret: the secret.
        path: JSON path of the secret for the error, which does not contain the secret.

    Raises:
        InvalidInputError: not ``whsec_`` or ``whsk_`` and base64.
    """
    if ed25519.is_private(secret):
        ed25519.private(secret, path)
    else:
        _standard_key(secret, path)
    return secret


def checked_key(key: str, *, path: str | None = None) -> str:
    """Return *key* if signatures can be verified with it: a secret, or a public key ``whpk_...``.

    Raises:
        InvalidInputError: as `checked_secret` does.
    """
    if key.startswith(ed25519.PUBLIC):
        ed25519.public(key, path)
        return key
    return checked_secret(key, path=path)


def made_secret(draw: random.Random, like: str | None = None) -> str:
    """Return a new secret, ``whsec_`` and base64.

    Args:
        draw: for the secret.
        like: a secret; in place of a private key, another private key is made.

    Source: documented by the vendor (Svix generates a secret for each endpoint without one); 24
    bytes, like the secret of its published test vector.
    """
    if like and ed25519.is_private(like):
        return ed25519.made(draw)
    return _SECRET_PREFIX + base64.b64encode(draw.randbytes(_SECRET_BYTES)).decode()


@lru_cache(maxsize=1024)
def _standard_key(secret: str, path: str | None = None) -> bytes:
    # As strict as the strictest of the vendor's libraries: Go's and JavaScript's require padding,
    # and Python's ignores characters that are not base64, which silently gives another key.
    encoded = secret.removeprefix(_SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True) if encoded != secret else b""
    except ValueError:
        key = b""
    if not key:
        message = (
            "not a secret to sign with; expected 'whsec_' and a key in base64 with its padding"
        )
        raise InvalidInputError(message, path=path)
    return key


# --- signing --------------------------------------------------------------------------------


def sign(
    signature: SigningScheme, secrets: Sequence[str], *, message_id: str, body: bytes, now: float
) -> Headers:
    """Return the signature headers.

    Args:
        signature: the scheme.
        secrets: at least one secret, newest first. All of them sign, so that two secrets are valid
            during a rotation.
        message_id: id of the message, the same for all attempts.
        body: the exact bytes.
        now: real Unix seconds.

    Raises:
        InvalidInputError: a secret does not fit the scheme.
    """
    timestamp = str(int(now))
    content = _content(message_id, timestamp, body)
    return (
        (f"{signature.prefix}id", message_id),
        (f"{signature.prefix}timestamp", timestamp),
        (
            f"{signature.prefix}signature",
            " ".join([_signed(secret, content) for secret in secrets]),
        ),
    )


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode("utf-8", "replace") + body


def _signed(secret: str, content: bytes) -> str:
    if ed25519.is_private(secret):
        return ed25519.signature(secret, content)
    return _v1(secret, content)


def _v1(secret: str, content: bytes) -> str:
    digest = hmac.digest(_standard_key(secret), content, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


# --- verifying ------------------------------------------------------------------------------


def verify(
    signature: SigningScheme, secret: str, headers: Headers, body: bytes, *, now: float
) -> Verdict:
    """Verify that a request is signed with *secret*.

    Args:
        signature: the scheme.
        secret: the secret, or the public key of a private key.
        headers: headers of the request in any case; of several with one name, the first is used.
        body: the exact bytes.
        now: real Unix seconds; a timestamp may differ by `TOLERANCE`.

    Raises:
        InvalidInputError: the secret does not fit the scheme.
    """
    checked_key(secret)
    found, names = _by_name(headers), signature.header_names
    missing = [name for name in names if not found.get(name)]
    if missing:
        return Verdict("header_missing", f"no header {', '.join(missing)}")
    message_id, timestamp, given = (found[name] for name in names)
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return Verdict("timestamp_malformed", f"{names[1]} is not a time in whole Unix seconds")
    off = int(timestamp) - now
    if off < -TOLERANCE:
        why = f"signed {math.ceil(-off)} s ago; at most {TOLERANCE} s are accepted"
        return Verdict("timestamp_too_old", why)
    if off > TOLERANCE:
        why = f"signed {math.ceil(off)} s in the future; at most {TOLERANCE} s are accepted"
        return Verdict("timestamp_too_new", why)
    return _verdict_of(secret, _content(message_id, timestamp, body), given, names[2])


def signed_text(signature: SigningScheme, headers: Headers, body: bytes) -> bytes:
    """Return the text that the signature of a request was made of."""
    found = _by_name(headers)
    message_id, timestamp, _ = (found.get(name, "") for name in signature.header_names)
    return _content(message_id, timestamp, body)


def _by_name(headers: Headers) -> dict[str, str]:
    """Return headers by their names in lower case; the first of a name counts."""
    return {name.lower(): value for name, value in reversed(headers)}


def _verdict_of(secret: str, content: bytes, given: str, header: str) -> Verdict:
    """Return the verdict on the signatures *given* in a header."""
    is_asymmetric = secret.startswith((ed25519.PRIVATE, ed25519.PUBLIC))
    version = ed25519.VERSION if is_asymmetric else "v1,"
    signatures = tuple(one for one in given.split(" ") if one.startswith(version))
    if not signatures:
        return Verdict("signature_malformed", f"no {version}<base64> in {header}")
    is_valid = ed25519.holds if is_asymmetric else _holds
    if is_valid(secret, content, signatures):
        return Verdict("valid")
    why = f"{header} does not fit: another secret, or the body was changed on the way"
    return Verdict("signature_wrong", why)


def _holds(secret: str, content: bytes, signatures: Sequence[str]) -> bool:
    # In constant time, and without an early end, so that the duration reveals nothing.
    wanted = _v1(secret, content).encode()
    found = [hmac.compare_digest(wanted, one.encode("utf-8", "replace")) for one in signatures]
    return any(found)


def prefix_in(headers: Headers) -> Prefix:
    """Return the prefix of the signature in *headers*; ``svix-`` by default."""
    names = {name.lower() for name, _ in headers}
    is_other = "webhook-signature" in names and "svix-signature" not in names
    return "webhook-" if is_other else "svix-"
