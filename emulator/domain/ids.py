"""Ids in Testlify's format, and the keyed random numbers for all generated data."""

from __future__ import annotations

import random
import string
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NewType
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

ObjectId = NewType("ObjectId", str)
"""24 hex digits, the first eight of them seconds since 1970 (a MongoDB ObjectId)."""

_BASE62 = (string.digits + string.ascii_letters).encode()
_TO_BASE62 = bytes(_BASE62[byte % 62] for byte in range(256))


def chance(seed: int, purpose: str, number: int) -> random.Random:
    """Return the random generator for a purpose and a number in a workspace.

    It depends on its arguments only, so that random choices never depend on each other.
    """
    return random.Random(f"{seed}/{purpose}/{number}")


def object_id(at: datetime, draw: random.Random) -> ObjectId:
    """Return an ObjectId with the time *at*.

    Source: observed, the ids in the documented examples have the dates of the examples.
    """
    return ObjectId(f"{int(at.timestamp()):08x}{draw.getrandbits(64):016x}")


def bare_object_id(at: datetime, offset: int) -> ObjectId:
    """Return an ObjectId that has only a time, *offset* seconds after *at*.

    Source: documented, ids of custom fields, skills, options and test cases end in sixteen
    zeros and count up by one second an item.
    """
    return ObjectId(f"{int(at.timestamp()) + offset:08x}{0:016x}")


def invite_key(draw: random.Random) -> str:
    """Return the key in an invite link: a UUID with the suffix ``-ik`` (documented)."""
    return f"{uuid(draw)}-ik"


def uuid(draw: random.Random) -> UUID:
    """Return a random UUID."""
    return UUID(int=draw.getrandbits(128), version=4)


def invitation_ids(seed: int, number: int, at: datetime) -> tuple[ObjectId, str, ObjectId]:
    """Return the id of a workspace's invitation, its invite key, and an id for a new person.

    Keyed as `chance` is, but by a hash, which takes a tenth of the time.
    """
    digest = blake2b(f"{seed}/invitation/{number}".encode(), digest_size=32).hexdigest()
    seconds = f"{int(at.timestamp()):08x}"
    a, b, c, d, e = digest[:8], digest[8:12], digest[13:16], digest[17:20], digest[20:32]
    return (
        ObjectId(seconds + digest[32:48]),
        f"{a}-{b}-4{c}-a{d}-{e}-ik",  # a UUID of version 4
        ObjectId(seconds + digest[48:]),
    )


@lru_cache(maxsize=1024)  # of a new invitation, for its index and for its link
def short_id(key: str) -> str:
    """Return eight characters for an invite key in a short link (assumed)."""
    return blake2b(key.encode(), digest_size=8).digest().translate(_TO_BASE62).decode()


def message_id(seed: int, number: int) -> str:
    """Return the id of a message in Svix's form, ``msg_`` and 27 characters (assumed for v1).

    Depends on its arguments like `chance`, but is faster.
    """
    digest = blake2b(f"{seed}/message/{number}".encode(), digest_size=27).digest()
    return f"msg_{digest.translate(_TO_BASE62).decode()}"
