"""Calls that a consumer makes to the provider API while it handles deliveries; never the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from emulator.emulator import Emulator

_MOST_SHOWN = 10


class Callback(msgspec.Struct, frozen=True):
    """One call to the provider API.

    Attributes:
        path: the path, with the query.
        status: the status of the answer.
        event: event type of the delivery under way; empty unless exactly one was under way.
    """

    method: str
    path: str
    status: int
    event: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether the call was answered with an error."""
        return self.status >= 400

    def __str__(self) -> str:
        """Return the call and its answer on one line."""
        during = f" during {self.event}" if self.event else ""
        return f"{self.method} {self.path} was answered {self.status}{during}"


ApiServer = Callable[["Emulator"], AbstractAsyncContextManager[Sequence[Callback]]]
"""Serves the provider API of an emulator while the context is open; yields the calls so far."""


def serving_api(
    serve: ApiServer | None, emulator: Emulator
) -> AbstractAsyncContextManager[Sequence[Callback]]:
    """Return the context in which *serve* serves the provider API; without it, an empty one."""
    return nullcontext(()) if serve is None else serve(emulator)


def evidence(calls: Sequence[Callback]) -> list[str]:
    """Return lines that describe the consumer's callbacks; failed callbacks come first."""
    lines = [f"its callback failed: {call}" for call in calls if call.is_failure]
    lines += [f"it called back: {call}" for call in calls if not call.is_failure]
    lines = list(dict.fromkeys(lines))
    more = [f"and {len(lines) - _MOST_SHOWN} other callbacks"] if len(lines) > _MOST_SHOWN else []
    return lines[:_MOST_SHOWN] + more
