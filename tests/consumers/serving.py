"""Serves a sample consumer: its options and its server."""

from __future__ import annotations

import argparse
import socket
import sys
from typing import TYPE_CHECKING, Any

from tests.consumers.core import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tests.consumers.core import Consumer

GRACE = 1  # seconds that requests may take to end when the consumer is stopped


class Whole:
    """Hands an ASGI application whole bodies; answers 413 to one that is too large, part-read.

    What breaks off never reaches the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        body, is_more = b"", True
        while is_more and max(len(body), int(length)) <= LARGEST_BODY:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            is_more = message.get("more_body", False)
        if is_more:
            await send({"type": "http.response.start", "status": 413, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, replay, send)


def serve_asgi(app: ASGIApp, consumer: Consumer) -> None:
    """Serve with uvicorn, as the command line says."""
    import uvicorn

    listening = _listening(consumer)
    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=GRACE
    )
    uvicorn.Server(config).run([listening])


def serve_wsgi(app: Callable[..., Any], consumer: Consumer) -> None:
    """Serve with Werkzeug, a thread for each request, as the command line says."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    listening = _listening(consumer)
    host, port = listening.getsockname()
    make_server(
        host, port, app, threaded=True, request_handler=Quiet, fd=listening.fileno()
    ).serve_forever()


def _listening(consumer: Consumer) -> socket.socket:
    """Configure the consumer; return the socket, once somebody can call there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0 picks one")
    parser.add_argument("--token", help="expected in X-Webhook-Token")
    parser.add_argument("--secret", help="whsec_..., to verify signatures with")
    parser.add_argument("--state", help="file that what is known outlives the process in")
    asked = parser.parse_args()
    consumer.configure(asked.token, asked.secret, asked.state)
    listening = socket.create_server(("127.0.0.1", asked.port), backlog=512)
    sys.stdout.write(f"listening on http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    return listening
