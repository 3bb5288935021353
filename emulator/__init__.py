"""An emulator of Testlify's webhooks, and a harness for the code that receives them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.conformance.fuzzing.strategies import testlify_sequences
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Attempt, Delivery
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.webhook import Webhook
    from emulator.emulator import Emulator
    from emulator.errors import EmulatorError
    from emulator.pytest_plugin.options import TestlifyOptions
    from emulator.pytest_plugin.testlify import AsyncTestlify, Testlify
    from emulator.receiver import Receiver
    from emulator.twin import RunningEmulator, RunningWorkspace, running
    from emulator.workspace.entry_data import Settings
    from emulator.workspace.workspace import Workspace

__version__ = "0.1.0"

__all__ = [
    "Assessment",
    "AsyncTestlify",
    "Attempt",
    "Candidate",
    "Delivery",
    "Emulator",
    "EmulatorError",
    "Profile",
    "Receiver",
    "RunningEmulator",
    "RunningWorkspace",
    "Settings",
    "Testlify",
    "TestlifyOptions",
    "Webhook",
    "Workspace",
    "__version__",
    "running",
    "testlify_sequences",
]

_HOMES = {
    "Assessment": "emulator.domain.assessment",
    "AsyncTestlify": "emulator.pytest_plugin.testlify",
    "Attempt": "emulator.delivery.records",
    "Candidate": "emulator.domain.candidate",
    "Delivery": "emulator.delivery.records",
    "Emulator": "emulator.emulator",
    "EmulatorError": "emulator.errors",
    "Profile": "emulator.delivery.profiles",
    "Receiver": "emulator.receiver",
    "RunningEmulator": "emulator.twin",
    "testlify_sequences": "emulator.conformance.fuzzing.strategies",
    "RunningWorkspace": "emulator.twin",
    "Settings": "emulator.workspace.entry_data",
    "Testlify": "emulator.pytest_plugin.testlify",
    "TestlifyOptions": "emulator.pytest_plugin.options",
    "Webhook": "emulator.domain.webhook",
    "Workspace": "emulator.workspace.workspace",
    "running": "emulator.twin",
}


_MODULES = frozenset({"faults", "receiver"})
"""Public modules."""


def __getattr__(name: str) -> Any:
    # Lazily, so that importing one part of the package loads no other.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
