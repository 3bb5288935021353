"""Properties of messages, deliveries and attempts."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from emulator.delivery.records import Attempt, Delivery, Message, Outcome

AT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGE = Message(
    12, "msg_1", "candidate.invited", "v1", "c1", "p1", AT, b'{"data":{"x":1}}', (1, 3)
)


def attempt(outcome: Outcome | None) -> Attempt:
    return Attempt(1, "scheduled", AT, "http://example.com/", (("X-Token", "s3cret"),), outcome)


def test_a_payload_is_the_body_decoded() -> None:
    assert MESSAGE.payload == {"data": {"x": 1}}
    assert Delivery(MESSAGE, "w", 3).payload == {"data": {"x": 1}}


def test_a_delivery_is_called_by_the_numbers_of_message_and_webhook() -> None:
    delivery = Delivery(MESSAGE, "w", 3)
    assert (delivery.id, delivery.event) == ("12-3", "candidate.invited")
    assert not delivery.succeeded
    assert msgspec.structs.replace(delivery, status="succeeded").succeeded


def test_an_attempt_is_shown_by_its_status_or_its_reason() -> None:
    assert attempt(None).answer == "under way"
    assert attempt(Outcome("answered", 204)).answer == "204"
    assert attempt(Outcome("refused")).answer == "refused"


def test_the_repr_of_a_delivery_has_no_possible_secrets() -> None:
    delivery = Delivery(MESSAGE, "w", 3)
    assert repr(delivery) == "<Delivery 12-3 candidate.invited pending: no attempt>"
    tried = (attempt(Outcome("answered", 500)), attempt(Outcome("reset")))
    failed = msgspec.structs.replace(delivery, status="failed", reason="reset", attempts=tried)
    assert repr(failed) == "<Delivery 12-3 candidate.invited failed (reset): 500, reset>"
