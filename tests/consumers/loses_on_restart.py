"""Bug: acknowledges deliveries that it keeps in memory only, and loses them at a restart."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Consumer
from tests.consumers.serving import serve_asgi
from tests.consumers.starlette_app import starlette_app
from tests.consumers.store import Store


class LosesOnRestart(Consumer):
    """Means to write later."""

    def opened(self, path: Path | None) -> Store:  # noqa: ARG002 - the bug
        """Return the store."""
        return Store(None)


consumer = LosesOnRestart()
app = starlette_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
