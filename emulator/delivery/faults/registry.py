"""The table of faults: kind -> class. A new fault is a line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from emulator.delivery.faults.body import ContentType, Corrupt, Mutate, Signature
from emulator.delivery.faults.plan import Delay, Drop, Duplicate, Flood, Reorder
from emulator.delivery.faults.wire import (
    Chunked,
    HalfClose,
    Reset,
    SlowBody,
    TlsFailure,
    WrongLength,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.faults.fault import Fault

AnyFault = (
    Drop | Delay | Duplicate | Reorder | Flood
    | Corrupt | Mutate | Signature | ContentType
    | SlowBody | Reset | HalfClose | WrongLength | Chunked | TlsFailure
)  # fmt: skip
"""Every fault; a tagged union, so that msgspec reads and writes it by its ``kind``."""

FAULTS: Mapping[str, type[Fault]] = MappingProxyType(
    {str(kind.__struct_config__.tag): kind for kind in get_args(AnyFault)}
)
"""Kind -> class, in the order in which they are shown."""
