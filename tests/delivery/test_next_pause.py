"""What a profile makes of an outcome: v2's schedule, `Retry-After`, `webhook-delivery`."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import decoding
from emulator.delivery.profiles import PROFILES, Profile
from emulator.delivery.records import Outcome, Timeouts
from emulator.delivery.retry_policy import is_aborted, next_pause, retry_after
from emulator.delivery.signing import SigningScheme
from emulator.errors import InvalidInputError

V2 = PROFILES["v2"]
NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the date that RFC 9110 has as its example


def answer(status: int = 503, **headers: str) -> Outcome:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Outcome("answered", status, headers=pairs)


def test_v2_tries_eight_times_over_28_hours() -> None:
    pauses = [next_pause(V2, attempt, answer(500), NOW) for attempt in range(1, 9)]
    assert pauses == [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, None]


def test_v2_takes_any_2xx_within_15_seconds_and_no_redirect() -> None:
    assert V2.timeouts == Timeouts(connect=15.0, first_byte=15.0, total=15.0)
    taken = [status for status in range(100, 600) if V2.is_success(answer(status))]
    assert taken == list(range(200, 300))


def test_v2_is_signed_as_svix_signs() -> None:
    assert V2.signature == SigningScheme("standard", prefix="svix-")
    assert PROFILES["v1"].signature is None


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("120", 120),
        ("0", 0),
        (" 7 ", 7),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
        ("Sun Nov  6 08:50:37 1994", 60),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ("1.5", None),
        ("-1", None),
        ("\u0661", None),
        ("soon", None),
        ("", None),
        ("Sun, 06 Nov 99999 08:49:37 GMT", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("9" * 400, float("inf")),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, asked: float | None) -> None:
    assert retry_after(answer(Retry_After=value), NOW) == asked


def test_a_date_is_compared_with_the_consumer_s_own_clock_if_known() -> None:
    outcome = answer(
        retry_after="Sun, 06 Nov 1994 08:50:37 GMT", date="Sun, 06 Nov 1994 08:50:00 GMT"
    )
    assert retry_after(outcome, NOW) == 37


def test_without_an_answer_nothing_is_asked() -> None:
    assert retry_after(Outcome("refused"), NOW) is None
    assert next_pause(V2, 1, Outcome("refused"), NOW) == 5


@settings(deadline=None)
@given(st.text())
def test_every_retry_after_gives_a_pause(value: str) -> None:
    pause = next_pause(V2, 1, answer(retry_after=value), NOW)
    assert pause is not None
    assert 5 <= pause <= 7_205


@pytest.mark.parametrize(
    ("attempt", "asked", "pause"),
    [
        (1, "120", 120),
        (2, "120", 300),
        (1, "7205", 7_205),
        (1, "7206", 7_205),
        (7, "86400", 43_200),
        (8, "5", None),
    ],
)
def test_retry_after_stretches_a_pause_by_two_hours_at_most(
    attempt: int, asked: str, pause: float | None
) -> None:
    assert next_pause(V2, attempt, answer(retry_after=asked), NOW) == pause


def test_abort_message_stops_the_retries() -> None:
    for value in ("abort-message", " Abort-Message "):
        outcome = answer(Webhook_Delivery=value, retry_after="1")
        assert is_aborted(V2, outcome)
        assert next_pause(V2, 1, outcome, NOW) is None
    assert not is_aborted(V2, answer(webhook_delivery="abort"))


def test_a_profile_obeys_only_the_headers_that_it_names() -> None:
    deaf = Profile(retries=(5.0,))
    outcome = answer(webhook_delivery="abort-message", retry_after="60")
    assert next_pause(deaf, 1, outcome, NOW) == 5
    assert next_pause(Profile(retries=(5.0,), obeys=("retry-after",)), 1, outcome, NOW) == 60
    aborting = Profile(retries=(5.0,), obeys=("webhook-delivery",))
    assert next_pause(aborting, 1, outcome, NOW) is None


NO_HEADER = "'header' goes with the scheme 'hmac-sha256-hex'; 'standard' has a 'prefix'"


# --- as data --------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES.values())
def test_a_profile_is_data(profile: Profile) -> None:
    assert decoding.decode(msgspec.json.encode(profile), Profile) == profile


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b'{"signature": {"scheme": "standard", "header": "X"}}',
            f"{NO_HEADER} (at $.signature)",
        ),
        (
            b'{"signature": {"scheme": "standard", "prefx": "svix-"}}',
            "unknown key 'prefx'; near: 'prefix' (at $.signature)",
        ),
        (b'{"retries": [5, -1]}', "expected 'float' >= 0.0 (at $.retries[1])"),
        (
            b'{"obeys": ["x"]}',
            "expected one of 'retry-after', 'webhook-delivery', got 'x' (at $.obeys[0])",
        ),
        (b'{"sign": 1}', "unknown key 'sign'; near: 'signature' (at $)"),
    ],
)
def test_a_profile_that_can_t_be_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        decoding.decode(text, Profile)
    assert str(error.value) == message
