"""Webhooks: URL, subscribed events, headers, secret; never their delivery."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from emulator.domain.events import EVENTS_OF, Generation, event_type
from emulator.domain.ids import ObjectId
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST_URL = 2_048


class OldSecret(msgspec.Struct, frozen=True):
    """A previous secret that also signs until *until*."""

    secret: str
    until: datetime

    def __repr__(self) -> str:
        """Leave out the secret."""
        return f"OldSecret(until {self.until})"


class Webhook(msgspec.Struct, frozen=True):
    """A webhook.

    Attributes:
        number: counts the webhooks of the workspace from 1.
        events: the events as the customer wrote them, for answers.
        event_types: ids of the event types; empty for all of its generation.
        headers: sent with each attempt, for example a shared secret.
        secret: signs deliveries; None does not sign.
        old_secrets: previous secrets, newest first.
        endpoint_id, subscription_id: ids in the delivery engine (documented fields).
    """

    id: ObjectId
    number: int
    name: str
    payload_url: str
    events: tuple[str, ...]
    event_types: frozenset[str]
    generation: Generation
    headers: tuple[tuple[str, str], ...]
    secret: str | None
    description: str
    endpoint_id: str
    subscription_id: str
    created_at: datetime
    modified_at: datetime
    old_secrets: tuple[OldSecret, ...] = ()

    def secrets_at(self, at: datetime) -> tuple[str, ...]:
        """Return the secrets that sign at *at*, newest first."""
        if self.secret is None:
            return ()
        if not self.old_secrets:
            return (self.secret,)
        return (self.secret, *[old.secret for old in self.old_secrets if at < old.until])

    def wants(self, event: str) -> bool:
        """Return whether the webhook subscribes to the event type *event*."""
        return event in (self.event_types or EVENTS_OF[self.generation])

    def __repr__(self) -> str:
        """Leave out secrets."""
        return f"Webhook({self.id}, {self.name!r}, {self.payload_url!r}, {list(self.events)})"


def wanted(
    events: Iterable[str],
    generation: Generation,
    names: Mapping[str, str] = MappingProxyType({}),
    *,
    path: str = "$.events",
) -> frozenset[str]:
    """Return the ids of the event types that *events* name; empty for every event type.

    Args:
        events: ids of event types, or words of the wire.
        generation: of the webhook.
        names: id of an event type -> another name that it has in v2.
        path: JSON path of *events*, for the error.

    Raises:
        InvalidInputError: a name that is ambiguous or that the generation does not have, or a v1
            webhook that names none.

    Source: documented for v2, where none ticked means every event; assumed for v1.
    """
    by_name = {name: id_ for id_, name in names.items()} if generation == "v2" else {}
    ids = frozenset(
        event_type(by_name.get(name, name), generation=generation, path=f"{path}[{index}]").id
        for index, name in enumerate(events)
    )
    if not ids and generation == "v1":
        message = (
            "no event types; expected at least one, as in ['candidate.completed']: "
            "only a v2 webhook receives every event by default"
        )
        raise InvalidInputError(message, path=path)
    return ids


def checked_url(url: str, *, path: str = "$.payloadUrl") -> str:
    """Return *url* if it is a valid URL for deliveries.

    Raises:
        InvalidInputError: not http or https, no host, an invalid port, user info, a fragment,
            white space, or longer than 2,048 characters.
    """
    problem = _problem(url)
    if problem:
        message = f"{problem}: {url[:80]!r}; expected a URL like 'https://example.com/hook'"
        raise InvalidInputError(message, path=path)
    return url


def _problem(url: str) -> str | None:
    if len(url) > _LONGEST_URL:
        return f"longer than {_LONGEST_URL} characters"
    if any("\ud800" <= sign <= "\udfff" for sign in url):
        return "half a surrogate pair in the URL"
    if any(ord(sign) <= 0x20 or ord(sign) == 0x7F for sign in url):
        return "white space or a control character in the URL"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error).lower()
    if parts.scheme not in ("http", "https"):
        return "neither http nor https"
    if not parts.hostname:
        return "no host"
    if port == 0:
        return "port 0"
    if parts.username is not None or parts.password is not None:
        return "user and password in the URL"
    return "a fragment" if parts.fragment else None


def checked_headers(
    headers: Iterable[tuple[str, str]], *, path: str = "$.headers"
) -> tuple[tuple[str, str], ...]:
    """Return *headers* if they are valid for requests.

    Raises:
        InvalidInputError: an invalid name, a value with a control character or beyond Latin-1, a
            header that the transport writes, or more than `MOST_HEADERS`, `LONGEST_HEADER` or
            `LONGEST_HEADERS` allow.
    """
    pairs = tuple(headers)
    _check_size(pairs, path)
    for name, value in pairs:
        if not name or not name.isascii() or not all(c.isalnum() or c in _TOKEN for c in name):
            message = f"not a header name: {name!r}"
            raise InvalidInputError(message, path=path)
        if name.lower() in _OURS:
            message = f"the header {name!r} is set by the emulator"
            raise InvalidInputError(message, path=f"{path}.{name}")
        if not all(0x20 <= ord(c) < 0x7F or 0xA0 <= ord(c) < 0x100 or c == "\t" for c in value):
            message = f"an invalid character in the value of {name!r}"
            raise InvalidInputError(message, path=f"{path}.{name}")
    return pairs


def _check_size(pairs: tuple[tuple[str, str], ...], path: str) -> None:
    if len(pairs) > MOST_HEADERS:
        message = f"{len(pairs)} headers; expected at most {MOST_HEADERS}"
        raise InvalidInputError(message, path=path)
    for name, value in pairs:
        if len(name) + len(value) > LONGEST_HEADER:
            message = f"a header of {len(name) + len(value)} characters: {name[:40]!r}; expected "
            raise InvalidInputError(f"{message}at most {LONGEST_HEADER}", path=path)
    size = sum(len(name) + len(value) for name, value in pairs)
    if size > LONGEST_HEADERS:
        message = f"headers of {size} characters together; expected at most {LONGEST_HEADERS}"
        raise InvalidInputError(message, path=path)


MOST_HEADERS = 64
LONGEST_HEADER = 8 * 1024
"""Characters of a header's name and value, as common servers accept them."""

LONGEST_HEADERS = 32 * 1024
"""Characters of all headers of a webhook together."""

_TOKEN = "!#$%&'*+-.^_`|~"  # noqa: S105 - RFC 9110's tchar, not a secret
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type"})
