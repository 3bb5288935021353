"""Errors of the control API: ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from emulator.errors import EmulatorError, IllegalCommandError
from emulator.server.http import json

if TYPE_CHECKING:
    from starlette.responses import Response


def problem(status: int, code: str, error: EmulatorError | str) -> Response:
    """Return *error* as a problem document.

    Its members: ``type``, ``title``, ``status``, ``detail``, our ``code``, and where there is
    one ``path`` (JSON path of the wrong value); an illegal command has ``state``, ``command``
    and ``legal``.
    """
    detail: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message if isinstance(error, EmulatorError) else error,
        "code": code,
    }
    if isinstance(error, EmulatorError) and error.path:
        detail["path"] = error.path
    if isinstance(error, IllegalCommandError):
        detail |= {"state": error.state, "command": error.command, "legal": error.legal}
    return json(detail, status, "application/problem+json")
