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
    import asyncio

    # A request is sent, and never decoded.
    from emulator.delivery.faults.fault import WireFault  # noqa: TC004

Reason = Literal[
    "answered",  # an answer with any status
    "refused",  # nothing listens at the address
    "unreachable",  # no route, host down
    "name_not_found",  # the host name has no address
    "address_forbidden",  # the guard does not allow the address
    "connect_timeout",
    "answer_timeout",  # connected, but no complete answer in time
    "reset",  # the connection broke before a complete answer
    "closed",  # the connection was closed before a complete answer
    "bad_answer",  # the answer is not HTTP, or exceeds a limit
    "tls_failed",
    "app_failed",  # an application in this process raised an exception
    "own_limit",  # this machine has run out of file descriptors, ports or memory
    "cut",  # the connection was broken on purpose, by a fault
    "shutdown",  # the emulator was stopped
    "interrupted",  # the process was killed; the attempt is made again
]
"""How an attempt ended. Codes are stable; texts are not."""

Headers = tuple[tuple[str, str], ...]

MOST_BODY = 64 * 1024
"""Bytes of an answer's body that are recorded; a longer body is cut."""

MOST_KEPT = 2 * MOST_BODY
"""Bytes that are read, so that secrets at the cut can be masked first."""


class Timeouts(msgspec.Struct, frozen=True, gc=False):
    """Time-outs of an attempt in real seconds.

    Attributes:
        connect: until the connection is made, with TLS.
        first_byte: from the end of the request to the first byte of the answer.
        total: for the whole attempt.
    """

    connect: float = 5.0
    first_byte: float = 15.0
    total: float = 15.0


class Request(msgspec.Struct, frozen=True, gc=False):
    """A request.

    Attributes:
        url: ``http://`` or ``https://``.
        headers: all headers except Host and Content-Length, in order and in their exact case.
        body: the exact bytes.
        wire: wire faults, which need a socket and a separate connection.
        most: bytes of the answer's body that are read.
    """

    url: str
    headers: Headers
    body: bytes
    timeouts: Timeouts = Timeouts()
    wire: tuple[WireFault, ...] = ()
    method: str = "POST"
    most: int = MOST_KEPT

    def __repr__(self) -> str:
        """Leave out the values of headers, which may be secrets."""
        names = [name for name, _ in self.headers]
        return f"Request({self.url!r}, headers={names}, body of {len(self.body)} bytes)"


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The outcome of a request.

    Attributes:
        status: status of the answer; None unless *reason* is ``answered``.
        headers: headers of the answer.
        body: the first 64 KiB of the body of the answer.
        is_cut: the body was longer.
        detail: the error in words, which may differ between runs.
        duration_ms: real milliseconds from start to end.
        address: the dialled ``IP:PORT``.
        is_reused: a kept-alive connection was used.
        is_redialled: a kept-alive connection was closed already, so a new connection was made.
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
    """Sends requests."""

    def send(self, request: Request) -> asyncio.Future[Outcome]:
        """Send one request; a failing consumer is an outcome, never an exception.

        Returns:
            A future, whose cancellation stops the request.
        """
        ...

    async def close(self) -> None:
        """Close all connections; requests under way end as ``shutdown``."""
        ...


Status = Literal["pending", "succeeded", "failed", "dropped"]

Trigger = Literal["scheduled", "manual", "duplicate"]
"""Why an attempt is made: the schedule, a redelivery, a fault."""

Key = tuple[int, int, int]
"""Message number, webhook number and attempt number; identifies and orders attempts."""


class Digest(msgspec.Struct, frozen=True, gc=False):
    """Size and hash of a body that was released.

    Attributes:
        size: bytes.
        sha256: in hex.
    """

    size: int
    sha256: str


