"""A request as the moves that put it on the wire; pure, the connection makes the moves."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from string import punctuation
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import quote

import msgspec

from emulator.delivery.faults import wire as faults
from emulator.delivery.transports.guard import Address
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.delivery.records import Headers, Request

_Fault = TypeVar("_Fault")

_URL = re.compile(r"(https?)://(?:[^/?#\\]*@)?([^/?#\\@]+)((?:[/?][^#]*)?)(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::([0-9]{0,5}))?", re.ASCII)
_HOST = re.compile(r"[a-z0-9._~-]+", re.ASCII)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OURS = frozenset({"host", "content-length", "transfer-encoding"})
_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535
_BROKEN_HELLO = bytes.fromhex("16030102000100fffc0303") + bytes(16)
"""The start of a TLS record of 512 bytes: a ClientHello that claims to be longer than that."""


Key = tuple[str, str, int, str]
"""What a connection is good for: scheme, checked address, port, host name."""


class Write(msgspec.Struct, frozen=True):
    """Send these bytes."""

    data: bytes


class Pause(msgspec.Struct, frozen=True):
    """Do nothing for a while, in real seconds."""

    seconds: float


class Reset(msgspec.Struct, frozen=True):
    """Break the connection (TCP RST) once everything written is out; ends as ``cut``."""


class HalfClose(msgspec.Struct, frozen=True):
    """Say that nothing more comes (TCP FIN), and go on reading.

    TLS knows no such thing: there the connection is closed, which ends as ``cut``.
    """


Move = Write | Pause | Reset | HalfClose


class Target(msgspec.Struct, frozen=True):
    """Where a URL leads.

    Attributes:
        host: lower case, no brackets, IDNA; as resolved, and as verified with TLS.
        address: of a URL that holds a literal address.
        known: where a kept-alive connection may wait that needs no resolving.
        path: with the query, as in the request line.
        host_header: the Host header's value.
        head: request line and Host header, with the line ends.
    """

    scheme: Literal["http", "https"]
    host: str
    port: int
    address: Address | None
    known: tuple[Key, ...]
    path: str
    host_header: str
    head: str

    def key_at(self, address: str) -> Key:
        """Return what a connection to *address* is good for."""
        return (self.scheme, address, self.port, self.host)


@lru_cache(maxsize=1024)
def parse_target(url: str) -> Target:
    """Return where *url* leads; user name and fragment are left out.

    Path and query stay as they are, but for spaces and non-ASCII letters (percent-encoded).

    Raises:
        InvalidInputError: not a URL that we could post to.
    """
    match = None if _CONTROL.search(url) else _URL.fullmatch(url)
    authority = match and _AUTHORITY.fullmatch(match[2])
    if not match or not authority:
        raise _bad_url(url, "expected http://HOST[:PORT]/PATH or https://")
    scheme: Literal["http", "https"] = "https" if match[1].lower() == "https" else "http"
    host, address = _host(url, authority[1], authority[2])
    port = int(authority[3] or _PORTS[scheme])
    if not 0 < port <= _HIGHEST_PORT:
        raise _bad_url(url, f"expected a port from 1 to {_HIGHEST_PORT}")
    path = quote(match[3], safe=punctuation)
    if not path.startswith("/"):
        path = "/" + path
    host_header = f"[{host}]" if authority[1] else host
    if port != _PORTS[scheme]:
        host_header += f":{port}"
    # The name localhost is loopback by RFC 6761: no resolver has a say in it.
    addresses = ("127.0.0.1", "::1") if host == "localhost" else (host,) if address else ()
    known = tuple((scheme, one, port, host) for one in addresses)
    head = f"POST {path} HTTP/1.1\r\nHost: {host_header}\r\n"
    return Target(scheme, host, port, address, known, path, host_header, head)


def plan(request: Request, target: Target) -> tuple[Move, ...]:
    """Return the moves that put *request* on the wire.

    Of its wire faults, chunked, slow_body and reset go together; of all else the last one holds,
    alone.

    Raises:
        InvalidInputError: a header that can't stand on the wire, or is not the caller's to set.
    """
    head = f"{target.head}{header_lines(request.headers)}"
    if request.wire:
        return _broken(request, head)
    return (Write(_sized(head, len(request.body)) + request.body),)


def _sized(head: str, length: int) -> bytes:
    return f"{head}Content-Length: {length}\r\n\r\n".encode("latin-1")


def _broken(request: Request, head: str) -> tuple[Move, ...]:
    body = request.body
    match request.wire[-1]:
        case faults.TlsFailure():
            return (Write(_BROKEN_HELLO), Reset())
        case faults.HalfClose(after=after):
            return (Write(_sized(head, len(body)) + body[:after]), HalfClose())
        case faults.WrongLength(by=by):
            written = Write(_sized(head, max(0, len(body) + by)) + body)
            return (written, HalfClose()) if by > 0 else (written,)
    chunked = _last(request.wire, faults.Chunked)
    slow = _last(request.wire, faults.SlowBody)
    reset = _last(request.wire, faults.Reset)
    start = _sized(head, len(body))
    if chunked is not None:
        start = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode("latin-1")
        body = _in_chunks(body, chunked.size)
    end: tuple[Move, ...] = ()
    if reset is not None:
        body, end = body[: reset.after], (Reset(),)
    if slow is None:
        return (Write(start + body), *end)
    trickle = _slowly(body, slow.bytes_per_second, request.timeouts.total)
    return (Write(start), *trickle, *end)


def _last(wire: tuple[faults.WireFault, ...], kind: type[_Fault]) -> _Fault | None:
    return next((fault for fault in reversed(wire) if isinstance(fault, kind)), None)


def _in_chunks(body: bytes, size: int) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    return b"".join(chunks) + b"0\r\n\r\n"


def _slowly(body: bytes, rate: int, longest: float) -> Iterator[Move]:
    """Yield the moves that send *body* at *rate* bytes a second.

    They end in a pause once they took *longest* seconds: the attempt is over by then.
    """
    size = max(1, rate // 10)
    for start in range(0, len(body), size):
        if start:
            yield Pause(size / rate)
        if start / rate > longest:
            return
        yield Write(body[start : start + size])


@lru_cache(maxsize=256)  # an unsigned webhook sends the same ones each time
def header_lines(headers: Headers) -> str:
    """Return *headers* as lines, each with its line end; Latin-1, as RFC 9112 has values.

    Raises:
        InvalidInputError: as for `plan`.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    count = len(headers)
    # More line ends than headers: one of them carries a line of its own.
    if lines.count("\r") != count or lines.count("\n") != count or "\0" in lines:
        raise InvalidInputError(_bad_value(headers))
    if not lines.isascii() and any(ord(sign) > 0xFF for sign in lines):
        raise InvalidInputError(_bad_value(headers))
    for name, _ in headers:
        check_name(name)
    return lines


