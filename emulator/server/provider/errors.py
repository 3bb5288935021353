"""Errors of the provider's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.server.http import json

if TYPE_CHECKING:
    from starlette.responses import Response


def error(status: int, code: str, message: str) -> Response:
    """Return an error as the provider's API answers it.

    Source: observed, a live consumer reads ``error.message``; ``code`` is assumed.
    """
    return json({"error": {"message": message, "code": code}}, status)
