"""What a consumer of Testlify's webhooks does right, each decision a method; no sockets here.

The samples beside this file override one decision each: that is their planted bug.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tests.consumers.store import Invitation, Store

if TYPE_CHECKING:
    from collections.abc import Mapping

HOOK = "/webhooks/testlify"
LARGEST_BODY = 1_000_000
DEEPEST = 64
TOLERANCE = 300  # seconds that a signature's timestamp may be off

STATUSES = (
    "INVITED", "ENROLLED", "IN_PROGRESS", "INVITATION_EXPIRED", "COMPLETED", "DISQUALIFIED",
    "REJECTED",
)  # fmt: skip
"""In the order in which they can follow each other; no status goes back."""

WORDS = frozenset({
    "candidateStatusChanged", "invited", "enrolled", "in_progress", "completed", "disqualified",
    "rejected", "scoreUpdated", "status_changed", "invitation_expired",
})  # fmt: skip
"""``event`` of the messages about candidates, in v1 and v2; v1's Invitation Expired has none."""

GROUPS = ("candidate", "status", "timeline", "links")
"""Keys of ``data`` that hold what v1 has in ``data`` itself."""


class RefusedError(Exception):
    """A request that is not taken; *status* is the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """A status and a JSON value."""

    status: int
    content: Any

    @property
    def body(self) -> bytes:
        """The value as bytes: ASCII, so that half a surrogate pair goes out as it came."""
        return json.dumps(self.content).encode()


@dataclass(frozen=True)
class Event:
    """What one message says about one invitation.

    Attributes:
        word: its ``event``; None for Invitation Expired.
        link: its ``resultLink`` as it is; None when it has none.
        timestamp: Unix milliseconds, where the message has it.
    """

    word: str | None
    status: str
    email: str
    assessment: str
    invited_at: str
    first_name: str
    last_name: str
    person: str | None
    link: str | None
    timestamp: int | None

    @property
    def key(self) -> str:
        """Which invitation. These three are in every message; the person's id is not."""
        return json.dumps([self.email.casefold(), self.assessment, self.invited_at])

    @property
    def fact(self) -> str:
        """The event: the same for each message and each delivery about it."""
        return f"rescored {self.timestamp}" if self.word == "scoreUpdated" else self.status


