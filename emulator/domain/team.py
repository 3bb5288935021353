"""The members of a customer's workspace: its generated owner and invited users."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.ids import ObjectId, chance, object_id
from emulator.domain.library_texts import library_texts

if TYPE_CHECKING:
    from emulator.domain.people import Organisation

ACTIVE = "ACTIVE"
INVITED = "INVITED"

OWNER = "OWNER"
"""The role of a workspace's owner (assumed, as all words here)."""


class Member(msgspec.Struct, frozen=True):
    """A member of the team of a workspace.

    Attributes:
        id: id of the membership.
        user_id: id of the person.
        role_id: id of the role, ``userRoleId``.
        status: ``ACTIVE``, or ``INVITED`` until the person follows the link.
        invite_key: key in the link of the invitation; empty for the owner.
        created_at: when the person joined or was invited.
    """

    id: ObjectId
    user_id: ObjectId
    email: str
    first_name: str
    last_name: str
    role: str
    role_id: str
    status: str
    invite_key: str
    created_at: datetime

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@lru_cache(maxsize=64)
def owner(seed: int, organisation: Organisation) -> Member:
    """Return the owner of a workspace with this seed and organisation."""
    draw = chance(seed, "owner", 0)
    signed_up = datetime.fromtimestamp(int(organisation.id[:8], 16), UTC)
    first, last = draw.choice(library_texts().owners)
    return Member(
        id=object_id(signed_up, draw),
        user_id=organisation.user_id,
        email=f"{first}.{last}@example.com".lower(),
        first_name=first,
        last_name=last,
        role=OWNER,
        role_id=object_id(signed_up, draw),
        status=ACTIVE,
        invite_key="",
        created_at=signed_up,
    )
