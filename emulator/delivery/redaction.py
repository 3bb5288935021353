"""Redacts secrets from everything that leaves the program.

The journal keeps secrets, because replay needs them; every way out (APIs, stream, reports,
the command line) shows headers and records through here.
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
"""Characters of a secret that is looked for in answers; a shorter one is in any text."""

_HARMLESS = frozenset({
    "accept", "allow", "cache-control", "connection", "content-encoding", "content-length",
    "content-type", "date", "etag", "expires", "host", "keep-alive", "last-modified", "location",
    "retry-after", "server", "svix-id", "svix-timestamp", "transfer-encoding", "user-agent",
    "vary", "via", "webhook-delivery", "webhook-id", "webhook-timestamp",
})  # fmt: skip
_SECRET_KEYS = frozenset({"secret", "secrets"})

_NAMED = re.compile(
    r"""\b(authorization|x-webhook-token)(["']?[ \t]*[:=][ \t]*["']?)"""
    r"""((?:(?:bearer|basic|token)[ \t]+)?)(?!\[redacted|(?:bearer|basic|token)\b)[^\s,;}\])"']+""",
    re.IGNORECASE,
)
"""``Authorization: Bearer TOKEN`` in the middle of some text."""

_LOWER_HEX = re.compile("%[0-9A-F]{2}")

_WORD = re.compile(r"[A-Za-z]{1,7}")
"""A secret like ``test``: looked for as a whole word, or it would be found in ``latest``."""


def shown_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return *headers* by name, with every value masked that is not known to be harmless.

    The values of a name that occurs several times are joined, as RFC 9110 (5.3) has it.
    """
    found: dict[str, str] = {}
    for name, shown in masked_headers(headers):
        found[name] = f"{found[name]}, {shown}" if name in found else shown
    return found


def masked_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return *headers* in order, with every value masked that is not known to be harmless."""
    return tuple((name, value if name.lower() in _HARMLESS else MASK) for name, value in headers)


def without_secrets(outcome: Outcome, sent: Headers, webhook: Webhook, longest: int) -> Outcome:
    """Return *outcome* without secrets in what was answered: some consumers echo what they get.

    The one thing that is masked before it is recorded: afterwards nobody could tell it from any
    other text. It is cut afterwards, so that no half of a secret stays at the end.

    Args:
        outcome: as it came.
        sent: the headers of the attempt, which the webhook may have no more.
        webhook: whose secrets sign.
        longest: bytes of the body that stay.
    """
    values = [value for name, value in sent if name.lower() not in _HARMLESS]
    # "Bearer TOKEN" is a secret, and so is TOKEN.
    secrets = {*values, *(value.rpartition(" ")[2] for value in values)}
    secrets |= {webhook.secret or "", *(old.secret for old in webhook.old_secrets)}
    forms = _forms_of(secrets)
    body = outcome.body
    if not forms:
        if len(body) <= longest:
            return outcome
        return msgspec.structs.replace(outcome, body=body[:longest])
    # Latin-1 keeps every byte; what UTF-8 makes of a secret is one of its forms.
    text = body.decode("latin-1")
    masked = _without(forms, text)
    return msgspec.structs.replace(
        outcome,
        body=(body if masked == text else masked.encode("latin-1"))[:longest],
        headers=tuple((_without(forms, n), _without(forms, v)) for n, v in outcome.headers),
        detail=_without(forms, outcome.detail),
    )


def redacted(value: Any, key: str = "") -> Any:
    """Return *value*, a record as plain JSON, with secrets masked and headers by name.

    Args:
        value: dicts, lists and scalars.
        key: under which it stood.
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
    """Return the secrets and the values of secret headers that *record* configures.

    Args:
        record: a webhook, a scenario: structs, dicts and lists, to any depth.
    """
    return {one for value in _configured(record) for one in (value, value.rpartition(" ")[2])}


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """Return plain data with *secrets* masked in each text, however it quotes them.

    Args:
        value: dicts, lists and scalars; keys stay.
        secrets: as `configured_secrets` finds them; one below four characters is left alone.
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
    # Each attempt has a signature of its own: only forms that occur are worth a pattern.
    found = [form for form in forms if form in text]
    if not found:
        return text
    parts = (rf"\b{form}\b" if _WORD.fullmatch(form) else re.escape(form) for form in found)
    return re.sub("|".join(parts), MASK, text)


def _forms_of(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return all forms of secrets, the longest first."""
    forms = {form for one in secrets if len(one) >= _SHORTEST for form in _forms(one)}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=1024)
def _forms(secret: str) -> set[str]:
    """Return how a secret can be written: as it is, and escaped for JSON, URLs and HTML."""
    quoted = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    forms = {
        secret, *quoted, *(one.replace("/", "\\/") for one in quoted),
        *encoded, *(_LOWER_HEX.sub(lambda found: found[0].lower(), one) for one in encoded),
        html.escape(secret), html.escape(secret, quote=False),
        html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    }  # fmt: skip
    # In a text that is Latin-1, UTF-8's bytes are characters of their own.
    return {*forms, *(one.encode().decode("latin-1") for one in forms)}


def _masked(value: Any, forms: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return _NAMED.sub(rf"\1\2\3{MASK}", _without(forms, value))
    if isinstance(value, dict):
        return {name: _masked(one, forms) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one, forms) for one in value]
    return value
