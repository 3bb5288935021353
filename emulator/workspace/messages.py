"""Builds, validates and serialises the messages of an occurrence. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Message, Refused
from emulator.domain.ids import message_id
from emulator.domain.payloads.payload import Payloads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation
    from emulator.domain.occurrence import Occurrence
    from emulator.workspace.commands.change import Record
    from emulator.workspace.state import State

_ENCODER = msgspec.json.Encoder()
_LIKELY_SIZE = 4_096  # bytes of a body; others take a little longer

MOST_VIOLATIONS = 20
"""Violations that are recorded for an invalid payload."""


def messages(state: State, occurrences: Iterable[Occurrence], contracts: Contracts) -> list[Record]:
    """Return a message for each event type of *occurrences* that a webhook subscribes to.

    For a payload that does not fit its schema, returns a `Refused` with the violations.
    """
    records: list[Record] = []
    number = state.message_count
    routes: dict[str, dict[Generation, tuple[int, ...]]] = {}
    for occurrence in occurrences:
        candidate, assessment = occurrence.candidate, occurrence.assessment
        subject = candidate.id if candidate else assessment.id
        person = candidate.candidate_id if candidate else ""
        payloads = Payloads(occurrence, state.settings.observed)
        for event in occurrence.events:
            if event not in routes:
                routes[event] = _route(state, event)
            for generation, webhooks in routes[event].items():
                body, violations = built(state, generation, event, payloads, contracts)
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
                    webhooks=webhooks,
                )
                records.append(("message.created", message))
    return records


def built(
    state: State, generation: Generation, event: str, payloads: Payloads, contracts: Contracts
) -> tuple[bytes, tuple[str, ...]]:
    """Return the body for an event type, and where the payload does not fit its schema."""
    made = payloads.of(generation, event)
    made = contracts.shaped(generation, event, made, payloads.occurrence.at)
    violations: tuple[str, ...] = ()
    if not contracts.fits(generation, event, made):
        found = contracts.violations(generation, event, made)
        violations = tuple(map(str, found[:MOST_VIOLATIONS]))
    names = state.settings.event_names
    if generation == "v2" and event in names:
        made |= {"event": names[event].partition(".")[2]}
    return _encoded(made), violations


def _encoded(payload: dict[str, Any]) -> bytes:
    # The result of `encode` occupies up to half as much memory again as it has bytes.
    buffer = bytearray(_LIKELY_SIZE)
    _ENCODER.encode_into(payload, buffer)
    return bytes(buffer)


def _route(state: State, event: str) -> dict[Generation, tuple[int, ...]]:
    """Return the numbers of the webhooks that receive an event type, by generation."""
    route: dict[Generation, tuple[int, ...]] = {}
    for webhook in state.wanting(event):
        route[webhook.generation] = (*route.get(webhook.generation, ()), webhook.number)
    return route
