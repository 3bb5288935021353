"""Access tokens that a workspace generates, and logins with a code; only digests are stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.ids import ObjectId, uuid

if TYPE_CHECKING:
    import random

ACTIVE = "ACTIVE"
EXPIRED = "EXPIRED"

CODE_VALIDITY = timedelta(minutes=10)
"""How long a login code is valid (assumed)."""


class AccessToken(msgspec.Struct, frozen=True):
    """An access token.

    Attributes:
        number: counts the tokens of the workspace from 1.
        digest: digest of the token, which is shown once and not stored.
        expires_at: when the token expires; None for never.
    """

    id: ObjectId
    number: int
    digest: str
    note: str
    created_at: datetime
    expires_at: datetime | None

    def status(self, now: datetime) -> str:
        """Return ``ACTIVE`` or ``EXPIRED`` (both words assumed)."""
        return EXPIRED if self.expires_at is not None and self.expires_at <= now else ACTIVE


class Login(msgspec.Struct, frozen=True):
    """A login by a code that is sent to an e-mail address.

    Attributes:
        number: counts the logins of the workspace from 1.
        code: six digits; users find it in the journal, as no e-mail is sent.
        key_digest: digest of the access key; empty until the code was verified.
    """

    number: int
    email: str
    code: str
    sent_at: datetime
    key_digest: str = ""


def access_token(draw: random.Random) -> str:
    """Return an access token: a UUID with the suffix ``-at`` (assumed, as an access key has)."""
    return f"{uuid(draw)}-at"


def access_key(draw: random.Random) -> str:
    """Return the access key of a login: a UUID with the suffix ``-ak`` (documented)."""
    return f"{uuid(draw)}-ak"


def digest_of(token: str) -> str:
    """Return the digest of a token or a key."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
