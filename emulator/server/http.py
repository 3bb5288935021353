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


def duration(text: str, path: str) -> float:
    """Return a duration of a request's body in seconds.

    Raises:
        InvalidInputError: not one; with its JSON path.
    """
    try:
        return durations.parse(text)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, path=path) from None
