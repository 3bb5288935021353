"""A consumer behind Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request

from tests.consumers.core import HOOK, LARGEST_BODY

if TYPE_CHECKING:
    from tests.consumers.core import Answer, Consumer


def flask_app(consumer: Consumer) -> Flask:
    """Return the WSGI application of *consumer*."""
    app = Flask(__name__)
    # 413. One byte more, because Flask cuts a body without a length here, and says nothing.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1

    @app.post(HOOK)
    def hook() -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return _response(consumer.handle(headers, request.get_data()))

    @app.get("/candidates/<path:name>")
    def candidate(name: str) -> Response:
        return _response(consumer.look_up(name, request.args.get("assessment")))

    @app.get("/health")
    def health() -> Response:
        return _response(consumer.health())

    return app


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type="application/json")
