"""The plan says how to sign; the attempt is signed when it starts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.delivery.plan import signed
from emulator.delivery.profiles import PROFILES, Profile
from emulator.delivery.records import Message, Request, Timeouts
from emulator.delivery.signing import SigningScheme, sign
from emulator.errors import InvalidInputError

AT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGE = Message(1, "msg_1", "test", "v2", "", "", AT, b"{}", (1,))
REQUEST = Request("http://example.com/hook", (("Content-Type", "x"),), b"{}", Timeouts(1, 2, 3))
V2 = PROFILES["v2"]
SECRET, OTHER = "whsec_c2VjcmV0", "whsec_b3RoZXI="
NOW = 1_700_000_000.5


def test_the_signature_follows_the_headers_and_nothing_else_changes() -> None:
    assert V2.signature is not None
    made = sign(V2.signature, [SECRET, OTHER], message_id="msg_1", body=b"{}", now=NOW)
    assert signed(REQUEST, MESSAGE, [SECRET, OTHER], V2, NOW) == Request(
        REQUEST.url, REQUEST.headers + made, REQUEST.body, REQUEST.timeouts
    )


def test_the_body_of_the_request_is_signed() -> None:
    """A fault may have changed it."""
    other = Request(REQUEST.url, REQUEST.headers, b"{")
    one, two = (signed(it, MESSAGE, [SECRET], V2, NOW).headers for it in (REQUEST, other))
    assert one[:-1] == two[:-1]
    assert one[-1] != two[-1]


def test_without_a_secret_or_a_signature_a_request_stays_as_it_is() -> None:
    assert signed(REQUEST, MESSAGE, [], V2, NOW) is REQUEST
    assert signed(REQUEST, MESSAGE, [SECRET], PROFILES["v1"], NOW) is REQUEST


def test_a_header_of_the_customer_s_takes_the_place_of_the_signature_s() -> None:
    request = Request(REQUEST.url, (("SVIX-ID", "mine"),), b"{}")
    names = [name for name, _ in signed(request, MESSAGE, [SECRET], V2, NOW).headers]
    assert names == ["SVIX-ID", "svix-timestamp", "svix-signature"]


def test_any_profile_can_sign() -> None:
    hexed = Profile(signature=SigningScheme("hmac-sha256-hex", header="X-Acme"))
    names = [name for name, _ in signed(REQUEST, MESSAGE, ["s"], hexed, NOW).headers]
    assert names == ["Content-Type", "X-Acme"]


def test_a_secret_of_another_form_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        signed(REQUEST, MESSAGE, ["s3cret"], V2, NOW)
