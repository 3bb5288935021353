"""Signatures, made and checked; the vendors' own libraries are the judge."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
import standardwebhooks
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emulator.delivery.signing import (
    TOLERANCE,
    SigningScheme,
    Verdict,
    checked_secret,
    made_secret,
    prefix_in,
    sign,
    verify,
)
from emulator.errors import InvalidInputError
from tests import svix

if TYPE_CHECKING:
    from emulator.delivery.records import Headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
NOW = 1_614_265_330.0
BODY = b'{"test": 2432232314}'
SVIX = SigningScheme("standard")
WEBHOOK = SigningScheme("standard", prefix="webhook-")
HEX = SigningScheme("hmac-sha256-hex", header="X-Acme-Signature")
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
WRONG_SECRET = "not a secret to sign with; expected 'whsec_' and a key in base64 with its padding"


def signed(
    signature: SigningScheme = SVIX, *secrets: str, body: bytes = BODY, now: float = NOW
) -> Headers:
    return sign(signature, secrets or (SECRET,), message_id=ID, body=body, now=now)


def without(headers: Headers, name: str) -> Headers:
    return tuple(pair for pair in headers if pair[0] != name)


def with_(headers: Headers, name: str, value: str) -> Headers:
    return tuple((known, value if known == name else old) for known, old in headers)


# --- signing --------------------------------------------------------------------------------


def test_the_published_vector() -> None:
    assert signed() == (
        ("svix-id", ID),
        ("svix-timestamp", "1614265330"),
        ("svix-signature", V1),
    )


def test_the_other_prefix_changes_the_names_and_nothing_else() -> None:
    renamed = tuple((name.replace("svix-", "webhook-"), value) for name, value in signed())
    assert signed(WEBHOOK) == renamed


def test_a_timestamp_is_whole_seconds() -> None:
    assert dict(signed(now=NOW + 0.999)) == dict(signed())


def test_each_secret_gives_a_signature() -> None:
    (second,) = (value for name, value in signed(SVIX, OTHER) if name == "svix-signature")
    assert dict(signed(SVIX, OTHER, SECRET))["svix-signature"] == f"{second} {V1}"


def test_hex_is_the_hmac_of_the_body_under_the_chosen_header() -> None:
    digest = hmac.new("s3crét".encode(), BODY, hashlib.sha256).hexdigest()
    assert signed(HEX, "s3crét") == (("X-Acme-Signature", digest),)
    assert signed(HEX, "s3crét", "old") == (("X-Acme-Signature", digest),)


# --- verified by the vendors' own -----------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.binary(min_size=1, max_size=100).map(
    lambda key: "whsec_" + base64.b64encode(key).decode()
)
bodies = st.one_of(texts.map(str.encode), texts.map(msgspec.json.encode))


@settings(deadline=None)
@given(bodies, keys)
def test_the_vendors_verify_our_signatures(body: bytes, secret: str) -> None:
    """The bodies are UTF-8: the libraries decode them before they look."""
    now = time.time()
    svix.Webhook(secret).verify(body, dict(signed(SVIX, secret, body=body, now=now)))
    theirs = dict(signed(WEBHOOK, secret, body=body, now=now))
    standardwebhooks.Webhook(secret).verify(body, theirs, json_parse=False)


@settings(deadline=None)
@given(bodies, keys, keys)
def test_the_vendors_refuse_signatures_with_another_secret(
    body: bytes, secret: str, other: str
) -> None:
    headers = dict(signed(SVIX, secret, body=body, now=time.time()))
    one, two = (base64.b64decode(key[6:]).rstrip(b"\0") for key in (secret, other))
    assume(one != two)  # HMAC pads keys with zeros
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(other).verify(body, headers)


def test_while_a_secret_is_rotated_the_vendors_verify_with_either() -> None:
    headers = dict(signed(SVIX, OTHER, SECRET, now=time.time()))
    for secret in (OTHER, SECRET):
        svix.Webhook(secret).verify(BODY, headers)


# --- verified by us -------------------------------------------------------------------------


@settings(deadline=None)
@given(st.binary(), keys, st.floats(0, 4e9), st.floats(-TOLERANCE + 1, TOLERANCE))
def test_our_signatures_pass_our_verification(
    body: bytes, secret: str, now: float, skew: float
) -> None:
    for signature in (SVIX, WEBHOOK, HEX):
        headers = sign(signature, [secret], message_id=ID, body=body, now=now)
        assert verify(signature, secret, headers, body, now=int(now) + skew).holds


@settings(deadline=None)
@given(bodies, keys)
def test_the_vendors_signatures_pass_our_verification(body: bytes, secret: str) -> None:
    at = datetime.fromtimestamp(int(NOW), UTC)
    theirs = standardwebhooks.Webhook(secret).sign(ID, at, body.decode())
    headers = (("webhook-id", ID), ("webhook-timestamp", str(int(NOW))),
               ("webhook-signature", theirs))  # fmt: skip
    assert verify(WEBHOOK, secret, headers, body, now=NOW) == Verdict("valid")


def test_names_in_any_case_will_do_and_the_first_of_a_name_counts() -> None:
    headers = tuple((name.upper(), value) for name, value in signed())
    assert verify(SVIX, SECRET, (*headers, ("svix-id", "x")), BODY, now=NOW).holds
    upper = with_(signed(HEX), "X-Acme-Signature", signed(HEX)[0][1].upper())
    assert verify(HEX, SECRET, upper, BODY, now=NOW).holds


def test_one_of_several_signatures_has_to_fit() -> None:
    headers = with_(signed(), "svix-signature", f"v2,x v1, v1,AAAA {V1} v1a,x")
    assert verify(SVIX, SECRET, headers, BODY, now=NOW).holds


UNFIT = "svix-signature does not fit: another secret, or the body was changed on the way"


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        (
            (),
            Verdict("header_missing", "no header svix-id, svix-timestamp, svix-signature"),
        ),
        (without(signed(), "svix-id"), Verdict("header_missing", "no header svix-id")),
        (
            with_(signed(), "svix-signature", ""),
            Verdict("header_missing", "no header svix-signature"),
        ),
        (
            signed(WEBHOOK),
            Verdict("header_missing", "no header svix-id, svix-timestamp, svix-signature"),
        ),
        *(
            (
                with_(signed(), "svix-timestamp", wrong),
                Verdict(
                    "timestamp_malformed", "svix-timestamp is not a time in whole Unix seconds"
                ),
            )
            for wrong in ("now", "1614265330.0", "-1", "1" * 13, "\u0661", " 1614265330")
        ),
        (
            signed(now=NOW - 301),
            Verdict("timestamp_too_old", "signed 301 s ago; at most 300 s are accepted"),
        ),
        (
            signed(now=NOW + 3_600),
            Verdict("timestamp_too_new", "signed 3600 s in the future; at most 300 s are accepted"),
        ),
        (
            with_(signed(), "svix-signature", V1.removeprefix("v1,")),
            Verdict("signature_malformed", "no v1,<base64> in svix-signature"),
        ),
        (
            with_(signed(), "svix-signature", V1.replace("v1,", "v2,")),
            Verdict("signature_malformed", "no v1,<base64> in svix-signature"),
        ),
        (signed(SVIX, OTHER), Verdict("signature_wrong", UNFIT)),
        (signed(body=BODY + b" "), Verdict("signature_wrong", UNFIT)),
        (with_(signed(), "svix-id", "msg_2"), Verdict("signature_wrong", UNFIT)),
        (with_(signed(), "svix-timestamp", "1614265331"), Verdict("signature_wrong", UNFIT)),
        (with_(signed(), "svix-signature", V1[:-2]), Verdict("signature_wrong", UNFIT)),
        (with_(signed(), "svix-signature", f"{V1}é\ud800"), Verdict("signature_wrong", UNFIT)),
        (with_(signed(), "svix-id", "\ud800é"), Verdict("signature_wrong", UNFIT)),
    ],
)
def test_a_verdict_names_the_reason(headers: Headers, verdict: Verdict) -> None:
    assert verify(SVIX, SECRET, headers, BODY, now=NOW) == verdict
    assert not verdict.holds


@pytest.mark.parametrize("off", [-TOLERANCE, TOLERANCE])
def test_a_skew_of_up_to_five_minutes_either_way_is_accepted(off: int) -> None:
    assert verify(SVIX, SECRET, signed(now=NOW + off), BODY, now=NOW).holds
    further = NOW - 0.5 * off / TOLERANCE
    assert not verify(SVIX, SECRET, signed(now=NOW + off), BODY, now=further).holds


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ((), Verdict("header_missing", "no header X-Acme-Signature")),
        (
            signed(HEX, OTHER),
            Verdict(
                "signature_wrong",
                "X-Acme-Signature does not fit: another secret, or the body was changed on the way",
            ),
        ),
    ],
)
def test_a_verdict_on_hex_names_the_reason(headers: Headers, verdict: Verdict) -> None:
    assert verify(HEX, SECRET, headers, BODY, now=NOW) == verdict


def test_the_prefix_is_read_from_the_headers() -> None:
    assert prefix_in(()) == prefix_in(signed()) == prefix_in(signed() + signed(WEBHOOK)) == "svix-"
    assert prefix_in(tuple((name.title(), "") for name, _ in signed(WEBHOOK))) == "webhook-"


# --- secrets --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "s3cret", SECRET.removeprefix("whsec_"), "whsec_a-b_", "whsec_AAA",
     "whsec_AAAA\n", "whsec_AA AA", "whsec_é", "Whsec_AAAA", "whsec_AA==AA"],
)  # fmt: skip
def test_a_secret_of_another_form_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        checked_secret(SVIX, secret)
    assert str(error.value) == f"{WRONG_SECRET} (at $.secret)"
    with pytest.raises(InvalidInputError, match=r"^not a secret to sign with; [^(]*$"):
        signed(SVIX, secret)
    with pytest.raises(InvalidInputError):
        verify(SVIX, secret, (), BODY, now=NOW)


def test_a_hex_secret_is_any_text() -> None:
    assert checked_secret(HEX, "s") == "s"
    for secret, message in (
        ("", "an empty secret; expected some text"),
        ("\ud800", "half a surrogate pair in the secret; expected Unicode text"),
    ):
        with pytest.raises(InvalidInputError) as error:
            checked_secret(HEX, secret, path=None)
        assert str(error.value) == message


def test_a_secret_is_made_in_the_form_of_its_scheme() -> None:
    made = made_secret(SVIX, random.Random(1))
    assert checked_secret(SVIX, made) == made
    assert len(made) == len(SECRET)
    assert made == made_secret(WEBHOOK, random.Random(1)) != made_secret(SVIX, random.Random(2))
    assert bytes.fromhex(made_secret(HEX, random.Random(1))) == base64.b64decode(made[6:])


# --- as data --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ('{"scheme": "standard"}', SVIX),
        ('{"scheme": "standard", "prefix": "webhook-"}', WEBHOOK),
        ('{"scheme": "hmac-sha256-hex", "header": "X-Acme-Signature"}', HEX),
    ],
)
def test_a_signature_is_data(text: str, signature: SigningScheme) -> None:
    assert msgspec.json.decode(text, type=SigningScheme) == signature
    assert msgspec.json.decode(msgspec.json.encode(signature), type=SigningScheme) == signature


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "Object missing required field `scheme`"),
        ('{"scheme": "md5"}', "Invalid enum value 'md5' - at `$.scheme`"),
        ('{"scheme": "standard", "prefix": "x-"}', "Invalid enum value 'x-' - at `$.prefix`"),
        (
            '{"scheme": "standard", "header": "X-A"}',
            "'header' goes with the scheme 'hmac-sha256-hex'; 'standard' has a 'prefix'",
        ),
        (
            '{"scheme": "hmac-sha256-hex", "prefix": "webhook-"}',
            "'prefix' goes with the scheme 'standard'; 'hmac-sha256-hex' has a 'header'",
        ),
        ('{"scheme": "hmac-sha256-hex", "header": "a b"}', "not a header name: 'a b'"),
        (
            '{"scheme": "hmac-sha256-hex", "header": "Content-Length"}',
            "the header 'Content-Length' is set by the emulator",
        ),
        ('{"scheme": "standard", "key": 1}', "Object contains unknown field `key`"),
    ],
)
def test_a_signature_that_can_t_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(text, type=SigningScheme)
    assert str(error.value) == message
