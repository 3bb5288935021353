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
from emulator.domain.webhook import checked_headers
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from emulator.delivery.records import Headers

Scheme = Literal["standard", "hmac-sha256-hex"]

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
_HEX_HEADER = "X-Convoy-Signature"


class SigningScheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How deliveries are signed, as part of a profile.

    ``standard`` (Svix, Standard Webhooks): HMAC-SHA256 of ``<id>.<timestamp>.<body>``, with the
    base64 key after ``whsec_``, in three headers: ``<prefix>id`` (id of the message, the same for
    all attempts), ``<prefix>timestamp`` (whole Unix seconds) and ``<prefix>signature``
    (``v1,<base64>`` for each secret, separated by a space). A secret ``whsk_...`` is a private key
    and signs with ed25519: ``v1a,<base64>``.

    ``hmac-sha256-hex`` (Convoy's simple form): HMAC-SHA256 of the body in hex, with the secret as
    the key.

    Source: documented by the vendors (Svix, verifying payloads manually; Convoy, signatures).
    That Testlify's v2 is Svix is documented; its prefix is unknown (``svix-`` assumed). No source
    says that v1 signs.

    Attributes:
        prefix: prefix of the three headers of ``standard``.
        header: header of ``hmac-sha256-hex``.

    Raises:
        ValueError: a prefix or a header for the other scheme, or an invalid header.
    """

    scheme: Scheme
    prefix: Prefix = "svix-"
    header: str = _HEX_HEADER

    def __post_init__(self) -> None:
        # ValueError, because msgspec adds the JSON path to it.
        if self.scheme == "standard" and self.header != _HEX_HEADER:
            message = "'header' goes with the scheme 'hmac-sha256-hex'; 'standard' has a 'prefix'"
            raise ValueError(message)
        if self.scheme == "hmac-sha256-hex" and self.prefix != "svix-":
            message = "'prefix' goes with the scheme 'standard'; 'hmac-sha256-hex' has a 'header'"
            raise ValueError(message)
        try:
            checked_headers(((self.header, ""),))
        except InvalidInputError as error:
            raise ValueError(error.message) from None

    @property
    def header_names(self) -> tuple[str, ...]:
        """The headers that carry the signature; of ``standard`` id, timestamp and signature."""
        if self.scheme == "standard":
            return tuple(f"{self.prefix}{part}" for part in ("id", "timestamp", "signature"))
        return (self.header,)


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


def checked_secret(signature: SigningScheme, secret: str, *, path: str | None = "$.secret") -> str:
    """Return *secret* if the scheme can sign with it.

    Args:
        signature: the scheme.
        secret: the secret.
        path: JSON path of the secret for the error, which does not contain the secret.

    Raises:
        InvalidInputError: an empty secret, or for ``standard``, not ``whsec_`` or ``whsk_`` and
            base64.
    """
    if signature.scheme == "standard" and ed25519.is_private(secret):
        ed25519.private(secret, path)
    elif signature.scheme == "standard":
        _standard_key(secret, path)
    elif not secret:
        message = "an empty secret; expected some text"
        raise InvalidInputError(message, path=path)
    elif any("\ud800" <= sign <= "\udfff" for sign in secret):
        message = "half a surrogate pair in the secret; expected Unicode text"
        raise InvalidInputError(message, path=path)
    return secret


def checked_key(signature: SigningScheme, key: str, *, path: str | None = None) -> str:
    """Return *key* if signatures can be verified with it: a secret, or a public key ``whpk_...``.

    Raises:
        InvalidInputError: as `checked_secret` does.
    """
    if signature.scheme == "standard" and key.startswith(ed25519.PUBLIC):
        ed25519.public(key, path)
        return key
    return checked_secret(signature, key, path=path)


def made_secret(signature: SigningScheme, draw: random.Random, like: str | None = None) -> str:
    """Return a new secret for the scheme: ``whsec_`` and base64, or hex.

    Args:
        signature: the scheme.
        draw: for the secret.
        like: a secret; in place of a private key, another private key is made.

    Source: documented by the vendor (Svix generates a secret for each endpoint without one); 24
    bytes, like the secret of its published test vector.
    """
    if signature.scheme == "standard" and like and ed25519.is_private(like):
        return ed25519.made(draw)
    key = draw.randbytes(_SECRET_BYTES)
    if signature.scheme == "standard":
        return _SECRET_PREFIX + base64.b64encode(key).decode()
    return key.hex()


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
        secrets: at least one secret, newest first. ``standard`` signs with all of them, so that
            two secrets are valid during a rotation; ``hmac-sha256-hex`` with the newest (assumed).
        message_id: id of the message, the same for all attempts.
        body: the exact bytes.
        now: real Unix seconds.

    Raises:
        InvalidInputError: a secret does not fit the scheme.
    """
    if signature.scheme == "hmac-sha256-hex":
        return ((signature.header, _hex(checked_secret(signature, secrets[0]), body)),)
    timestamp = str(int(now))
    id_, time, name = _stamps(signature.prefix, message_id, timestamp)
    content = _content(message_id, timestamp, body)
    return (id_, time, (name, " ".join([_signed(secret, content) for secret in secrets])))


@lru_cache(maxsize=256)  # the same for all webhooks that receive a message
def _stamps(
    prefix: Prefix, message_id: str, timestamp: str
) -> tuple[tuple[str, str], tuple[str, str], str]:
    """Return the headers before the signature, and the name of its header."""
    return (f"{prefix}id", message_id), (f"{prefix}timestamp", timestamp), f"{prefix}signature"


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode("utf-8", "replace") + body


def _signed(secret: str, content: bytes) -> str:
    if ed25519.is_private(secret):
        return ed25519.signature(secret, content)
    return _v1(secret, content)


def _v1(secret: str, content: bytes) -> str:
    mac = _mac(secret).copy()
    mac.update(content)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


@lru_cache(maxsize=1024)  # the key of a webhook is prepared once; a copy is cheaper than a new HMAC
def _mac(secret: str) -> hmac.HMAC:
    return hmac.new(_standard_key(secret), digestmod="sha256")


def _hex(secret: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()


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
    found = _by_name(headers)
    if signature.scheme == "standard":
        return _verify_standard(signature, secret, found, body, now)
    expected = _hex(checked_secret(signature, secret), body)
    given = found.get(signature.header.lower())
    if not given:
        return Verdict("header_missing", f"no header {signature.header}")
    return _compared(expected, (given.lower(),), signature.header)


def signed_text(signature: SigningScheme, headers: Headers, body: bytes) -> bytes:
    """Return the text that was signed."""
    if signature.scheme != "standard":
        return body
    found = _by_name(headers)
    message_id, timestamp, _ = (found.get(name, "") for name in signature.header_names)
    return _content(message_id, timestamp, body)


def _by_name(headers: Headers) -> dict[str, str]:
    """Return headers by their names in lower case; the first of a name counts."""
    return {name.lower(): value for name, value in reversed(headers)}


def _verify_standard(
    signature: SigningScheme, secret: str, found: dict[str, str], body: bytes, now: float
) -> Verdict:
    checked_key(signature, secret)
    names = signature.header_names
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
    is_asymmetric = secret.startswith((ed25519.PRIVATE, ed25519.PUBLIC))
    version = ed25519.VERSION if is_asymmetric else "v1,"
    signatures = tuple(one for one in given.split(" ") if one.startswith(version))
    if not signatures:
        return Verdict("signature_malformed", f"no {version}<base64> in {names[2]}")
    content = _content(message_id, timestamp, body)
    if not is_asymmetric:
        return _compared(_v1(secret, content), signatures, names[2])
    return _verdict(names[2], holds=ed25519.holds(secret, content, signatures))


def _compared(expected: str, given: Sequence[str], header: str) -> Verdict:
    # In constant time, and without an early end, so that the duration reveals nothing.
    wanted = expected.encode()
    matches = [hmac.compare_digest(wanted, one.encode("utf-8", "replace")) for one in given]
    return _verdict(header, holds=any(matches))


def _verdict(header: str, *, holds: bool) -> Verdict:
    if holds:
        return Verdict("valid")
    why = f"{header} does not fit: another secret, or the body was changed on the way"
    return Verdict("signature_wrong", why)


def prefix_in(headers: Headers) -> Prefix:
    """Return the prefix of the ``standard`` signature in *headers*; ``svix-`` by default."""
    names = {name.lower() for name, _ in headers}
    is_other = "webhook-signature" in names and "svix-signature" not in names
    return "webhook-" if is_other else "svix-"
