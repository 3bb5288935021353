"""Health, version and schemas over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from emulator import __version__
from emulator.errors import JournalError, NotFoundError, StoppingError, UnknownNameError
from emulator.server.control.operation import ControlOperation, Nothing

if TYPE_CHECKING:
    from emulator.server.operations import Call


class Health(msgspec.Struct, frozen=True):
    """The answer of a server that is well."""

    status: Literal["ok"]
    version: str


async def livez(_: Call[Nothing, None]) -> Health:
    """Say that the process lives."""
    return Health("ok", __version__)


async def readyz(call: Call[Nothing, None]) -> Health:
    """Say that calls are served.

    Raises:
        StoppingError: not for long any more.
        JournalError: changes can't be written down.
    """
    if call.emulator.is_stopping:
        raise StoppingError
    if call.emulator.journal.failure is not None:
        raise JournalError(call.emulator.journal.failure)
    return Health("ok", __version__)


async def schema(call: Call[Nothing, None]) -> dict[str, Any]:
    """Give the self-contained schema of an event type's payloads.

    Raises:
        NotFoundError: no such generation or event type.
    """
    try:
        return call.emulator.contracts.document(call.path("generation"), call.path("event"))
    except UnknownNameError as error:
        raise NotFoundError(error.message) from None


OPERATIONS = (
    ControlOperation(
        "livez", "GET", "/_emulator/livez", livez,
        "Say that the process lives.",
        Health, has_workspace=False,
    ),
    ControlOperation(
        "readyz", "GET", "/_emulator/readyz", readyz,
        "Say that calls are served; 503 while they are not.",
        Health, has_workspace=False,
    ),
    ControlOperation(
        "getSchema", "GET", "/_emulator/schemas/{generation}/{event}.json", schema,
        "Give the self-contained JSON Schema of an event type's payloads.",
        dict[str, Any], media_type="application/schema+json", has_workspace=False,
    ),
)  # fmt: skip
