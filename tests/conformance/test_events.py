"""A consumer that subscribes to some event types gets only the checks of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.conformance.check import Check
from emulator.conformance.quick_checks import run
from emulator.domain.events import EVENT_TYPES
from tests.consumers.completions_only import EVENTS, TOKEN, application

if TYPE_CHECKING:
    from emulator.domain.events import Generation

pytestmark = pytest.mark.slow  # most go through the whole catalogue

REACHED: dict[str, Any] = {"url": "/webhooks/testlify", "headers": {"X-Webhook-Token": TOKEN}}


@pytest.mark.parametrize("generation", ["v1", "v2"])
def test_a_consumer_of_completions_passes_all_that_it_is_asked(generation: Generation) -> None:
    app = application(generation=generation)
    results = run(app, **REACHED, events=EVENTS, generation=generation)
    outcomes = {result.check.id: result.outcome for result in results}
    assert [one for one, outcome in outcomes.items() if outcome in ("failed", "incomplete")] == []
    assert outcomes["accepts.candidate.completed"] == "passed"
    assert outcomes["refuses.invalid-json"] == "passed"
    assert outcomes["accepts.ping"] == "passed"
    assert sum(outcome == "passed" for outcome in outcomes.values()) > 40
    reasons = {result.check.id: result.message for result in results if result.outcome == "skipped"}
    assert (
        reasons["accepts.candidate.invited"]
        == {
            "v1": "it does not subscribe to candidate.invited (--events)",
            "v2": "v2 has no event type candidate.invited",
        }[generation]
    )
    assert reasons["tolerates.result-link-null"] == (
        "it does not subscribe to any event with the status INVITED (--events)"
    )
    assert reasons["tolerates.unknown-event"] == (
        "the consumer subscribes to some event types only (--events)"
    )


def test_nothing_is_sent_that_the_consumer_does_not_subscribe_to() -> None:
    results = run(application(), **REACHED, events=EVENTS)
    sent = {delivery.event for one in results for delivery in one.deliveries}
    assert sent <= {*EVENTS, "test"}


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_every_check_can_be_asked_of_a_consumer_of_one_event_type(event: str) -> None:
    """None of them ends with an error of ours."""

    async def consumer(_: object, receive: object, send: object) -> None:
        await receive()  # type: ignore[operator]
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    results = run(consumer, events=(event,), tags=["events", "malformed", "irregular", "ping"])
    assert any(result.outcome == "passed" for result in results)
    assert all(isinstance(result.check, Check) for result in results)
    sent = {delivery.event for one in results for delivery in one.deliveries}
    assert sent <= {event, "test"}
