"""Bug: a status that arrives late replaces the newer one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Consumer, Event
from tests.consumers.fastapi_app import fastapi_app
from tests.consumers.serving import serve_asgi

if TYPE_CHECKING:
    from tests.consumers.store import Invitation


class Regresses(Consumer):
    """Takes the status of every new message, even if the event is older."""

    def advanced(self, known: Invitation, event: Event) -> Invitation:
        """Return the invitation after *event*."""
        changed = super().advanced(known, event)
        return changed if event.fact in known.facts else replace(changed, status=event.status)


consumer = Regresses()
app = fastapi_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
