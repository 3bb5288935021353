"""Answers the provider's calls: as their handlers do, or as a fault changes the answer."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from emulator.errors import EmulatorError
from emulator.server.http import emulator_of
from emulator.server.provider.access import workspace_of
from emulator.server.provider.errors import error
from emulator.serving import hang_up

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from emulator.delivery.reply import Ending, Reply
    from emulator.server.operations import Operation
    from emulator.workspace.workspace import Workspace


def route(operation: Operation) -> Route:
    """Return the route of a call of the provider's API."""
    name = f"{operation.method} {operation.path}"

    async def endpoint(request: Request) -> Response:
        if not operation.has_workspace:
            return await operation.respond(request, None)
        workspace = workspace_of(request)
        reply = workspace.reply_to(name, request.scope["path"])
        if reply is None:
            return await operation.respond(request, workspace)
        return await _misbehaving(reply, operation, request, workspace)

    return Route(operation.path, endpoint, methods=[operation.method])


async def _misbehaving(
    reply: Reply, operation: Operation, request: Request, workspace: Workspace
) -> Response:
    if reply.pause:
        async with emulator_of(request).unless_stopping():
            await asyncio.sleep(reply.pause)
    response = await _response(reply, operation, request, workspace)
    body = bytes(response.body)
    for edit in reply.edits if body else ():
        body = edit(body)
    headers = {name: one for name, one in response.headers.items() if name != "content-length"}
    if reply.ending is None:
        return Response(body, response.status_code, headers)
    return _Broken(body, response.status_code, headers, ending=reply.ending)


async def _response(
    reply: Reply, operation: Operation, request: Request, workspace: Workspace
) -> Response:
    if reply.status is None:
        try:
            return await operation.respond(request, workspace)
        except EmulatorError as wrong:
            return error(wrong.status, wrong.code, str(wrong))
    status = HTTPStatus(reply.status)
    response = error(status, status.name.lower(), f"{status.phrase}: a fault that is set")
    if reply.retry_after is not None:
        response.headers["Retry-After"] = str(reply.retry_after)
    return response


class _Broken(Response):
    """A response within which the connection ends."""

    def __init__(self, body: bytes, status: int, headers: dict[str, str], ending: Ending) -> None:
        super().__init__(body, status, headers)
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        after = self._ending.after
        if after is not None and self.body:
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            sent = bytes(self.body)[: min(after, len(self.body) - 1)]
            await send({"type": "http.response.body", "body": sent, "more_body": True})
        await hang_up(scope, receive, is_reset=self._ending.is_reset)
