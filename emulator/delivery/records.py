"""The records of deliveries: messages, deliveries, attempts, requests, outcomes."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from emulator.decoding import parsed
from emulator.domain.events import Generation
from emulator.errors import NotFoundError

if TYPE_CHECKING:
    # A request is sent, and never decoded.
    from emulator.delivery.faults.fault import WireFault  # noqa: TC004

Reason = Literal[
    "answered",  # an answer with a status came, whatever it says
    "refused",  # nobody listens there
    "unreachable",  # no route, host down
    "name_not_found",  # the host name has no address
    "address_forbidden",  # the guard does not let us dial it
    "connect_timeout",
    "answer_timeout",  # connected, but no (whole) answer in time
    "reset",  # the connection broke before a whole answer came
    "closed",  # closed in good order before a whole answer came
    "bad_answer",  # what came is not HTTP, or breaks its limits
    "tls_failed",
    "app_failed",  # an in-process consumer raised
    "own_limit",  # this machine has no more of something: file descriptors, ports, memory
    "cut",  # we broke the connection on purpose (a fault)
    "shutdown",  # we were stopped meanwhile
    "interrupted",  # the process was killed meanwhile; tried again
]
"""How an attempt ended, whatever the profile makes of it. Codes are stable; words are not."""

Headers = tuple[tuple[str, str], ...]

MOST_BODY = 64 * 1024
"""Bytes of an answer's body that are recorded; a longer one is cut."""

MOST_KEPT = 2 * MOST_BODY
"""Bytes of it that are kept until secrets are masked, so that none straddles the cut."""


class Timeouts(msgspec.Struct, frozen=True, gc=False):
    """Bounds of one attempt, in real seconds.

    Attributes:
        connect: until connected, TLS included.
        first_byte: from the request sent to the first byte of the answer.
        total: for the whole attempt.
    """

    connect: float = 5.0
    first_byte: float = 15.0
    total: float = 15.0


