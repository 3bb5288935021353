"""The plan of an attempt."""

from __future__ import annotations

from datetime import UTC, datetime

import emulator
from emulator.delivery.plan import plan
from emulator.delivery.profiles import Profile
from emulator.delivery.records import Headers, Message, Request, Timeouts
from emulator.domain.ids import ObjectId
from emulator.domain.webhook import Webhook

AT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGE = Message(1, "msg_1", "test", "v1", "", "", AT, b"{}", (1,))
TYPE = ("Content-Type", "application/json")
AGENT = ("User-Agent", f"Testlify-Emulator/{emulator.__version__}")


def webhook(headers: Headers = ()) -> Webhook:
    return Webhook(
        ObjectId("a" * 24), 1, "mine", "http://example.com/hook", ("completed",),
        frozenset({"candidate.completed"}), "v1", headers, None, "", "", "", AT, AT,
    )  # fmt: skip


def test_a_plan_is_the_request_as_it_goes_out() -> None:
    timeouts = Timeouts(1.0, 2.0, 3.0)
    assert plan(MESSAGE, webhook(), Profile(timeouts=timeouts)) == Request(
        "http://example.com/hook", (TYPE, AGENT), b"{}", timeouts
    )


def test_the_body_is_the_message_s_own_never_a_copy() -> None:
    assert plan(MESSAGE, webhook(), Profile()).body is MESSAGE.body


def test_the_customer_s_headers_follow_ours() -> None:
    found = plan(MESSAGE, webhook((("X-Token", "s3cret"),)), Profile()).headers
    assert found == (TYPE, AGENT, ("X-Token", "s3cret"))


def test_a_customer_s_header_takes_the_place_of_ours() -> None:
    found = plan(MESSAGE, webhook((("user-agent", "me"),)), Profile()).headers
    assert found == (TYPE, ("user-agent", "me"))
