"""Signatures that do not hold, judged by the vendors' own libraries."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import standardwebhooks

from emulator import faults
from emulator.delivery.plan import signed
from emulator.delivery.profiles import PROFILES, Profile
from emulator.delivery.records import Message, Request
from emulator.delivery.signing import SigningScheme, verify
from tests import svix

if TYPE_CHECKING:
    from collections.abc import Sequence

AT = datetime(2026, 1, 1, tzinfo=UTC)
BODY = b'{"event":"completed"}'
MESSAGE = Message(1, "msg_1", "test", "v2", "", "", AT, BODY, (1,))
REQUEST = Request("http://example.com/hook", (("Content-Type", "application/json"),), BODY)
SECRET, OTHER = "whsec_c2VjcmV0", "whsec_b3RoZXI="
SVIX = PROFILES["v2"]
STANDARD = Profile(signature=SigningScheme("standard", prefix="webhook-"))
HEX = Profile(signature=SigningScheme("hmac-sha256-hex", header="X-Acme"))

MISSING = faults.Signature(how="missing")
WRONG = faults.Signature(how="wrong_secret")
DAMAGED = faults.Signature(how="damaged")
PAST = faults.Signature(how="skewed")
FUTURE = faults.Signature(how="skewed", direction="future")

REFUSED = [
    (MISSING, "Missing required headers"),
    (WRONG, "No matching signature found"),
    (DAMAGED, "No matching signature found"),
    (PAST, "Message timestamp too old"),
    (FUTURE, "Message timestamp too new"),
]


def sent(
    fault: faults.Signature | None, profile: Profile, secrets: Sequence[str] = (SECRET,)
) -> Request:
    return signed(REQUEST, MESSAGE, secrets, profile, time.time(), fault)


@pytest.mark.parametrize(("fault", "why"), REFUSED, ids=lambda one: getattr(one, "how", ""))
def test_the_vendors_refuse_it(fault: faults.Signature, why: str) -> None:
    # The libraries accept requests without a fault, so they refuse because of the fault.
    svix.Webhook(SECRET).verify(BODY, dict(sent(None, SVIX).headers))
    standardwebhooks.Webhook(SECRET).verify(BODY, dict(sent(None, STANDARD).headers))
    with pytest.raises(svix.WebhookVerificationError, match=why):
        svix.Webhook(SECRET).verify(BODY, dict(sent(fault, SVIX).headers))
    with pytest.raises(standardwebhooks.WebhookVerificationError, match=why):
        standardwebhooks.Webhook(SECRET).verify(BODY, dict(sent(fault, STANDARD).headers))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (MISSING, "header_missing"),
        (WRONG, "signature_wrong"),
        (DAMAGED, "signature_wrong"),
        (PAST, "timestamp_too_old"),
        (FUTURE, "timestamp_too_new"),
    ],
    ids=lambda one: getattr(one, "how", ""),
)
def test_we_refuse_it_for_the_same_reason(fault: faults.Signature, code: str) -> None:
    assert SVIX.signature is not None
    headers = sent(fault, SVIX).headers
    assert verify(SVIX.signature, SECRET, headers, BODY, now=time.time()).code == code


@pytest.mark.parametrize("fault", [WRONG, DAMAGED, PAST])
def test_a_broken_signature_is_invalid_with_both_secrets_of_a_rotation(
    fault: faults.Signature,
) -> None:
    headers = dict(sent(fault, SVIX, [OTHER, SECRET]).headers)
    for secret in (SECRET, OTHER):
        with pytest.raises(svix.WebhookVerificationError):
            svix.Webhook(secret).verify(BODY, headers)


def test_a_skew_within_the_tolerance_of_verifiers_is_accepted() -> None:
    fault = faults.Signature(how="skewed", by=240.0)
    svix.Webhook(SECRET).verify(BODY, dict(sent(fault, SVIX).headers))


@pytest.mark.parametrize("fault", [WRONG, DAMAGED])
def test_a_wrong_signature_has_the_form_of_a_signature(fault: faults.Signature) -> None:
    good = dict(sent(None, SVIX).headers)["svix-signature"]
    bad = dict(sent(fault, SVIX).headers)["svix-signature"]
    assert bad != good
    assert (bad[:3], len(bad), bad[-1]) == ("v1,", len(good), "=")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (MISSING, "header_missing"),
        (WRONG, "signature_wrong"),
        (DAMAGED, "signature_wrong"),
        (PAST, "valid"),
    ],
    ids=lambda one: getattr(one, "how", ""),
)
def test_hex_signatures_have_the_same_faults_but_no_time(
    fault: faults.Signature, code: str
) -> None:
    assert HEX.signature is not None
    headers = sent(fault, HEX, ["s3cret"]).headers
    assert verify(HEX.signature, "s3cret", headers, BODY, now=time.time()).code == code


def test_a_damaged_hex_signature_is_wrong_for_every_first_digit() -> None:
    assert HEX.signature is not None
    for number in range(64):
        body = b"%d" % number
        request = Request(REQUEST.url, REQUEST.headers, body)
        headers = signed(request, MESSAGE, ["s3cret"], HEX, 0.0, DAMAGED).headers
        assert not verify(HEX.signature, "s3cret", headers, body, now=0.0).holds


def test_an_unsigned_request_has_no_signature_to_break() -> None:
    for fault in (MISSING, WRONG, DAMAGED, PAST):
        assert sent(fault, SVIX, []) is REQUEST
        assert sent(fault, PROFILES["v1"]) is REQUEST


def test_a_broken_body_is_signed_as_it_goes_out_and_keeps_its_wire_faults() -> None:
    broken = Request(REQUEST.url, REQUEST.headers, b"{" + BODY, wire=(faults.Reset(),))
    request = signed(broken, MESSAGE, [SECRET], SVIX, time.time())
    svix.Webhook(SECRET).verify(request.body, dict(request.headers))
    assert request.wire == broken.wire