class Consumer:
    """A consumer without its web framework, right in all.

    Its settings come from the environment (``CONSUMER_TOKEN``, ``CONSUMER_SECRET``,
    ``CONSUMER_STATE``) until somebody calls `configure`.
    """

    def __init__(self) -> None:
        given = os.environ.get
        self.configure(given("CONSUMER_TOKEN"), given("CONSUMER_SECRET"), given("CONSUMER_STATE"))

    def configure(self, token: str | None, secret: str | None, state: str | None) -> None:
        """Start anew.

        Args:
            token: that ``X-Webhook-Token`` has to hold; None asks for none.
            secret: ``whsec_...`` that bodies have to be signed with; None looks at no signature.
            state: the file that what is known outlives the process in; None keeps it in memory.
        """
        self.token, self.secret = token, secret
        self.store = self.opened(None if state is None else Path(state))

    def opened(self, path: Path | None) -> Store:
        """Return the store."""
        return Store(path)

    # --- one delivery -----------------------------------------------------------------------

    def handle(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take one delivery.

        Args:
            headers: names in lower case.
        """
        if len(body) > LARGEST_BODY:
            return Answer(413, {"error": "body too large"})
        try:
            self.authorise(headers, body)
            event = self.understood(decoded(headers, body))
        except RefusedError as error:
            return Answer(error.status, {"error": str(error)})
        if event is None:
            return Answer(200, {"status": "ignored"})
        with self.store.lock:  # two deliveries at once count once
            known = self.store.get(event.key)
            changed = self.advanced(known or unheard_of(event), event)
            if changed != known:
                self.store.keep(changed)
        self.noted(event)
        return Answer(200, {"status": "taken"})

    def authorise(self, headers: Mapping[str, str], body: bytes) -> None:
        """Let pass who knows the token, and a body that is signed.

        Raises:
            RefusedError: 401.
        """
        given = headers.get("x-webhook-token", "")
        if self.token and not hmac.compare_digest(self.token.encode(), given.encode()):
            raise RefusedError(401, "wrong token")
        if not self.secret:
            return
        prefix = "webhook-" if "webhook-signature" in headers else "svix-"
        names = ("id", "timestamp", "signature")
        id_, at, signatures = (headers.get(prefix + name, "") for name in names)
        if not (id_ and at.isascii() and at.isdigit() and signatures):
            raise RefusedError(401, "not signed")
        if abs(int(at[:12]) - time.time()) > TOLERANCE:
            raise RefusedError(401, "signed too long ago, or in the future")
        if not self.is_signed(f"{id_}.{at}.".encode() + body, signatures):
            raise RefusedError(401, "wrong signature")

    def is_signed(self, content: bytes, signatures: str) -> bool:
        """Whether one of *signatures*, separated by spaces, is that of *content*."""
        key = base64.b64decode((self.secret or "").removeprefix("whsec_"))
        right = b"v1," + base64.b64encode(hmac.digest(key, content, "sha256"))
        return any(hmac.compare_digest(right, one.encode()) for one in signatures.split(" "))

    def understood(self, payload: dict[str, Any]) -> Event | None:
        """Return the event of a payload; None for a ping or an event that is ignored.

        Raises:
            RefusedError: 422.
        """
        data = flat(payload.get("data"))
        if "type" not in payload and "event" not in payload:
            # The test ping, unless it is Invitation Expired.
            if not (isinstance(data, dict) and "candidateStatus" in data):
                return None
            word = None
        else:
            word = _text(payload, "event")
            if payload.get("type", "candidate") != "candidate" or word not in WORDS:
                return None
        if not isinstance(data, dict):
            raise RefusedError(422, "data is not an object")
        status = _text(data, "candidateStatus")
        if status not in STATUSES:
            return None
        timestamp = payload.get("timestamp")
        return Event(
            word=word,
            status=status,
            email=_text(data, "email"),
            assessment=_text(data, "assessmentId"),
            invited_at=_text(data, "invitedAt"),
            first_name=_text(data, "firstName"),
            last_name=_text(data, "lastName"),
            person=_maybe_text(data, "candidateId"),
            link=_maybe_text(data, "resultLink"),
            timestamp=timestamp if isinstance(timestamp, int) else None,
        )

    # --- effects ----------------------------------------------------------------------------

    def advanced(self, known: Invitation, event: Event) -> Invitation:
        """Return the invitation after *event*; the same for any order and any repetition."""
        is_newest = STATUSES.index(event.status) >= STATUSES.index(known.status)
        return replace(
            known,
            status=event.status if is_newest else known.status,
            completions=1 if event.status == "COMPLETED" else known.completions,
            first_name=event.first_name if is_newest else known.first_name,
            last_name=event.last_name if is_newest else known.last_name,
            person=known.person or event.person,
            report=report(event.link) or known.report,
            facts=known.facts if event.fact in known.facts else [*known.facts, event.fact],
        )

    def noted(self, event: Event) -> None:
        """Called after *event* is stored; does nothing here."""

    # --- questions --------------------------------------------------------------------------

    def health(self) -> Answer:
        """Return that the consumer is up."""
        return Answer(200, {"status": "ok"})

    def look_up(self, name: str, assessment: str | None = None) -> Answer:
        """Return the state of a candidate.

        Args:
            name: the id of an invitation (once a report named it), of a person, or an e-mail.
            assessment: id of the one assessment to look at; None takes all.
        """
        wanted = name.casefold()
        found = [
            one
            for one in self.store.all()
            if wanted in (one.email.casefold(), one.person, one.id)
            and assessment in (None, one.assessment)
        ]
        if not found:
            return Answer(404, {"error": f"no candidate {name!r}"})
        found.sort(key=lambda one: one.invited_at)
        last = found[-1]
        shown = {
            "status": last.status,
            "completions": sum(one.completions for one in found),
            "email": last.email,
            "firstName": last.first_name,
            "lastName": last.last_name,
            "events": sum(len(one.facts) for one in found),
            "invitations": [one.shown() for one in found],
        }
        return Answer(200, shown)


def unheard_of(event: Event) -> Invitation:
    """Return the invitation of which *event* is the first thing heard."""
    return Invitation(
        key=event.key,
        email=event.email,
        assessment=event.assessment,
        invited_at=event.invited_at,
        first_name=event.first_name,
        last_name=event.last_name,
        status=event.status,
    )


def report(link: str | None) -> str | None:
    """Return the path of the report, of any form of ``resultLink``: URL, path, "null", none."""
    return None if link in (None, "", "null") else link[link.find("reports/") :]


# --- bodies ---------------------------------------------------------------------------------


def decoded(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*.

    Raises:
        RefusedError: 415 or 400.
    """
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "expected application/json")
    try:
        payload = json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RefusedError(400, "not JSON") from None
    if not isinstance(payload, dict):
        raise RefusedError(400, "not a JSON object")
    if _is_deeper(payload, DEEPEST):
        raise RefusedError(400, "nested too deeply")
    return payload


def flat(data: Any) -> Any:
    """Return ``data`` with the keys of v2's groups as v1 has them, without groups."""
    if not isinstance(data, dict):
        return data
    groups = [data[name] for name in GROUPS if isinstance(data.get(name), dict)]
    return data | {key: value for group in groups for key, value in group.items()}


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)  # NaN and Infinity are no JSON


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        nested = [one for one in level if isinstance(one, dict | list)]
        level = [
            inner for one in nested for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise RefusedError(422, f"{name} is not a text")
    return value


def _maybe_text(data: Mapping[str, Any], name: str) -> str | None:
    return None if data.get(name) is None else _text(data, name)
