"""Commands on deliveries: tried once more, and messages of somebody's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.records import Delivery, Message, RedeliveryAsked
from emulator.domain.events import TEST_EVENT, Generation, event_type
from emulator.domain.ids import message_id
from emulator.errors import ConflictError

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.workspace.state import State


def redelivery(state: State, delivery: Delivery) -> RedeliveryAsked:
    """Return the record that has *delivery* tried once more.

    Raises:
        ConflictError: it was not tried yet, its webhook was removed, or its body released.
    """
    if delivery.webhook_id not in state.webhooks:
        message = f"the webhook of delivery {delivery.id} was removed"
        raise ConflictError(message)
    if not delivery.attempts:
        message = f"delivery {delivery.id} was not tried yet: it is {delivery.status}"
        raise ConflictError(message)
    if delivery.message.digest is not None:
        message = (
            f"the body of delivery {delivery.id} was released; serve --keep keeps more of them"
        )
        raise ConflictError(message)
    return RedeliveryAsked(delivery.message.number, delivery.webhook_number, delivery.numbered + 1)


def deliberate(
    state: State, at: datetime, body: bytes, event: str, webhook: str | None, candidate: str | None
) -> list[Message]:
    """Return messages that hold *body* as it is: one a generation of those who get it.

    Raises:
        UnknownNameError: no such event type.
        NotFoundError: no such webhook or candidate.
        ConflictError: no webhook wants the event type.
    """
    event = event if event == TEST_EVENT else event_type(event).id
    about = None if candidate is None else state.candidate(candidate)
    wanting = list(state.webhooks.values()) if event == TEST_EVENT else state.wanting(event)
    wanting = wanting if webhook is None else [state.webhook(webhook)]
    if not wanting:
        message = f"no webhook wants {event!r}"
        raise ConflictError(message)
    numbers: dict[Generation, list[int]] = {}
    for one in wanting:
        numbers.setdefault(one.generation, []).append(one.number)
    return [
        Message(
            number=number,
            id=message_id(state.settings.seed, number),
            event=event,
            generation=generation,
            subject=about.id if about else "",
            person=about.candidate_id if about else "",
            at=at,
            body=body,
            webhooks=tuple(found),
            is_deliberate=True,
        )
        for number, (generation, found) in enumerate(numbers.items(), state.message_count + 1)
    ]
