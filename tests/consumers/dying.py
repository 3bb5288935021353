"""A consumer that answers 200 and ends once it heard of a completion, at once or later."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEADLINE = 20.0  # real seconds


class Dying:
    """Serves in a thread until the first completion; a context manager.

    Args:
        after: real seconds between the answer to the completion and the end; 0 ends before the
            answer is sent, so that no later request gets through.

    Attributes:
        ended: set once it no longer listens.
    """

    def __init__(self, after: float = 0.0) -> None:
        self._after = after
        self._port = 0
        self.ended = threading.Event()

    def __enter__(self) -> Dying:
        """Listen."""
        self.revive()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, if it still does."""
        if not self.ended.is_set():
            self._end()

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self._port}/hook"

    def revive(self) -> None:
        """Listen again, on the same port."""
        self.ended.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()

    def wait(self) -> None:
        """Return once it has ended."""
        assert self.ended.wait(DEADLINE)

    def _end(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.ended.set()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        dying = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if b'"candidateStatus":"COMPLETED"' in body:
                    if dying._after:
                        threading.Timer(dying._after, dying._end).start()
                    else:
                        dying._end()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler
