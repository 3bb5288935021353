"""Bug: the signature is held against the body parsed and serialised again, not as it arrived."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.asking import dumped
from tests.consumers.core import Consumer
from tests.consumers.serving import serve_asgi
from tests.consumers.starlette_app import starlette_app


class VerifiesASerialisedBody(Consumer):
    """Verifies as `JSON.stringify(request.body)` does behind a framework that parses bodies."""

    def is_signed(self, content: bytes, signatures: str) -> bool:
        """Whether one of *signatures* is that of *content*."""
        id_, at, body = content.split(b".", 2)
        try:
            body = dumped(json.loads(body))
        except (ValueError, RecursionError):
            return False
        return super().is_signed(b".".join([id_, at, body]), signatures)


consumer = VerifiesASerialisedBody()
app = starlette_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
