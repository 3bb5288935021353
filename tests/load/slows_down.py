"""Bug: some seconds after the first delivery, each answer takes 50 ms, one at a time."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Answer, Consumer
from tests.consumers.serving import serve_asgi
from tests.consumers.starlette_app import starlette_app

if TYPE_CHECKING:
    from collections.abc import Mapping

_AFTER, _PAUSE = 1.0, 0.05  # seconds


class SlowsDown(Consumer):
    """Blocks its event loop, as code does whose database has become slow."""

    first = 0.0

    def handle(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take one delivery."""
        now = time.monotonic()
        self.first = self.first or now
        if now - self.first > _AFTER:
            time.sleep(_PAUSE)
        return super().handle(headers, body)


consumer = SlowsDown()
app = starlette_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
