"""Queries on the state of a workspace, with the filters of the APIs. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from emulator.decoding import parsed
from emulator.delivery.plan import plan
from emulator.delivery.records import Delivery, Status
from emulator.domain.events import TEST_EVENT, event_type
from emulator.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.delivery.records import Attempt, Request
    from emulator.domain.candidate import Candidate
    from emulator.workspace.state import DeliveryKey, State


def selected(
    state: State,
    *,
    event: str | None = None,
    candidate: str | None = None,
    webhook: str | None = None,
    status: str | None = None,
) -> list[Delivery]:
    """Return the deliveries that match all filters, in the order of their messages.

    Raises:
        UnknownNameError: no such event type or status.
    """
    indexes: list[Iterable[DeliveryKey]] = []
    if event is not None:
        event = event if event == TEST_EVENT else event_type(event).id
        indexes.append(state.by_event.get(event, ()))
    if candidate is not None:
        indexes.append(_about(state, candidate))
    if status is not None:
        if status not in get_args(Status):
            raise UnknownNameError("status", status, get_args(Status), show_all=True)
        indexes.append(state.by_status.get(status, ()))
    found: Iterable[Delivery] = state.deliveries.values()
    if indexes:
        keys = set(indexes[0]).intersection(*indexes[1:])
        found = [state.deliveries[key] for key in sorted(keys)]
    return [one for one in found if webhook in (None, one.webhook_id)]


def _about(state: State, id_: str) -> Iterable[DeliveryKey]:
    """Return the deliveries about an assessment, an invitation or all invitations of a person."""
    if id_ in state.by_subject or id_ in state.assessments:
        return state.by_subject.get(id_, ())
    invitations = state.invitations.get(id_, ())
    return [key for invitation in invitations for key in state.by_subject.get(invitation, ())]


def request(state: State, delivery: Delivery, number: int, faults: tuple[str, ...]) -> Request:
    """Return the unsigned request of an attempt, changed by the faults with these ids.

    The journal has the body of a message only once; changes by faults are computed again.
    """
    webhook = state.webhook_numbers[delivery.webhook_number]
    return plan(
        delivery.message,
        webhook,
        state.profile(webhook),
        [state.known_faults[id_] for id_ in faults],
        seed=state.settings.seed,
        attempt=number,
    )


def payload(state: State, delivery: Delivery, attempt: Attempt | None) -> Any:
    """Return the decoded body of an attempt, with the changes of faults.

    Raises:
        NotFoundError: the body of the message was released.
        NotJSONError: the body is not JSON, which only users and faults send.
    """
    if attempt is None or not attempt.is_deliberate or delivery.message.digest is not None:
        return delivery.payload
    return parsed(request(state, delivery, attempt.number, attempt.faults).body)


def changed_bodies(state: State, delivery: Delivery) -> dict[int, bytes]:
    """Return the bodies that differ from the message's: number of the attempt -> body."""
    if delivery.message.digest is not None:
        return {}
    sent = {
        attempt.number: request(state, delivery, attempt.number, attempt.faults).body
        for attempt in delivery.attempts
        if attempt.is_deliberate
    }
    return {number: body for number, body in sent.items() if body != delivery.message.body}


def candidates(
    state: State, *, assessment: str | None = None, candidate: str | None = None
) -> list[Candidate]:
    """Return candidates in the order of their invitations.

    Args:
        state: the state of the workspace.
        assessment: id of their assessment; None for all.
        candidate: id of an invitation or of a person; None for all.
    """
    found: Iterable[str] = state.candidates
    if assessment is not None:
        found = state.invitations.get(assessment, ())
    if candidate is not None:
        wanted = {candidate, *state.invitations.get(candidate, ())}
        found = [id_ for id_ in found if id_ in wanted]
    return [state.candidates[id_] for id_ in found]


def nearest(state: State, filters: dict[str, str | None], count: int = 3) -> list[Miss]:
    """Return the deliveries that match most of the filters, nearest first.

    Args:
        state: the state of the workspace.
        filters: the filters of `selected`.
        count: how many at most; only the newest hundred deliveries are compared.
    """
    wanted = {name: value for name, value in filters.items() if value is not None}
    newest = islice(reversed(state.deliveries.values()), _NEWEST)
    misses = [Miss(one, _differences(one, wanted)) for one in newest]
    return sorted(misses, key=lambda miss: len(miss.differences))[:count]


class Miss(msgspec.Struct, frozen=True):
    """A delivery that does not match some filters.

    Attributes:
        differences: name of the filter -> value of the delivery.
    """

    delivery: Delivery
    differences: dict[str, str]


def _differences(delivery: Delivery, wanted: dict[str, str]) -> dict[str, str]:
    message = delivery.message
    found = {
        "event": (message.event,),
        "candidate": (message.subject, message.person),
        "webhook": (delivery.webhook_id,),
        "status": (delivery.status,),
    }
    return {name: found[name][0] for name, value in wanted.items() if value not in found[name]}


_NEWEST = 100
