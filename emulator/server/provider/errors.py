"""Errors of the provider's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.server.http import json
from emulator.server.operations import Record

if TYPE_CHECKING:
    from starlette.responses import Response


class ErrorDetail(Record, frozen=True):
    """An error."""

    message: str
    code: str


class Error(Record, frozen=True):
    """The answer to a call that is refused.

    Source: observed, a live consumer reads ``error.message``; ``code`` is assumed.
    """

    error: ErrorDetail


def error(status: int, code: str, message: str) -> Response:
    """Return an error as the provider's API answers it."""
    return json(Error(ErrorDetail(message, code)), status)
