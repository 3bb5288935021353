"""Bug: an event type that the consumer has never heard of is a 500."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import WORDS, Consumer, Event
from tests.consumers.flask_app import flask_app
from tests.consumers.serving import serve_wsgi

HANDLERS = dict.fromkeys([*WORDS, "created", "updated", "archived", "deleted"], "handled")


class FailsOnUnknownEvents(Consumer):
    """Looks each event type up in a table that has only those of today."""

    def understood(self, payload: dict[str, Any]) -> Event | None:
        """Return the event of a payload."""
        word = payload.get("event")
        if isinstance(word, str):
            _ = HANDLERS[word]  # the bug: KeyError
        return super().understood(payload)


consumer = FailsOnUnknownEvents()
app = flask_app(consumer)

if __name__ == "__main__":
    serve_wsgi(app, consumer)
