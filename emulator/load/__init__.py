"""Load tests: whole lifecycles at a given rate, from one machine or from many.

`TestlifyUser` is for locustfiles. Locust is imported when it is first asked for, because it
patches the standard library of the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.load.user import TestlifyUser

__all__ = ["TestlifyUser"]


def __getattr__(name: str) -> Any:
    if name != "TestlifyUser":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from emulator.load.user import TestlifyUser

    return TestlifyUser