@lru_cache(maxsize=1024)
def check_name(name: str) -> None:
    """Refuse a header name that can't stand on the wire, or that only we may write.

    Raises:
        InvalidInputError: it is one of these.
    """
    if not _NAME.fullmatch(name):
        message = f"bad header name {name!r}: expected letters, digits and hyphens"
        raise InvalidInputError(message)
    if name.lower() in _OURS:
        message = f"header {name!r} is written by the client: leave it out"
        raise InvalidInputError(message)


def _bad_value(headers: Headers) -> str:
    for name, value in headers:
        if any(one in name for one in "\r\n\0"):
            return f"bad header name {name!r}: expected letters, digits and hyphens"
        if any(one in "\r\n\0" or ord(one) > 0xFF for one in value):
            break
    return f"bad value {value!r} of header {name!r}: expected Latin-1, no line end and no NUL"


def _host(url: str, literal: str | None, name: str) -> tuple[str, Address | None]:
    """Return host and address of *url*, whose authority holds ``[literal]`` or *name*."""
    try:
        address = ip_address(literal or name)
    except ValueError:
        address = None
    if literal and "%" in literal:
        raise _bad_url(url, "expected an address without a zone")
    if literal:
        if address is None or address.version == 4:
            raise _bad_url(url, "expected an IPv6 address between the brackets")
        return str(address), address
    if address is not None:
        return str(address), address
    host = _ascii_host(name.lower())
    if not _HOST.fullmatch(host):
        raise _bad_url(url, f"{name!r} is not a host name")
    return host, None


def _ascii_host(name: str) -> str:
    """Return a host name in ASCII, as IDNA 2008 has it; empty when it is none.

    What is checked here is what is resolved and dialled: the operating system never sees a name
    in another script.
    """
    if name.isascii() and "xn--" not in name:
        return name  # underscores, which IDNA refuses, are in use inside private networks
    import idna

    try:
        host = idna.encode(name, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        return ""
    # Digits of another script are no way to write an address.
    return "" if host.rpartition(".")[2].isdecimal() else host


def _bad_url(url: str, expected: str) -> InvalidInputError:
    return InvalidInputError(f"can't post to {url!r}: {expected}")
