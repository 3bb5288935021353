"""A request as writes, pauses and closes, which the connection carries out. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from string import punctuation
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import msgspec

from emulator.delivery.faults.fault import effective
from emulator.delivery.sending import Sending, Write, content_length
from emulator.delivery.transports.address_guard import Address
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from emulator.delivery.records import Headers, Request
    from emulator.delivery.sending import WireAction

_URL = re.compile(r"(https?)://(?:[^/?#\\]*@)?([^/?#\\@]+)((?:[/?][^#]*)?)(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::([0-9]{0,5}))?", re.ASCII)
_HOST = re.compile(r"[a-z0-9._~-]+", re.ASCII)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\xff]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OURS = frozenset({"host", "content-length", "transfer-encoding"})
_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535

Key = tuple[str, str, int, str]
"""Scheme, checked address, port, host name. Requests with the same key can share a connection."""


class Destination(msgspec.Struct, frozen=True):
    """The parts of a URL that a request needs.

    Attributes:
        scheme: ``http`` or ``https``.
        host: the IDNA host name in lower case without brackets; resolved, and verified with TLS.
        port: TCP port.
        address: the address, if the URL has one in place of a name.
        known: keys of idle connections that can be used without resolving the name.
        path: path and query as in the request line.
        host_header: value of the Host header.
        head: request line after the method, and Host header, each with its line end.
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
        """Return the key of a connection to *address*."""
        return (self.scheme, address, self.port, self.host)


@lru_cache(maxsize=1024)
def parse_destination(url: str) -> Destination:
    """Parse *url*; user name and fragment are left out.

    Path and query are unchanged, except that spaces and non-ASCII letters are percent-encoded.

    Raises:
        InvalidInputError: not a URL that we can post to.
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
    # RFC 6761: localhost is always loopback, whatever a resolver says.
    addresses = ("127.0.0.1", "::1") if host == "localhost" else (host,) if address else ()
    known = tuple((scheme, one, port, host) for one in addresses)
    head = f"{path} HTTP/1.1\r\nHost: {host_header}\r\n"
    return Destination(scheme, host, port, address, known, path, host_header, head)


def plan(request: Request, target: Destination) -> tuple[WireAction, ...]:
    """Return the writes, pauses and closes that send *request*.

    The wire faults chunked, slow_body and reset can be combined. Of the other wire faults, only
    the last is applied.

    Raises:
        InvalidInputError: a header is invalid, or written by the transport itself.
    """
    head = f"{request.method} {target.head}{header_lines(request.headers)}"
    body = request.body
    framing = content_length(len(body))
    if not request.wire:
        return (Write(f"{head}{framing}\r\n\r\n".encode("latin-1") + body),)
    sending = Sending(head, framing, body, request.timeouts.total)
    for fault in effective(request.wire):
        sending = fault.send(sending)
    return sending.actions()


def header_lines(headers: Headers) -> str:
    """Return *headers* as lines with line ends; values are Latin-1, as in RFC 9112.

    Raises:
        InvalidInputError: as for `plan`.
    """
    return "".join([_line(*header) for header in headers])


@lru_cache(maxsize=1024)  # most headers of a webhook are always the same
def _line(name: str, value: str) -> str:
    if not _NAME.fullmatch(name):
        message = f"bad header name {name!r}: expected letters, digits and hyphens"
        raise InvalidInputError(message)
    if name.lower() in _OURS:
        message = f"header {name!r} is written by the client: leave it out"
        raise InvalidInputError(message)
    if not _VALUE.fullmatch(value):
        message = f"bad value {value!r} of header {name!r}"
        raise InvalidInputError(f"{message}: expected Latin-1, no line end and no NUL")
    return f"{name}: {value}\r\n"


def _host(url: str, literal: str | None, name: str) -> tuple[str, Address | None]:
    """Return host and address of *url*, whose authority contains ``[literal]`` or *name*."""
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
    """Return a host name in ASCII by IDNA 2008, or an empty string if it is not a host name.

    The checked name is the name that is resolved and dialled; the operating system never gets a
    name in another script.
    """
    if name.isascii() and "xn--" not in name:
        return name  # names in private networks may have underscores, which IDNA rejects
    import idna

    try:
        host = idna.encode(name, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        return ""
    # Digits of another script must not become an address.
    return "" if host.rpartition(".")[2].isdecimal() else host


def _bad_url(url: str, expected: str) -> InvalidInputError:
    return InvalidInputError(f"can't post to {url!r}: {expected}")
