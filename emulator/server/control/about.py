"""What the emulator is and holds: health, schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import __version__
from emulator.server.web import emulator_of, json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def livez(_: Request) -> Response:
    """Say that the process lives."""
    return json({"status": "ok", "version": __version__})


async def readyz(_: Request) -> Response:
    """Say that calls are served."""
    return json({"status": "ok", "version": __version__})


async def schema(request: Request) -> Response:
    """Give the self-contained schema of an event type's payloads."""
    path = request.path_params
    contracts = emulator_of(request).contracts
    document = contracts.document(path["generation"], path["event"])
    return json(document, media_type="application/schema+json")
