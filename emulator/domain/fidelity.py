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
    """A fact about the provider.

    Attributes:
        id: stable id for links and searches.
        known: the behaviour of the provider, or that it is unknown.
        is_emulated: whether the emulator behaves the same; ``unknown`` if that is not known.
        does: the behaviour of the emulator.
        provenance: how the fact is known; ``assumed`` for a choice of ours.
        where: file in ``emulator/`` and a name in it, ``domain/ids.py:object_id``.
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
        schema: path of the schema of the file, for editors.
        irregularities: irregularities of the documented v1 examples, in their order.
        delivery: facts about deliveries.
        api: facts about the provider's API.
        product: facts about the product besides webhooks.
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
