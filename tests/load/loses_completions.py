"""Bug: every 180th completion is acknowledged and lost; that is about 1 message in 1,000."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Answer, Consumer
from tests.consumers.serving import serve_asgi
from tests.consumers.starlette_app import starlette_app

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERY = 180


class LosesCompletions(Consumer):
    """Answers before it stores a delivery, and sometimes loses it."""

    completions = count(1)

    def handle(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take one delivery."""
        if b'"COMPLETED"' in body and next(self.completions) % _EVERY == 0:
            return Answer(200, {"status": "taken"})
        return super().handle(headers, body)


consumer = LosesCompletions()
app = starlette_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
