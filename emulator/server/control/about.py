"""Health, version and schemas over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import __version__
from emulator.errors import JournalError, StoppingError
from emulator.server.http import emulator_of, json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def livez(_: Request) -> Response:
    """Say that the process lives."""
    return json({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    """Say that calls are served.

    Raises:
        StoppingError: not for long any more.
        JournalError: what is asked of us can't be written down.
    """
    emulator = emulator_of(request)
    if emulator.is_stopping:
        raise StoppingError
    if emulator.journal.failure is not None:
        raise JournalError(emulator.journal.failure)
    return json({"status": "ok", "version": __version__})


async def schema(request: Request) -> Response:
    """Give the self-contained schema of an event type's payloads."""
    path = request.path_params
    contracts = emulator_of(request).contracts
    document = contracts.document(path["generation"], path["event"])
    return json(document, media_type="application/schema+json")
