"""The faults by name, for ``from emulator import faults``; what they do stands elsewhere."""

from emulator.delivery.faults.body import ContentType, Corrupt, Mutate, Signature
from emulator.delivery.faults.fault import Match
from emulator.delivery.faults.plan import Delay, Drop, Duplicate, Flood, Reorder
from emulator.delivery.faults.wire import (
    Chunked,
    HalfClose,
    Reset,
    SlowBody,
    TlsFailure,
    WrongLength,
)

__all__ = [
    "Chunked",
    "ContentType",
    "Corrupt",
    "Delay",
    "Drop",
    "Duplicate",
    "Flood",
    "HalfClose",
    "Match",
    "Mutate",
    "Reorder",
    "Reset",
    "Signature",
    "SlowBody",
    "TlsFailure",
    "WrongLength",
]
