"""The base of the classes that group the calls of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.workspace.engine import Engine
    from emulator.workspace.state import State


class EngineCalls:
    """Calls on the engine of one workspace, without their own state.

    Args:
        engine: the engine of the workspace.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def state(self) -> State:
        """The state of the workspace, for reading only."""
        return self._engine.state

    def now(self) -> datetime:
        """Return the workspace's time."""
        return self._engine.now()
