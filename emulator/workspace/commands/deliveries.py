"""Commands on deliveries: redelivery, test events, and users' payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.delivery.records import Delivery, Message, RedeliveryAsked, Refused
from emulator.domain.events import TEST_EVENT, Generation, event_type
from emulator.domain.ids import chance, message_id
from emulator.domain.payloads.payload import Payloads
from emulator.domain.sample import sample
from emulator.errors import ConflictError
from emulator.workspace.messages import built

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.contracts.validation import Contracts
    from emulator.domain.webhook import Webhook
    from emulator.workspace.state import State


def redelivery(state: State, delivery: Delivery) -> RedeliveryAsked:
    """Return the record that repeats *delivery*.

    Raises:
        ConflictError: it was not attempted yet, its webhook was removed, or its body released.
    """
    if delivery.webhook_id not in state.webhooks:
        message = f"the webhook of delivery {delivery.id} was removed"
        raise ConflictError(message)
    if not delivery.attempts and delivery.status != "dropped":
        message = f"delivery {delivery.id} is pending and was not attempted yet; settle first"
        raise ConflictError(message)
    if delivery.message.digest is not None:
        message = f"the body of delivery {delivery.id} was released; serve --keep keeps more bodies"
        raise ConflictError(message)
    return RedeliveryAsked(delivery.message.number, delivery.webhook_number, delivery.numbered + 1)


def failed_since(state: State, since: datetime) -> list[RedeliveryAsked]:
    """Return the records that repeat every failed delivery.

    Leaves out deliveries whose message is older than *since*, whose webhook was removed, or whose
    body was released.
    """
    failed = [state.deliveries[key] for key in state.by_status.get("failed", ())]
    return [
        redelivery(state, one)
        for one in failed
        if one.message.at >= since
        and one.webhook_id in state.webhooks
        and one.message.digest is None
    ]


def sample_of(
    state: State, at: datetime, event: str, generation: Generation, contracts: Contracts
) -> tuple[bytes, tuple[str, ...]]:
    """Return the body of a test event, about a made-up subject, and where it does not fit.

    Raises:
        UnknownNameError: the generation has no such event type.
    """
    event = event_type(event, generation=generation, path="$.event").id
    draw = chance(state.settings.seed, "test", state.message_count + 1)
    made = msgspec.structs.replace(sample(event, at, draw), base=state.settings.public_url)
    payloads = Payloads(made, state.settings.observed)
    return built(state, generation, event, payloads, contracts)


def test_event(
    state: State, at: datetime, webhook: Webhook, event: str | None, contracts: Contracts
) -> Message | Refused:
    """Return the message of a test event, or a `Refused` for an invalid payload.

    Args:
        state: the state of the workspace.
        at: the workspace's time.
        webhook: the webhook that receives the message.
        event: an event type; None for the ping of the settings page.
        contracts: the schemas of payloads.

    Raises:
        UnknownNameError: no such event type.
    """
    body = b"{}"
    # The body of the real ping is unknown; it has neither type nor event (observed). An empty
    # object is the hardest to handle (assumed).
    if event is not None:
        event = event_type(event, path="$.event").id
        body, violations = sample_of(state, at, event, webhook.generation, contracts)
        if violations:
            return Refused(event, webhook.generation, "", "", body, violations)
    number = state.message_count + 1
    return Message(
        number=number,
        id=message_id(state.settings.seed, number),
        event=event or TEST_EVENT,
        generation=webhook.generation,
        subject="",
        person="",
        at=at,
        body=body,
        webhooks=(webhook.number,),
        is_deliberate=event is None,
    )


def deliberate(
    state: State, at: datetime, body: bytes, event: str, webhook: str | None, candidate: str | None
) -> list[Message]:
    """Return a message with the unchanged *body* for each generation of the webhooks.

    Raises:
        UnknownNameError: no such event type.
        NotFoundError: no such webhook or candidate.
        ConflictError: no webhook subscribes to the event type.
    """
    event = event if event == TEST_EVENT else event_type(event).id
    about = None if candidate is None else state.candidate(candidate)
    wanting = list(state.webhooks.values()) if event == TEST_EVENT else state.wanting(event)
    wanting = wanting if webhook is None else [state.webhook(webhook)]
    if not wanting:
        message = f"no webhook subscribes to {event!r}"
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
