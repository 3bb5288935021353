"""Claims that a consumer can make; each enables the checks that require it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from emulator.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLAIMS: Mapping[str, str] = MappingProxyType({
    "answers_fast": "answers within a second",
    "checks_content_type": "accepts only application/json",
    "dedupes": "processes an event once, however often the event is delivered",
    "limits_size": "rejects bodies of many megabytes",
    "orders": "keeps a newer state when an older event arrives late",
    "requires_header": "rejects requests without the headers of --header",
    "stores_names": "stores names unchanged",
    "validates": "rejects JSON that is not a payload",
    "verifies_signature": "rejects requests without a valid and recent signature",
})  # fmt: skip
"""Name -> the behaviour that a consumer claims."""


def claimed(names: Iterable[str], *, path: str | None = None) -> frozenset[str]:
    """Return *names* as claims.

    Raises:
        UnknownNameError: one of them is unknown.
    """
    names = tuple(names)
    for name in names:
        if name not in CLAIMS:
            raise UnknownNameError("claim", name, CLAIMS, path=path, show_all=True)
    return frozenset(names)
