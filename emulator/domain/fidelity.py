"""Facts about the provider beyond the other tables, read from ``fidelity.json``.

For ``docs/fidelity.md``; nothing runs by these facts. Event types, lifecycles, variants and schemas
carry their provenance themselves.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from emulator import data
from emulator.decoding import decode
from emulator.domain.events import Provenance

Emulated = Literal["yes", "partly", "no", "unknown"]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing about the provider.

    Attributes:
        id: stable, for links and searches.
        known: what the provider does, or that it is unknown.
        is_emulated: whether the emulator does the same; ``unknown`` when nobody can tell.
        does: what the emulator does.
        provenance: how we know what is known; ``assumed`` where it is our choice.
        where: file below ``emulator/`` and a name in it, ``domain/ids.py:object_id``.
    """

    id: str
    known: str
    is_emulated: Emulated
    does: str
    provenance: Provenance
    where: str


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All facts.

    Attributes:
        schema: of the file, for editors.
        irregularities: of the documented v1 examples, in the order of the reference.
        delivery: how messages travel.
        api: the provider's API for its customers.
        product: what the product does beside the webhooks.
    """

    irregularities: tuple[Fact, ...]
    delivery: tuple[Fact, ...]
    api: tuple[Fact, ...]
    product: tuple[Fact, ...]
    schema: str = msgspec.field(name="$schema")


@cache
def facts() -> Facts:
    """Return the facts."""
    return decode(data.facts(), Facts)