class Request(msgspec.Struct, frozen=True, gc=False):
    """One POST as it goes out.

    Attributes:
        url: ``http://`` or ``https://``.
        headers: all but Host and Content-Length, in order, names as they stand on the wire.
        body: the exact bytes.
        wire: how to misbehave with them; needs a socket, and a connection of its own.
    """

    url: str
    headers: Headers
    body: bytes
    timeouts: Timeouts = Timeouts()
    wire: tuple[WireFault, ...] = ()

    def __repr__(self) -> str:
        """Leave out the headers' values, which may be secrets."""
        names = [name for name, _ in self.headers]
        return f"Request({self.url!r}, headers={names}, body of {len(self.body)} bytes)"


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What happened to one request.

    Attributes:
        status: of the answer, None unless *reason* is ``answered``.
        headers: of the answer.
        body: of the answer, its first 64 KiB.
        is_cut: the answer's body was longer.
        detail: the error in words, measured, never compared.
        duration_ms: from start to end.
        address: ``IP:PORT`` that was dialled.
        is_reused: over a kept-alive connection.
        is_redialled: that connection had died unseen, so we dialled once more.
    """

    reason: Reason
    status: int | None = None
    headers: Headers = ()
    body: bytes = b""
    is_cut: bool = False
    detail: str = ""
    duration_ms: float = 0.0
    address: str | None = None
    is_reused: bool = False
    is_redialled: bool = False


class Transport(Protocol):
    """A way to put requests on their way."""

    async def send(self, request: Request) -> Outcome:
        """Send one request; a failing consumer is an outcome, never an exception."""
        ...

    async def close(self) -> None:
        """Let go of everything; what is under way ends as ``shutdown``."""
        ...


Status = Literal["pending", "succeeded", "failed", "dropped"]

Trigger = Literal["scheduled", "manual", "duplicate"]
"""Why an attempt is made: the schedule, somebody who asked, a fault."""

Key = tuple[int, int, int]
"""Message number, webhook number, attempt number: names an attempt, and orders them."""


class Digest(msgspec.Struct, frozen=True, gc=False):
    """What stays of a body that was released.

    Attributes:
        size: bytes.
        sha256: in hex.
    """

    size: int
    sha256: str


class Message(msgspec.Struct, frozen=True, gc=False):
    """What is to be told to everyone who wants it.

    Attributes:
        number: counts the workspace's messages from 1.
        id: stays the same over retries.
        event: id of the event type, or ``test`` for the ping.
        subject: id of the invitation or the assessment; empty for a test event.
        person: ``candidate_id`` of the person, empty for an assessment.
        at: the workspace's time.
        body: the exact bytes, serialised once.
        webhooks: numbers of the webhooks that get it.
        is_deliberate: sent as it is, whether or not it fits its schema.
        digest: of a body that was released; None while it is there.
    """

    number: int
    id: str
    event: str
    generation: Generation
    subject: str
    person: str
    at: datetime
    body: bytes
    webhooks: tuple[int, ...]
    is_deliberate: bool = False
    digest: Digest | None = None

    @property
    def payload(self) -> Any:
        """The body, decoded.

        Raises:
            NotFoundError: it was released.
            NotJSONError: it is no JSON, which is sent on purpose only.
        """
        if self.digest is not None:
            message = f"the body of message {self.id} was released; serve --keep keeps more of them"
            raise NotFoundError(message)
        return parsed(self.body)

    def released(self) -> Message:
        """Return the message without its body."""
        digest = Digest(len(self.body), sha256(self.body).hexdigest())
        return msgspec.structs.replace(self, body=b"", digest=digest)


class Refused(msgspec.Struct, frozen=True):
    """A payload that the program built and that does not fit its schema; it was not sent.

    Attributes:
        event: id of the event type.
        violations: each with its JSON path, at most twenty.
    """

    event: str
    generation: Generation
    subject: str
    person: str
    body: bytes
    violations: tuple[str, ...]


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request of a delivery.

    Attributes:
        number: from 1, over scheduled and manual ones.
        at: the workspace's time at its start.
        url, headers: as they went out.
        outcome: what happened; None while it is under way.
        is_success: by the rule of the profile.
        faults: ids of the faults that shaped it.
        is_deliberate: they changed what went out; it is as somebody wanted it.
    """

    number: int
    trigger: Trigger
    at: datetime
    url: str
    headers: Headers
    outcome: Outcome | None = None
    is_success: bool = False
    faults: tuple[str, ...] = ()
    is_deliberate: bool = False

    def __repr__(self) -> str:
        """Leave out the headers' values, which may be secrets."""
        return f"<Attempt {self.number} {self.trigger} {self.url}: {self.answer}>"

    @property
    def answer(self) -> str:
        """The status, or the reason why there is none, for people: ``200``, ``refused``."""
        if self.outcome is None:
            return "under way"
        return str(self.outcome.status or self.outcome.reason)


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message to one webhook.

    Attributes:
        status: ``pending`` until it ended.
        reason: why it failed or was dropped; empty else.
        next_due, next_attempt: when the next scheduled attempt is due, and its number; None
            when none is planned.
        numbered: the last attempt number that was given out.
        manual: numbers of the attempts that somebody asked for.
        duplicates: numbers of the attempts that a fault made.
    """

    message: Message
    webhook_id: str
    webhook_number: int
    status: Status = "pending"
    reason: str = ""
    attempts: tuple[Attempt, ...] = ()
    next_due: datetime | None = None
    next_attempt: int | None = None
    numbered: int = 1
    manual: tuple[int, ...] = ()
    duplicates: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """Message number and webhook number, ``12-1``."""
        return f"{self.message.number}-{self.webhook_number}"

    @property
    def event(self) -> str:
        """Id of the event type."""
        return self.message.event

    def trigger_of(self, number: int) -> Trigger:
        """Return why the attempt with that number is made."""
        if number in self.manual:
            return "manual"
        return "duplicate" if number in self.duplicates else "scheduled"

    @property
    def payload(self) -> Any:
        """The body, decoded, as `Message.payload`."""
        return self.message.payload

    def released(self) -> Delivery:
        """Return the delivery without its body, and without what was answered."""
        attempts = tuple(
            msgspec.structs.replace(
                one,
                outcome=one.outcome and msgspec.structs.replace(one.outcome, headers=(), body=b""),
            )
            for one in self.attempts
        )
        return msgspec.structs.replace(self, message=self.message.released(), attempts=attempts)

    @property
    def succeeded(self) -> bool:
        """Whether an attempt was accepted."""
        return self.status == "succeeded"

    def __repr__(self) -> str:
        """Say what a failing assert needs to explain itself."""
        answers = ", ".join(attempt.answer for attempt in self.attempts) or "no attempt"
        why = f" ({self.reason})" if self.reason else ""
        return f"<Delivery {self.id} {self.event} {self.status}{why}: {answers}>"


class Planned(msgspec.Struct, frozen=True, gc=False):
    """An attempt is planned that faults shape: the journal's ``attempt.planned``.

    Any other is as its ``attempt.started`` says, and planned in the same breath.

    Attributes:
        due: the workspace's time from which on it may start.
        matched: ids of the faults that it fits; each counts one match more.
        faults: ids of those that shape it; of these each counts one use more, but for a copy.
    """

    message: int
    webhook: int
    attempt: int
    trigger: Trigger
    due: datetime
    matched: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


class Started(msgspec.Struct, frozen=True, gc=False):
    """An attempt is on its way: the journal's ``attempt.started``."""

    message: int
    webhook: int
    attempt: Attempt


class Finished(msgspec.Struct, frozen=True, gc=False):
    """An attempt ended: the journal's ``attempt.finished``.

    Attributes:
        status, reason: of the delivery from now on.
        next_due, next_attempt: when the next attempt is due, and its number; None when none
            is planned.
    """

    message: int
    webhook: int
    attempt: int
    outcome: Outcome
    is_success: bool
    status: Status
    reason: str
    next_due: datetime | None = None
    next_attempt: int | None = None


class RedeliveryAsked(msgspec.Struct, frozen=True):
    """Somebody wants a delivery tried once more: the journal's ``delivery.redelivery_asked``.

    Attributes:
        attempt: the number that the attempt will have.
    """

    message: int
    webhook: int
    attempt: int


class Dropped(msgspec.Struct, frozen=True):
    """A delivery will not be tried (again): the journal's ``delivery.dropped``.

    Attributes:
        is_misfire: a fault that was set could not be applied.
    """

    message: int
    webhook: int
    reason: str
    is_misfire: bool = False
