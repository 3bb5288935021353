"""Bug: resultLink is always parsed as a URL."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.core import Consumer, Event
from tests.consumers.fastapi_app import fastapi_app
from tests.consumers.serving import serve_asgi


class ParsesResultLink(Consumer):
    """Looks where the report lies, also when there is only a path, or the text "null"."""

    def noted(self, event: Event) -> None:
        """Note the host of the report, for the download."""
        if event.link:
            host = urlsplit(event.link).hostname
            self.host = host.lower()  # type: ignore[union-attr]  # the bug: there may be none


consumer = ParsesResultLink()
app = fastapi_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
