"""The control token, for which the page asks once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.server import html

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.server.request_guard import ControlToken


async def accept(request: Request) -> Response:
    """Give the cookie for the token, and load the page that was asked for.

    Raises:
        UnauthorizedError: not the token; the page asks again.
    """
    given = await html.form_of(request)
    path = given.get("path", "")
    answer = html.see_other(path if path.startswith("/ui/") and path != request.url.path else "/")
    token: ControlToken | None = request.app.state.control_token
    if token is not None:
        token.check(b"Bearer " + given.get("token", "").encode())
        name, value = token.cookie
        answer.set_cookie(
            name, value, httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
    return answer
