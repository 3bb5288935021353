"""Deliveries as an inbox shows them: the newest first, filtered, searched. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from emulator.delivery.records import Delivery
from emulator.workspace.queries import selected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.workspace.state import State


class Filters(msgspec.Struct, frozen=True):
    """Which deliveries to show; None shows all.

    Attributes:
        event, candidate, webhook, status: as `Workspace.deliveries` takes them.
        text: anywhere in the body, in the name of the webhook or in an id, in any case.
        before: id of a delivery; only deliveries of earlier messages.
    """

    event: str | None = None
    candidate: str | None = None
    webhook: str | None = None
    status: str | None = None
    text: str | None = None
    before: str | None = None


class InboxRow(msgspec.Struct, frozen=True):
    """A delivery as one row.

    Attributes:
        about: the candidate's name or the assessment's title; empty for a test event.
        person: the candidate's e-mail address, or empty.
        webhook: its name.
    """

    delivery: Delivery
    about: str
    person: str
    webhook: str


def inbox(state: State, filters: Filters, limit: int) -> list[Delivery]:
    """Return at most *limit* deliveries that fit, the newest first.

    Raises:
        UnknownNameError: no such event type or status.
        NotFoundError: no such delivery to begin behind.
    """
    found: Iterator[Delivery] = reversed(
        selected(
            state,
            event=filters.event,
            candidate=filters.candidate,
            webhook=filters.webhook,
            status=filters.status,
        )
    )
    if filters.before is not None:
        last = state.delivery(filters.before)
        key = (last.message.number, last.webhook_number)
        found = (one for one in found if (one.message.number, one.webhook_number) < key)
    if filters.text is not None:
        text = filters.text.casefold()
        found = (one for one in found if _has(state, one, text))
    return list(islice(found, limit))


def inbox_row(state: State, delivery: Delivery) -> InboxRow:
    """Return a delivery as one row."""
    subject = delivery.message.subject
    webhook = state.webhook_numbers[delivery.webhook_number].name
    if subject in state.candidates:
        candidate = state.candidates[subject]
        name = f"{candidate.first_name} {candidate.last_name}"
        return InboxRow(delivery, name, candidate.email, webhook)
    assessment = state.assessments.get(subject)
    return InboxRow(delivery, assessment.title if assessment else "", "", webhook)


def _has(state: State, delivery: Delivery, text: str) -> bool:
    message = delivery.message
    if text in message.body.decode("utf-8", "replace").casefold():
        return True
    row = inbox_row(state, delivery)
    ids = (message.id, delivery.id, message.subject, message.person)
    texts = (row.about, row.person, row.webhook, message.event, *ids)
    return any(text in one.casefold() for one in texts)
