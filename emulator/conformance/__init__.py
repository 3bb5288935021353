"""Testing a consumer: checks (a file for each family), claims, and the consumer's state.

How results are shown is up to the reports. The names for Python and pytest are imported lazily:
``from emulator import conformance; conformance.run(app)``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.conformance.quick_checks import checks, demand, run
    from emulator.conformance.target import Target

__all__ = ["Target", "checks", "demand", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = "target" if name == "Target" else "quick_checks"
        return getattr(import_module(f"emulator.conformance.{home}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
