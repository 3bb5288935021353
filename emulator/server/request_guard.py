"""Checks every call before its handler: caller, Host, Origin, readiness."""

from __future__ import annotations

import hmac
import re
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.delivery.transports.address_guard import is_loopback
from emulator.errors import ForbiddenError, InvalidInputError, NotReadyError, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.emulator import Emulator

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:@/?#]+))(?::[0-9]*)?", re.ASCII)
_OF_A_PAGE = frozenset({b"host", b"origin", b"referer", b"sec-fetch-site"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

PREFIX = "/_emulator"
"""The start of all paths of the control API."""

TOKEN_PATH = "/ui/-/token"  # noqa: S105 - no workspace is called "-"
"""Where the page sends the control token."""

_TOKEN = re.compile(r"[!-~]{1,1000}")


class PageGuard:
    """Middleware that rejects requests of foreign web pages.

    A page whose own name resolves to the server (DNS rebinding) is recognised by the Host header.
    Other pages are recognised by Origin, or if a browser sends no Origin, by Sec-Fetch-Site or
    Referer of a call that can change something.

    Args:
        app: the application.
        hostnames: further host names of the server, besides loopback names.
        is_exposed: the server listens for other machines, so that Host may be any address. A page
            can let its name resolve to the server, but not an address.
    """

    def __init__(
        self, app: ASGIApp, hostnames: Iterable[str] = (), *, is_exposed: bool = False
    ) -> None:
        self._app = app
        self._hostnames = frozenset(name.lower() for name in hostnames)
        self._is_exposed = is_exposed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise.

        Raises:
            InvalidInputError: several Host headers.
            ForbiddenError: a foreign host or a foreign page.
        """
        if scope["type"] == "http":
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) > 1:
                message = f"{len(hosts)} Host headers; expected one"
                raise InvalidInputError(message)
            headers = {
                name: value.decode("latin-1").lower()
                for name, value in scope["headers"]
                if name in _OF_A_PAGE
            }
            host = headers.get(b"host", "")
            self._check_host(host)
            self._check_page(headers, host, is_safe=scope["method"] in _SAFE)
        await self._app(scope, receive, send)

    def _check_host(self, host: str) -> None:
        name = _name(host)
        is_ours = name in self._hostnames or is_loopback(name)
        if not is_ours and not (self._is_exposed and _is_address(name)):
            message = f"the Host {host[:80]!r} is no name of this server; allow it with --hostname"
            raise ForbiddenError(message)

    def _check_page(self, headers: dict[bytes, str], host: str, *, is_safe: bool) -> None:
        page = headers.get(b"origin")
        if page is None and not is_safe:
            # Browsers leave Origin out of some requests; a link to our page is no harm.
            page = headers.get(b"referer")
            site = headers.get(b"sec-fetch-site", "none")
            if site not in ("none", "same-origin"):
                message = f"a {site} page may not call this API"
                raise ForbiddenError(message)
        if page is not None and _netloc(page) != host:
            message = f"a page of {page[:80]!r} may not call this API"
            raise ForbiddenError(message)


class ControlToken:
    """The token of the control API, which is never shown.

    The cookie of the page has a digest and not the token, because browsers send cookies to all
    ports of a host.

    Args:
        token: the token as in the header.

    Attributes:
        cookie: name and value of the page's cookie; the name differs between servers on a host.

    Raises:
        InvalidInputError: empty, too long, or not visible ASCII.
    """

    # Not a string, because Starlette's Middleware shows its arguments in its repr.
    __slots__ = ("_value", "cookie")

    def __init__(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            message = "can't use the control token; expected 1 to 1000 visible ASCII characters"
            raise InvalidInputError(message)
        self._value = token.encode()
        digest = hmac.digest(self._value, b"cookie of the page", "sha256").hex()
        self.cookie = (f"testlify-emulator-{digest[:8]}", digest[8:])

    def check(self, authorization: bytes) -> None:
        """Check the value of an Authorization header.

        Raises:
            UnauthorizedError: no token, or a wrong token.
        """
        scheme, _, token = authorization.partition(b" ")
        token = token.strip()
        if scheme.lower() != b"bearer" or not hmac.compare_digest(token, self._value):
            known = "not the control token" if token else "no control token"
            message = f"{known}; expected the header 'Authorization: Bearer TOKEN'"
            raise UnauthorizedError(message)

    def check_cookie(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Check the cookie of a request of the page.

        Raises:
            UnauthorizedError: no cookie, or a wrong cookie.
        """
        name, value = self.cookie
        for header, cookies in headers:
            for cookie in cookies.split(b";") if header == b"cookie" else ():
                if hmac.compare_digest(cookie.strip(), f"{name}={value}".encode()):
                    return
        message = "the page needs the control token"
        raise UnauthorizedError(message)


class TokenGuard:
    """Middleware that requires the token for control calls, except ``livez`` and ``readyz``.

    For the page, it requires the cookie that the page sets after a login with the token.

    Args:
        app: the application.
        token: the token.
    """

    def __init__(self, app: ASGIApp, token: ControlToken) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise.

        Raises:
            UnauthorizedError: no token, or a wrong token.
        """
        if scope["type"] == "http" and _is_guarded(scope["path"]):
            self._token.check(dict(scope["headers"]).get(b"authorization", b""))
        elif scope["type"] == "http" and _is_page(scope["path"]):
            self._token.check_cookie(scope["headers"])
        await self._app(scope, receive, send)


class ReplayGuard:
    """Middleware that only allows ``livez`` until the journal is replayed.

    Args:
        app: the application.
        emulator: the emulator with the journal.
    """

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self._app = app
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise.

        Raises:
            NotReadyError: the journal is not replayed yet.
        """
        if not self._emulator.is_ready and scope["path"] != f"{PREFIX}/livez":
            message = "the journal is being replayed; wait for /_emulator/readyz"
            raise NotReadyError(message)
        await self._app(scope, receive, send)


def _is_guarded(path: str) -> bool:
    return path.startswith(PREFIX) and path not in (f"{PREFIX}/livez", f"{PREFIX}/readyz")


def _is_page(path: str) -> bool:
    return path in ("/", "/ui") or (path.startswith("/ui/") and path != TOKEN_PATH)


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def _name(host: str) -> str:
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]) if found else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
