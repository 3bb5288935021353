"""What a consumer can say of itself; each claim switches on the checks that need it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from emulator.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLAIMS: Mapping[str, str] = MappingProxyType({
    "answers_fast": "it answers within a second",
    "checks_content_type": "it takes nothing but application/json",
    "dedupes": "what it is told twice counts once",
    "limits_size": "it refuses bodies that are far too large",
    "orders": "what arrives late does not undo what is newer",
    "requires_header": "it takes nothing without the headers that --header names",
    "stores_names": "it keeps names as they were given",
    "validates": "it refuses JSON that is no payload",
    "verifies_signature": "it takes nothing without a right signature of now",
})  # fmt: skip
"""Name -> what is true of a consumer that claims it."""


def claimed(names: Iterable[str], *, path: str | None = None) -> frozenset[str]:
    """Return *names* as claims.

    Raises:
        UnknownNameError: one is none.
    """
    names = tuple(names)
    for name in names:
        if name not in CLAIMS:
            raise UnknownNameError("claim", name, CLAIMS, path=path, show_all=True)
    return frozenset(names)
