"""Applications that are mounted in this process; other URLs are sent over the wire."""

from __future__ import annotations

import asyncio
import re
from itertools import count
from typing import TYPE_CHECKING

from emulator.delivery.records import Outcome
from emulator.delivery.transports.asgi import SCHEME, InProcess, destination_of
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from emulator.delivery.records import Request, Transport
    from emulator.delivery.transports.asgi import App

_UNFIT = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 40


class Mounts:
    """The transport of one workspace, which sends to mounted applications or over the wire.

    Args:
        wire: the transport for URLs of other schemes.
    """

    def __init__(self, wire: Transport) -> None:
        self._wire = wire
        self._apps: dict[str, InProcess] = {}

    def mount(self, app: App, name: str) -> str:
        """Mount *app* and return its URL, ``asgi://NAME/``, to which a path can be appended.

        Args:
            app: an ASGI 3 application.
            name: a readable name; turned into a valid and unique part of the URL.
        """
        plain = _UNFIT.sub("-", name.lower()).strip("-")[:_LONGEST_NAME] or "app"
        taken = (f"{plain}-{number}" for number in count(2))
        fit = plain if plain not in self._apps else next(n for n in taken if n not in self._apps)
        self._apps[fit] = InProcess(app)
        return f"{SCHEME}{fit}/"

    def check(self, url: str) -> None:
        """Check that an ``asgi://`` URL leads to a mounted application; other URLs pass.

        Raises:
            InvalidInputError: no application is mounted there.
        """
        if url.startswith(SCHEME) and (name := destination_of(url).host) not in self._apps:
            known = f"; mounted: {', '.join(sorted(self._apps))}" if self._apps else ""
            message = f"no application is mounted as {name!r} in this workspace{known}"
            raise InvalidInputError(message, path="$.payloadUrl")

    def send(self, request: Request) -> asyncio.Future[Outcome]:
        """Send one request."""
        if not request.url.startswith(SCHEME):
            return self._wire.send(request)
        name = destination_of(request.url).host
        app = self._apps.get(name)
        return app.send(request) if app else asyncio.ensure_future(_unreachable(name))

    async def close(self) -> None:
        """Stop running applications; the wire belongs to the emulator."""
        for app in self._apps.values():
            await app.close()


async def _unreachable(name: str) -> Outcome:
    # The journal is from an earlier process, which had mounted the application.
    return Outcome("unreachable", detail=f"no application is mounted as {name!r} in this process")
