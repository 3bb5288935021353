"""The ASGI application: both APIs, pages for people, and the form of their errors."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import ClientDisconnect

from emulator.errors import EmulatorError
from emulator.server.control import about
from emulator.server.control.operation import route
from emulator.server.request_guard import PREFIX, PageGuard, ReplayGuard, TokenGuard
from emulator.server.routing import ExactFirst

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from emulator.emulator import Emulator
    from emulator.server.request_guard import ControlToken

_log = logging.getLogger("emulator.server")


def application(
    emulator: Emulator,
    *,
    hostnames: Iterable[str] = (),
    control_token: ControlToken | None = None,
    is_exposed: bool = False,
) -> Starlette:
    """Return the ASGI application that serves *emulator*, which the caller starts and stops.

    Args:
        emulator: a running emulator.
        hostnames: further host names of the server, besides loopback names.
        control_token: the token of control calls and of the page; None requires no token.
        is_exposed: the server listens for other machines, so that Host may be any address.
    """
    handlers: dict[Any, Any] = {
        HTTPException: _refused,
        EmulatorError: _wrong,
        ClientDisconnect: _left,
    }
    guards = []
    if control_token is not None:
        guards.append(Middleware(TokenGuard, token=control_token))
    app = Starlette(
        exception_handlers={**handlers, Exception: _bug},
        middleware=[
            # The guards run outside of Starlette's error handling, so they need their own, to
            # answer errors in the form of the API.
            Middleware(ExceptionMiddleware, handlers=handlers),
            Middleware(PageGuard, hostnames=tuple(hostnames), is_exposed=is_exposed),
            *guards,
            Middleware(ReplayGuard, emulator=emulator),
        ],
    )
    app.router = ExactFirst([route(one) for one in about.OPERATIONS], more=_routes)
    app.state.emulator = emulator
    app.state.control_token = control_token
    return app


def _routes() -> list[Route]:
    # Imported with the first call of one of them: a start imports a third less without them.
    from emulator.server.routes import PAGES, ROUTES

    return [*ROUTES, *PAGES]


def _answer(request: Request, status: int, code: str, error: EmulatorError | str) -> Response:
    if request.url.path.startswith(PREFIX):
        from emulator.server.control.errors import problem

        response = problem(status, code, error)
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    from emulator.server.provider.errors import error as provider_error
    from emulator.server.routes import PAGES

    if any(route.path_regex.match(request.url.path) for route in PAGES):
        return _page(request, status, str(error))
    return provider_error(status, code, str(error))


def _page(request: Request, status: int, message: str) -> Response:
    from emulator.server import html

    if status == HTTPStatus.UNAUTHORIZED:
        return html.page("token.html.jinja", status, message=message, path=request.url.path)
    return html.error(status, message)


def _wrong(request: Request, error: EmulatorError) -> Response:
    return _answer(request, error.status, error.code, error)


def _left(request: Request, _: ClientDisconnect) -> Response:
    # The client never reads this, but without an answer a traceback would be logged.
    return _answer(request, 400, "bad_request", "the body is incomplete")


def _refused(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        message = f"no such path: {request.method} {request.url.path[:200]}"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = _allowed(request)
        message = f"{request.method} is not allowed here; allowed: {allowed}"
        error = HTTPException(error.status_code, headers={"Allow": allowed})
    else:
        message = error.detail
    code = HTTPStatus(error.status_code).name.lower()
    response = _answer(request, error.status_code, code, message)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def _allowed(request: Request) -> str:
    # The framework names the methods of the first route with that path only.
    methods: set[str] = set()
    for one in _routes():
        if one.path_regex.match(request.url.path):
            methods |= one.methods or set()
    return ", ".join(sorted(methods))


def _bug(request: Request, error: Exception) -> Response:
    _log.error("a bug in %s %s", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, "internal_error", "a bug of the emulator; its log has the details")
