"""Selects the workspace of a call by its access token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import UnauthorizedError
from emulator.server.http import emulator_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.workspace.workspace import Workspace

_LONGEST_TOKEN = 1_000


def workspace_of(request: Request) -> Workspace:
    """Return the workspace whose token the request carries.

    Raises:
        UnauthorizedError: no token, or strict and not a known one.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        message = "no access token; expected the header 'Authorization: Bearer TOKEN'"
        raise UnauthorizedError(message)
    return emulator_of(request).by_token(token)