class Message(msgspec.Struct, frozen=True, gc=False):
    """A message for all webhooks that subscribe to its event type.

    Attributes:
        number: counts the messages of the workspace from 1.
        id: id of the message, the same for all retries.
        event: id of the event type, or ``test`` for the ping.
        subject: id of the invitation or the assessment; empty for a test event.
        person: ``candidate_id`` of the person; empty for an assessment.
        at: the workspace's time.
        body: the exact bytes.
        webhooks: numbers of the webhooks that receive it.
        is_deliberate: sent unchanged, whether or not it fits its schema.
        digest: size and hash of a released body; None if the body is present.
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
        """The decoded body.

        Raises:
            NotFoundError: the body was released.
            NotJSONError: the body is not JSON, which only users and faults send.
        """
        if self.digest is not None:
            message = f"the body of message {self.id} was released; serve --keep keeps more bodies"
            raise NotFoundError(message)
        return parsed(self.body)

    def released(self) -> Message:
        """Return the message without its body."""
        digest = Digest(len(self.body), sha256(self.body).hexdigest())
        return msgspec.structs.replace(self, body=b"", digest=digest)


class Refused(msgspec.Struct, frozen=True):
    """A generated payload that does not fit its schema, and was not sent.

    Attributes:
        event: id of the event type.
        violations: the violations with their JSON paths, at most twenty.
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
        number: counts all attempts of the delivery from 1.
        at: the workspace's time at the start.
        url, headers: of the request.
        outcome: the outcome; None while it is under way.
        is_success: whether the outcome is a success by the profile.
        faults: ids of the faults that applied.
        is_deliberate: faults changed the request.
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
        """Leave out the values of headers, which may be secrets."""
        return f"<Attempt {self.number} {self.trigger} {self.url}: {self.answer}>"

    @property
    def answer(self) -> str:
        """The status, or the reason for no answer: ``200``, ``refused``."""
        if self.outcome is None:
            return "under way"
        return str(self.outcome.status or self.outcome.reason)


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message to one webhook.

    Attributes:
        status: ``pending`` until the last attempt.
        reason: why it failed or was dropped; otherwise empty.
        next_due, next_attempt: time and number of the next scheduled attempt; None if there is
            none.
        numbered: the highest number of an attempt so far.
        manual: numbers of the attempts by redelivery.
        duplicates: numbers of the attempts by faults.
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

    def attempt(self, number: int) -> Attempt | None:
        """Return an attempt by its number; None if it has not begun."""
        for attempt in self.attempts:
            if attempt.number == number:
                return attempt
        return None

    def trigger_of(self, number: int) -> Trigger:
        """Return the trigger of an attempt by its number."""
        if number in self.manual:
            return "manual"
        return "duplicate" if number in self.duplicates else "scheduled"

    @property
    def payload(self) -> Any:
        """The decoded body; see `Message.payload`."""
        return self.message.payload

    def released(self) -> Delivery:
        """Return the delivery without its body and without headers and bodies of answers."""
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
        """Show the answers, for failing assertions."""
        answers = ", ".join(attempt.answer for attempt in self.attempts) or "no attempt"
        why = f" ({self.reason})" if self.reason else ""
        return f"<Delivery {self.id} {self.event} {self.status}{why}: {answers}>"


class Planned(msgspec.Struct, frozen=True, gc=False):
    """The journal's ``attempt.planned``: the plan of an attempt that faults match.

    Other attempts have only ``attempt.started``.

    Attributes:
        due: the workspace's time at which it may start.
        matched: ids of the matching faults, whose matches are counted.
        faults: ids of the faults that apply, whose uses are counted, except for copies.
    """

    message: int
    webhook: int
    attempt: int
    trigger: Trigger
    due: datetime
    matched: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


class Started(msgspec.Struct, frozen=True, gc=False):
    """The journal's ``attempt.started``."""

    message: int
    webhook: int
    attempt: Attempt


class Finished(msgspec.Struct, frozen=True, gc=False):
    """The journal's ``attempt.finished``.

    Attributes:
        status, reason: the new status of the delivery and its reason.
        next_due, next_attempt: time and number of the next attempt; None if there is none.
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
    """The journal's ``delivery.redelivery_asked``.

    Attributes:
        attempt: the number of the requested attempt.
    """

    message: int
    webhook: int
    attempt: int


class Dropped(msgspec.Struct, frozen=True):
    """The journal's ``delivery.dropped``: no more attempts are made.

    Attributes:
        is_misfire: a fault could not be applied.
    """

    message: int
    webhook: int
    reason: str
    is_misfire: bool = False
