"""Masks secrets in all output: APIs, stream, reports, command line.

Only the journal has the secrets, because replay needs them.
"""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emulator.delivery.records import Headers, Outcome
    from emulator.domain.webhook import Webhook

MASK = "[redacted]"

_SHORTEST = 4
"""Characters of a secret that is searched in text; shorter secrets would match everywhere."""

_HARMLESS = frozenset({
    "accept", "allow", "cache-control", "connection", "content-encoding", "content-length",
    "content-type", "date", "etag", "expires", "host", "keep-alive", "last-modified", "location",
    "retry-after", "server", "svix-id", "svix-timestamp", "transfer-encoding", "user-agent",
    "vary", "via", "webhook-delivery", "webhook-id", "webhook-timestamp",
})  # fmt: skip
_SECRET_KEYS = frozenset({"secret", "secrets"})

_NAMES = ("authorization", "x-webhook-token")
_NAMED = re.compile(
    rf"""\b({"|".join(_NAMES)})(["']?[ \t]*[:=][ \t]*["']?)"""
    r"""((?:(?:bearer|basic|token)[ \t]+)?)(?!\[redacted|(?:bearer|basic|token)\b)[^\s,;}\])"']+""",
    re.IGNORECASE,
)
"""``Authorization: Bearer TOKEN`` within a text."""

_CORE = re.compile("[A-Za-z0-9]{4,}")
_LOWER_HEX = re.compile("%[0-9A-F]{2}")

_WORD = re.compile(r"[A-Za-z]{1,7}")
"""A secret like ``test``, searched as a whole word so that it does not match ``latest``."""


def shown_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return *headers* by name, with the value of every header masked that may be a secret.

    Several values with the same name are joined (RFC 9110, 5.3).
    """
    found: dict[str, str] = {}
    for name, shown in masked_headers(headers):
        found[name] = f"{found[name]}, {shown}" if name in found else shown
    return found


def masked_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return *headers* in order, with every value masked that is not known to be harmless."""
    return tuple((name, value if name.lower() in _HARMLESS else MASK) for name, value in headers)


def without_secrets(outcome: Outcome, sent: Headers, webhook: Webhook, longest: int) -> Outcome:
    """Return *outcome* with secrets masked in the answer, since some consumers echo requests.

    Answers are masked before they are recorded, because a secret in them could not be recognised
    later. The body is cut after that, so that no part of a secret remains at the end.

    Args:
        outcome: the outcome.
        sent: the headers of the attempt; the webhook may have other headers by now.
        webhook: the webhook with the secrets.
        longest: bytes of the body to keep.
    """
    body = outcome.body
    echoed = _echoed(outcome, _secrets(sent, webhook))
    if not echoed and len(body) <= longest:
        return outcome
    forms, text = _forms_of(echoed), body.decode("latin-1")
    masked = _without(forms, text)
    return msgspec.structs.replace(
        outcome,
        body=(body if masked == text else masked.encode("latin-1"))[:longest],
        headers=tuple((_without(forms, n), _without(forms, v)) for n, v in outcome.headers),
        detail=_without(forms, outcome.detail),
    )


def _secrets(sent: Headers, webhook: Webhook) -> list[str]:
    """Return the values of headers that may be secrets, and the secrets of the webhook."""
    secrets: list[str] = []
    for name, value in sent:
        if name.lower() not in _HARMLESS:
            secrets += {value, value.rpartition(" ")[2]}  # "Bearer TOKEN", and TOKEN
    if webhook.secret is not None:
        secrets.append(webhook.secret)
    for old in webhook.old_secrets:
        secrets.append(old.secret)
    return secrets


def _echoed(outcome: Outcome, secrets: list[str]) -> list[str]:
    """Return the secrets that may occur in an answer in some form."""
    # Each attempt has another signature, and most answers echo nothing.
    if not secrets:
        return secrets
    # Latin-1 keeps every byte. The forms of a secret include its UTF-8 bytes.
    parts = [outcome.body.decode("latin-1"), outcome.detail]
    for header in outcome.headers:
        parts += header
    answer = "\n".join(parts)
    # All forms of a secret have its core, because letters and digits are never escaped.
    return [
        secret for secret in secrets if (core := _CORE.search(secret)) is None or core[0] in answer
    ]


def redacted(value: Any, key: str = "") -> Any:
    """Return a record as plain JSON with secrets masked and headers by name.

    Args:
        value: nested dicts, lists and scalars.
        key: the key of the value.
    """
    if key in _SECRET_KEYS:
        return value and MASK
    if key == "headers" and isinstance(value, list | tuple):
        return shown_headers(value)
    if isinstance(value, dict):
        return {name: redacted(one, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one) for one in value]
    return value


def configured_secrets(record: Any) -> set[str]:
    """Return the secrets and the values of secret headers in a configuration.

    Args:
        record: nested structs, dicts and lists, for example a webhook or a scenario.
    """
    return {one for value in _configured(record) for one in (value, value.rpartition(" ")[2])}


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """Return plain data with all forms of *secrets* masked in its strings.

    Args:
        value: nested dicts, lists and scalars; keys are not masked.
        secrets: as `configured_secrets` finds them; shorter than four characters are ignored.
    """
    return _masked(value, _forms_of(secrets))


def _configured(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if key == "headers" and not isinstance(value, str):
        pairs = value.items() if isinstance(value, dict) else value or ()
        yield from (str(one) for name, one in pairs if name.lower() not in _HARMLESS)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _configured(one, str(name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _configured(one, key)
    elif key in _SECRET_KEYS and value:
        yield str(value)


def _without(forms: tuple[str, ...], text: str) -> str:
    """Return *text* with every form of a secret masked."""
    found = [form for form in forms if form in text]
    if not found:
        return text
    parts = (rf"\b{form}\b" if _WORD.fullmatch(form) else re.escape(form) for form in found)
    return re.sub("|".join(parts), MASK, text)


def _forms_of(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return all forms of secrets, longest first."""
    forms = {form for one in secrets if len(one) >= _SHORTEST for form in _forms(one)}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=1024)
def _forms(secret: str) -> set[str]:
    """Return the forms of a secret: unchanged, and escaped for JSON, URLs and HTML."""
    quoted = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    forms = {
        secret, *quoted, *(one.replace("/", "\\/") for one in quoted),
        *encoded, *(_LOWER_HEX.sub(lambda found: found[0].lower(), one) for one in encoded),
        html.escape(secret), html.escape(secret, quote=False),
        html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    }  # fmt: skip
    # Text that is decoded as Latin-1 has a character for each byte of UTF-8.
    return {*forms, *(one.encode().decode("latin-1") for one in forms)}


def _masked(value: Any, forms: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        shown = _without(forms, value)
        folded = shown.lower()
        is_named = any(name in folded for name in _NAMES)
        return _NAMED.sub(rf"\1\2\3{MASK}", shown) if is_named else shown
    if isinstance(value, dict):
        return {name: _masked(one, forms) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one, forms) for one in value]
    return value
