"""Captures as HAR 1.2, the HTTP Archive format of browsers and proxies. Pure.

A body that is not UTF-8 has no place in a HAR request. It is written in base64, with the custom
field ``_encoding``: ``base64``, as responses have it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from emulator import __version__
from emulator.captures.capture import Capture
from emulator.decoding import convert, indented
from emulator.durations import instant, parse_instant
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_UNKNOWN = -1
_NO_RESPONSE = {
    "status": 0, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": _UNKNOWN,
    "bodySize": _UNKNOWN,
}  # fmt: skip
"""A capture is saved before it is answered."""


class _Field(msgspec.Struct):
    name: str
    value: str


class _Body(msgspec.Struct, rename="camel", omit_defaults=True):
    text: str
    mime_type: str = msgspec.field(name="mimeType", default="")
    encoding: str = msgspec.field(name="_encoding", default="")


class _HarRequest(msgspec.Struct, rename="camel"):
    method: str
    url: str
    http_version: str = "HTTP/1.1"
    cookies: list[Any] = []
    headers: list[_Field] = []
    query_string: list[Any] = []
    post_data: _Body | None = None
    headers_size: int = _UNKNOWN
    body_size: int = _UNKNOWN


class _Entry(msgspec.Struct, rename="camel"):
    started_date_time: str
    request: _HarRequest
    time: float = 0
    response: Any = msgspec.field(default_factory=lambda: _NO_RESPONSE)
    cache: Any = msgspec.field(default_factory=dict)
    timings: Any = msgspec.field(default_factory=lambda: {"send": 0, "wait": 0, "receive": 0})


class _Log(msgspec.Struct, kw_only=True):
    version: str = "1.2"
    creator: Any = msgspec.field(
        default_factory=lambda: {"name": "testlify-emulator", "version": __version__}
    )
    entries: list[_Entry]


class _Har(msgspec.Struct):
    log: _Log


def is_har(value: Any) -> bool:
    """Whether decoded JSON is a HAR document."""
    return isinstance(value, dict) and isinstance(value.get("log"), dict)


def written(capture: Capture, at: datetime) -> bytes:
    """Return the HAR document of one capture, which arrived *at*; indented."""
    request = _HarRequest(
        capture.method,
        capture.url,
        headers=[_Field(name, value) for name, value in capture.headers],
        post_data=_body(capture) if capture.body else None,
        body_size=len(capture.body),
    )
    document = _Har(_Log(entries=[_Entry(instant(at), request)]))
    return f"{indented(msgspec.json.encode(document))}\n".encode()


def captures(value: Any) -> Iterator[Capture]:
    """Yield the requests with a body of a decoded HAR document, in its order.

    Raises:
        InvalidInputError: not a HAR document; with the JSON path.
    """
    for number, entry in enumerate(convert(value, _Har).log.entries):
        request, place = entry.request, f"$.log.entries[{number}]"
        if request.post_data is None:
            continue
        yield Capture(
            _bytes(request.post_data, f"{place}.request.postData.text"),
            at=parse_instant(entry.started_date_time, path=f"{place}.startedDateTime"),
            method=request.method,
            url=request.url,
            # Browsers note HTTP/2's pseudo-headers, such as :authority, too.
            headers=tuple((h.name, h.value) for h in request.headers if h.name[:1] != ":"),
        )


def _body(capture: Capture) -> _Body:
    kind = capture.header("content-type") or ""
    try:
        return _Body(capture.body.decode(), kind)
    except UnicodeDecodeError:
        return _Body(b64encode(capture.body).decode(), kind, "base64")


def _bytes(body: _Body, path: str) -> bytes:
    if body.encoding != "base64":
        return body.text.encode("utf-8", "surrogatepass")
    try:
        return b64decode(body.text, validate=True)
    except ValueError:
        message = "not base64, as '_encoding' says"
        raise InvalidInputError(message, path=path) from None
