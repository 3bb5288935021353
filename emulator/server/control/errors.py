"""Errors of the control API: ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from emulator.errors import EmulatorError, IllegalCommandError
from emulator.server.http import json

if TYPE_CHECKING:
    from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """The answer to a call that is refused (RFC 9457).

    Attributes:
        path: JSON path of the wrong value.
        state, command, legal: of a command that the state of its subject does not allow.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    path: str | msgspec.UnsetType = msgspec.UNSET
    state: str | msgspec.UnsetType = msgspec.UNSET
    command: str | msgspec.UnsetType = msgspec.UNSET
    legal: list[str] | msgspec.UnsetType = msgspec.UNSET


def problem(status: int, code: str, error: EmulatorError | str) -> Response:
    """Return *error* as a problem document."""
    found = Problem(
        "about:blank",
        HTTPStatus(status).phrase,
        status,
        error.message if isinstance(error, EmulatorError) else error,
        code,
        (error.path if isinstance(error, EmulatorError) else None) or msgspec.UNSET,
    )
    if isinstance(error, IllegalCommandError):
        illegal = {"state": error.state, "command": error.command, "legal": error.legal}
        found = msgspec.structs.replace(found, **illegal)
    return json(found, status, MEDIA_TYPE)
