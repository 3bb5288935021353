"""Builds, validates and serialises the messages of an occurrence. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from emulator.contracts.learned import shaped
from emulator.delivery.records import Message, Refused
from emulator.domain.ids import message_id
from emulator.domain.payloads.payload import payload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation
    from emulator.domain.occurrence import Occurrence
    from emulator.domain.webhook import Webhook
    from emulator.workspace.commands.change import Record
    from emulator.workspace.state import State

MOST_VIOLATIONS = 20
"""Violations that are recorded for an invalid payload."""


def messages(state: State, occurrences: Iterable[Occurrence], contracts: Contracts) -> list[Record]:
    """Return a message for each event type of *occurrences* that a webhook subscribes to.

    For a payload that does not fit its schema, returns a `Refused` with the violations.
    """
    records: list[Record] = []
    number = state.message_count
    wanting: dict[str, dict[Generation, list[Webhook]]] = {}
    for occurrence in occurrences:
        candidate, assessment = occurrence.candidate, occurrence.assessment
        subject = candidate.id if candidate else assessment.id
        person = candidate.candidate_id if candidate else ""
        for event in occurrence.events:
            if event not in wanting:
                wanting[event] = _by_generation(state.wanting(event))
            for generation, webhooks in wanting[event].items():
                body, violations = built(state, generation, event, occurrence, contracts)
                if violations:
                    refused = Refused(event, generation, subject, person, body, violations)
                    records.append(("message.refused", refused))
                    continue
                number += 1
                message = Message(
                    number=number,
                    id=message_id(state.settings.seed, number),
                    event=event,
                    generation=generation,
                    subject=subject,
                    person=person,
                    at=occurrence.at,
                    body=body,
                    webhooks=tuple(webhook.number for webhook in webhooks),
                )
                records.append(("message.created", message))
    return records


def built(
    state: State, generation: Generation, event: str, occurrence: Occurrence, contracts: Contracts
) -> tuple[bytes, tuple[str, ...]]:
    """Return the body for an event type, and where the payload does not fit its schema."""
    settings = state.settings
    made = payload(generation, event, occurrence, settings.observed)
    made = shaped(contracts, generation, event, made, occurrence.at)
    violations: tuple[str, ...] = ()
    if not contracts.fits(generation, event, made):
        found = contracts.violations(generation, event, made)
        violations = tuple(map(str, found[:MOST_VIOLATIONS]))
    if generation == "v2" and event in settings.event_names:
        made |= {"event": settings.event_names[event].partition(".")[2]}
    return msgspec.json.encode(made), violations


def _by_generation(webhooks: list[Webhook]) -> dict[Generation, list[Webhook]]:
    groups: dict[Generation, list[Webhook]] = defaultdict(list)
    for webhook in webhooks:
        groups[webhook.generation].append(webhook)
    return groups
