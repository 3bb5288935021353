"""Pages of the server: templates, security headers, forms and static files; never a route.

A form is safe from foreign pages because `request_guard.PageGuard` checks the ``Origin`` and
``Sec-Fetch-Site`` of every request before a handler runs.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from emulator.errors import InvalidInputError
from emulator.printing import visible
from emulator.server.http import body_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.requests import Request

HEADERS: Mapping[str, str] = MappingProxyType({
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers would then send the Origin of our own forms as null.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
})  # fmt: skip
"""The headers of every page: no inline script or style, no foreign origin, no frame."""

Form = ImmutableMultiDict[str, str]
"""The fields of a form; a name may occur several times."""

_MOST_FIELDS = 1_000
_MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
)


def page(
    template: str, status: int = 200, headers: Mapping[str, str] | None = None, /, **context: Any
) -> Response:
    """Return a page.

    Args:
        template: its path below ``templates/``.
        status: of the response.
        headers: in addition to `HEADERS`.
        context: the template's variables.
    """
    text = environment().get_template(template).render(context)
    return Response(
        text.encode("utf-8", "backslashreplace"),
        status,
        {**HEADERS, **(headers or {})},
        media_type="text/html",
    )


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the page of an error."""
    title = HTTPStatus(status).phrase
    return page("error.html.jinja", status, headers, title=title, message=message)


def see_other(url: str) -> Response:
    """Return the answer to a form that changed something: the browser loads *url*, a path."""
    return Response(status_code=303, headers={**HEADERS, "Location": url})


@cache
def environment() -> Environment:
    """Return the templates' environment.

    Text is escaped, an unknown variable is an error, and control characters and bidirectional
    overrides are shown as escapes. The filter ``as_is`` leaves them, for the values of fields that
    are sent back.
    """
    made = Environment(
        loader=PackageLoader("emulator.server"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(as_is=escape, when=when)
    made.globals["static"] = static_url
    return made


def _shown(value: Any) -> Any:
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return visible(value, but="\n\t") if is_text else value


def when(at: datetime) -> str:
    """Return a time as people read it, ``2026-01-01 00:00:00 UTC``."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


async def form_of(request: Request) -> Form:
    """Return the fields of a posted form.

    Raises:
        TooLargeError: beyond the limit of bodies.
        InvalidInputError: not UTF-8, or too many fields.
    """
    body = await body_of(request)
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError:
        message = f"not a form; expected UTF-8 and at most {_MOST_FIELDS} fields"
        raise InvalidInputError(message) from None
    return ImmutableMultiDict(fields)


async def static(request: Request) -> Response:
    """Give a static file; its URL has a digest of it, so browsers may keep it."""
    name = request.path_params["name"]
    if name not in _static_names():
        raise HTTPException(404)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=31536000, immutable"}
    kind = _MEDIA_TYPES[name.rpartition(".")[2]]
    return Response(_static(name), headers=headers, media_type=kind)


@cache
def static_url(name: str) -> str:
    """Return the URL of a static file."""
    return f"/static/{name}?{sha256(_static(name)).hexdigest()[:12]}"


@cache
def _static_names() -> frozenset[str]:
    folder = files("emulator.server") / "static"
    return frozenset(
        one.name for one in folder.iterdir() if one.name.rpartition(".")[2] in _MEDIA_TYPES
    )


@cache
def _static(name: str) -> bytes:
    return (files("emulator.server") / "static" / name).read_bytes()
