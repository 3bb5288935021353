"""Redaction: the one function through which secrets do not get out.

The journal keeps secrets, because replay needs them; every way out (APIs, stream, reports,
the command line) shows headers and records through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
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
_SECRET_KEYS = frozenset({"secret", "secrets", "control_token"})


def shown_headers(headers: Headers) -> Headers:
    """Return *headers* with every value masked that is not known to be harmless."""
    return tuple((name, value if name.lower() in _HARMLESS else MASK) for name, value in headers)


def without_secrets(outcome: Outcome, webhook: Webhook) -> Outcome:
    """Return *outcome* without the webhook's secrets in its body: some consumers echo headers.

    The one thing that is masked before it is recorded: afterwards nobody could tell it from any
    other text.
    """
    if len(outcome.body) < _SHORTEST or not (webhook.headers or webhook.secret):
        return outcome
    values = [value for name, value in webhook.headers if name.lower() not in _HARMLESS]
    # "Bearer TOKEN" is a secret, and so is TOKEN.
    secrets = [*values, *(value.rpartition(" ")[2] for value in values)]
    secrets += [webhook.secret or "", *(old.secret for old in webhook.old_secrets)]
    body = outcome.body
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            body = body.replace(secret.encode(), MASK.encode())
    return outcome if body is outcome.body else msgspec.structs.replace(outcome, body=body)


def redacted(value: Any, key: str = "") -> Any:
    """Return *value*, a record as plain JSON, with secrets and secret headers masked.

    Args:
        value: dicts, lists and scalars.
        key: under which it stood.
    """
    if key in _SECRET_KEYS:
        return value and MASK
    if key == "headers" and isinstance(value, list | tuple):
        return [list(pair) for pair in shown_headers(tuple(tuple(pair) for pair in value))]
    if isinstance(value, dict):
        return {name: redacted(one, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one) for one in value]
    return value
