"""Bug: the test ping, which has no data, is a 500."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST

from tests.consumers.core import HOOK, Answer, Consumer, Event
from tests.consumers.serving import Whole, serve_asgi


class DiesOnThePing(Consumer):
    """Reads a payload without ``type`` and ``event`` as an expired invitation."""

    def understood(self, payload: dict[str, Any]) -> Event | None:
        """Return the event of a payload."""
        if "type" not in payload and "event" not in payload:
            _ = payload["data"]["candidateStatus"]  # the bug: KeyError
        return super().understood(payload)


async def hook(request: HttpRequest) -> HttpResponse:
    """Take one delivery."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return _response(consumer.handle(headers, request.body))


async def candidate(request: HttpRequest, name: str) -> HttpResponse:
    """Show one candidate."""
    return _response(consumer.look_up(name, request.GET.get("assessment")))


async def health(_: HttpRequest) -> HttpResponse:
    """Show that the consumer is up."""
    return _response(consumer.health())


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, content_type="application/json")


urlpatterns = [
    path(HOOK.removeprefix("/"), require_POST(hook)),
    path("candidates/<path:name>", candidate),
    path("health", health),
]

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], APPEND_SLASH=False)
    django.setup()

consumer = DiesOnThePing()
app = Whole(get_asgi_application())

if __name__ == "__main__":
    serve_asgi(app, consumer)
