"""Bug: a message that is delivered twice is counted twice."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Consumer, Event
from tests.consumers.flask_app import flask_app
from tests.consumers.serving import serve_wsgi

if TYPE_CHECKING:
    from tests.consumers.store import Invitation


class CountsDuplicates(Consumer):
    """Counts each message of the event type by which it first heard of the completion.

    So the two event types that tell of it count once, as they should.
    """

    def advanced(self, known: Invitation, event: Event) -> Invitation:
        """Return the invitation after *event*."""
        changed = super().advanced(known, event)
        if event.status != "COMPLETED":
            return changed
        first = None if event.word == "scoreUpdated" else event.word
        is_again = known.counted_by is not None and known.counted_by == event.word
        return replace(
            changed,
            counted_by=known.counted_by or first,
            completions=max(known.completions, 1) + is_again,
        )


consumer = CountsDuplicates()
app = flask_app(consumer)

if __name__ == "__main__":
    serve_wsgi(app, consumer)
