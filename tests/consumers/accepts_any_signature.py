"""Bug: a signature has to be there, but may be any."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Consumer
from tests.consumers.serving import serve_asgi
from tests.consumers.starlette_app import starlette_app


class AcceptsAnySignature(Consumer):
    """Looks for the headers of a signature and at its time, and leaves it at that."""

    def is_signed(self, content: bytes, signatures: str) -> bool:  # noqa: ARG002 - the bug
        """Whether *content* is signed."""
        return True


consumer = AcceptsAnySignature()
app = starlette_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
