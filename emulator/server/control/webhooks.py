"""What the provider's API does not tell of a webhook: its secret, and a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.server.control.workspaces import workspace_of
from emulator.server.web import body_as, json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class _Rotate(msgspec.Struct, forbid_unknown_fields=True):
    secret: str | None = None


async def secret(request: Request) -> Response:
    """Tell the secret that a webhook signs with: the one answer that is not redacted."""
    webhook = workspace_of(request).state.webhook(request.path_params["id"])
    return json({"secret": webhook.secret})


async def rotate_secret(request: Request) -> Response:
    """Give a webhook a new secret; for 24 hours the one before signs, too."""
    workspace = workspace_of(request)
    id_ = request.path_params["id"]
    workspace.state.webhook(id_)
    asked = await body_as(request, _Rotate)
    webhook = workspace.rotate_secret(id_, asked.secret)
    await workspace.flush()
    return json({"secret": webhook.secret})
