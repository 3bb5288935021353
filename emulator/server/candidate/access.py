"""Selects the workspace below whose pages a request is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.server.http import emulator_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.workspace.workspace import Workspace


def workspace_of(request: Request) -> Workspace:
    """Return the workspace of a page; the path is the only access control.

    Raises:
        NotFoundError: there is none.
    """
    return emulator_of(request).by_pages(f"/w/{request.path_params['pages']}")
