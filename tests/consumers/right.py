"""Right in all."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Consumer
from tests.consumers.serving import serve_asgi
from tests.consumers.starlette_app import starlette_app

consumer = Consumer()
app = starlette_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
