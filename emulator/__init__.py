"""An emulator of Testlify's webhooks, and a harness for the code that receives them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.emulator import Emulator

__version__ = "0.1.0"

__all__ = ["Emulator", "__version__"]

_HOMES = {"Emulator": "emulator.emulator"}


def __getattr__(name: str) -> Any:
    # Lazily, so that importing one part of the package loads no other.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
