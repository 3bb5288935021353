"""Deliveries in the form that the APIs, the journal, its stream and the reports show."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Digest, Reason, Status, Trigger
from emulator.delivery.redaction import shown_headers
from emulator.domain.events import Generation
from emulator.durations import instant
from emulator.errors import NotJSONError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.delivery.records import Attempt, Delivery, Message, Outcome


class RequestView(msgspec.Struct, frozen=True, rename="camel"):
    """The request of an attempt.

    Attributes:
        headers: name -> value; a value that may be a secret is masked.
        body: the exact body as text; None once it was released, and in the journal, where the
            message has it.
    """

    url: str
    headers: dict[str, str]
    body: str | None


class ResponseView(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to an attempt.

    Attributes:
        headers: name -> value; a value that may be a secret is masked.
        body: as text, its first 64 KiB.
        cut: the body was longer.
    """

    status: int
    headers: dict[str, str]
    body: str
    cut: bool


class EndedAttempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an attempt ended, as in the journal's ``attempt.finished``.

    Attributes:
        number: of the attempt, from 1.
        success: whether the answer counts as accepted.
        reason: how it ended; None while it is under way.
        response: None if there was no answer.
        duration_ms: real milliseconds.
        address: the address that was dialled.
        detail: the error in words.
    """

    number: int
    success: bool
    reason: Reason | None = None
    response: ResponseView | None = None
    duration_ms: float | None = None
    address: str | None = None
    detail: str | None = None

    @property
    def answer(self) -> str:
        """The status, or the reason why there is none: ``200``, ``refused``."""
        if self.response is not None:
            return str(self.response.status)
        return self.reason or "under way"


class AttemptView(EndedAttempt, frozen=True, kw_only=True, rename="camel"):
    """One HTTP request of a delivery, and how it ended.

    Attributes:
        trigger: why it was made: the schedule, a redelivery, a fault.
        at: workspace time of its start.
        faults: ids of the faults that changed it.
        deliberate: whether they changed the request.
    """

    trigger: Trigger
    at: datetime
    faults: tuple[str, ...]
    deliberate: bool
    request: RequestView


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One message to one webhook.

    Attributes:
        id: the numbers of message and webhook, ``12-1``.
        reason: why it failed or was dropped.
        event: id of the event type, or ``test``.
        subject_id: of the invitation or the assessment.
        candidate_id: of the person.
        webhook: its name.
        created: workspace time of the message.
        next_due: workspace time of the next attempt; None if none is planned.
        deliberate: sent unchanged, whether or not it fits its schema.
        payload: the body of the message; None if it is not JSON, or was released.
        released: size and SHA-256 of a body that was released.
    """

    id: str
    status: Status
    reason: str | None = None
    event: str
    generation: Generation
    message_id: str
    subject_id: str | None = None
    candidate_id: str | None = None
    webhook_id: str
    webhook: str
    created: datetime
    next_due: datetime | None = None
    deliberate: bool = False
    payload: Any = None
    released: Digest | None = None
    attempts: tuple[AttemptView, ...] = ()


def delivery_view(
    delivery: Delivery, webhook: str = "", changed: Mapping[int, bytes] | None = None
) -> DeliveryView:
    """Return the view of a delivery.

    Args:
        delivery: the record.
        webhook: the name of the webhook.
        changed: number of an attempt -> its body, for bodies that faults changed.
    """
    message = delivery.message
    body = None if message.digest else text_of(message.body)
    bodies = {number: text_of(one) for number, one in (changed or {}).items()}
    return DeliveryView(
        id=delivery.id,
        status=delivery.status,
        reason=delivery.reason or None,
        **message_fields(message),
        webhook_id=delivery.webhook_id,
        webhook=webhook or f"webhook {delivery.webhook_number}",
        next_due=delivery.next_due,
        payload=_payload(message),
        attempts=tuple(
            attempt_view(attempt, bodies.get(attempt.number, body)) for attempt in delivery.attempts
        ),
    )


def message_fields(message: Message) -> dict[str, Any]:
    """Return the fields of a message that deliveries and the journal show, without its body."""
    return {
        "event": message.event,
        "generation": message.generation,
        "message_id": message.id,
        "subject_id": message.subject or None,
        "candidate_id": message.person or None,
        "created": message.at,
        "deliberate": message.is_deliberate,
        "released": message.digest,
    }


def attempt_view(attempt: Attempt, body: str | None = None) -> AttemptView:
    """Return the view of an attempt, with *body* as the body of its request."""
    return AttemptView(
        number=attempt.number,
        trigger=attempt.trigger,
        at=attempt.at,
        faults=attempt.faults,
        deliberate=attempt.is_deliberate,
        request=RequestView(attempt.url, shown_headers(attempt.headers), body),
        success=attempt.is_success,
        **({} if attempt.outcome is None else _outcome(attempt.outcome)),
    )


def ended_attempt(number: int, outcome: Outcome, *, is_success: bool) -> EndedAttempt:
    """Return the view of the end of an attempt."""
    return EndedAttempt(number=number, success=is_success, **_outcome(outcome))


def plain(value: Any, fields: Callable[[msgspec.Struct], Any] = msgspec.structs.asdict) -> Any:
    """Return a record as plain JSON: names in camelCase, times and bytes as text.

    Args:
        value: nested records, dicts, lists and scalars; only names of fields are converted.
        fields: returns the fields of a record: name -> value.
    """
    match value:
        case msgspec.Struct():
            found = plain(fields(value), fields)
            return {_camel_case(name): one for name, one in found.items()}
        case dict():
            return {key: plain(one, fields) for key, one in value.items()}
        case list() | tuple():
            return [plain(one, fields) for one in value]
        case datetime():
            return instant(value)
        case bytes():
            return text_of(value)
    return msgspec.to_builtins(value, order="deterministic")  # the order of sets differs by process


def _camel_case(name: str) -> str:
    first, *rest = name.removeprefix("is_").split("_")
    return first + "".join(map(str.capitalize, rest))


def text_of(body: bytes) -> str:
    """Return a body as text; bytes that are not UTF-8 are shown as escapes."""
    return body.decode("utf-8", "backslashreplace")


def _outcome(outcome: Outcome) -> dict[str, Any]:
    response = None
    if outcome.status is not None:
        response = ResponseView(
            outcome.status, shown_headers(outcome.headers), text_of(outcome.body), outcome.is_cut
        )
    return {
        "reason": outcome.reason,
        "response": response,
        "duration_ms": round(outcome.duration_ms, 3),
        "address": outcome.address,
        "detail": outcome.detail or None,
    }


def _payload(message: Message) -> Any:
    try:
        return None if message.digest else message.payload
    except NotJSONError:
        return None
