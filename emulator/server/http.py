"""HTTP helpers of both APIs: request bodies and JSON answers; never a route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.responses import Response

from emulator import durations
from emulator.decoding import decode
from emulator.errors import InvalidInputError, TooLargeError

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.emulator import Emulator

_T = TypeVar("_T")

LARGEST_BODY = 1024 * 1024
"""Bytes of a request's body that are read."""


def json(content: Any, status: int = 200, media_type: str = "application/json") -> Response:
    """Return *content* as a JSON response."""
    return Response(msgspec.json.encode(content), status, media_type=media_type)


def emulator_of(request: Request) -> Emulator:
    """Return the emulator that serves this request."""
    found: Emulator = request.app.state.emulator
    return found


async def body_as(request: Request, kind: type[_T]) -> _T:
    """Return the request's JSON body as a *kind*; an empty body counts as ``{}``.

    Raises:
        TooLargeError: beyond the limit; not read to its end.
        InvalidInputError: not JSON, or not of that form; with the JSON path.
    """
    return decode(await body_of(request) or b"{}", kind)


async def body_of(request: Request) -> bytes:
    """Return the request's body.

    Raises:
        TooLargeError: beyond the limit; not read to its end.
    """
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > LARGEST_BODY:
        raise _too_large()
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large() -> TooLargeError:
    return TooLargeError(f"the body is larger than {LARGEST_BODY} bytes")


def number(request: Request, name: str, default: int, least: int) -> int:
    """Return a whole number from the query.

    Raises:
        InvalidInputError: not a whole number, or below *least*.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    return whole(text, name, least, path=f"?{name}")


def whole(text: str, name: str, least: int, *, path: str | None = None) -> int:
    """Return the whole number that *text*, of a query or a header, is.

    Raises:
        InvalidInputError: not a whole number, or below *least*.
    """
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < least:
        message = f"{name} is {text[:40]!r}; expected a whole number from {least}"
        raise InvalidInputError(message, path=path)
    return int(text)


def known_query(request: Request, *known: str) -> None:
    """Refuse query parameters that a call does not know: a misspelt filter would show all.

    Raises:
        InvalidInputError: one that is not *known*.
    """
    for name in request.query_params:
        if name not in known:
            message = f"unknown parameter {name[:40]!r}; known: {', '.join(known) or 'none'}"
            raise InvalidInputError(message, path=f"?{name[:40]}")


def duration(text: str, path: str) -> float:
    """Return a duration of a request's body in seconds.

    Raises:
        InvalidInputError: not one; with its JSON path.
    """
    try:
        return durations.parse(text)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, path=path) from None
