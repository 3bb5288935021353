"""What may be registered, and each text that refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from emulator.domain.events import EVENT_TYPES, EVENTS_OF
from emulator.domain.ids import ObjectId
from emulator.domain.webhook import Webhook, checked_headers, checked_url, wanted
from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from emulator.domain.events import Generation

AT = datetime(2026, 1, 1, tzinfo=UTC)
EXAMPLE = "expected a URL like 'https://example.com/hook'"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com/hook?x=1&y=%20",
        "http://127.0.0.1:9000/hook",
        "http://[::1]:9000/hook",
        "http://example.com:65535/",
        "http://example.com/" + "x" * (2_048 - 19),
    ],
)
def test_a_url_that_something_can_be_posted_to_stays_as_it_is(url: str) -> None:
    assert checked_url(url) is url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "neither http nor https"),
        ("example.com/hook", "neither http nor https"),
        ("ftp://example.com/", "neither http nor https"),
        ("file:///etc/hosts", "neither http nor https"),
        ("http:///hook", "no host"),
        ("https://:443/hook", "no host"),
        ("http://example.com:0/", "port 0"),
        ("http://example.com:65536/", "port out of range 0-65535"),
        ("http://example.com:x/", "port could not be cast to integer value as 'x'"),
        ("http://[::1/", "invalid ipv6 url"),
        ("http://user:secret@example.com/", "user and password in the URL"),
        ("http://user@example.com/", "user and password in the URL"),
        ("http://example.com/#top", "a fragment"),
        ("http://example.com/\ud800", "half a surrogate pair in the URL"),
        ("http://example.com/a b", "white space or a control character in the URL"),
        ("http://example.com/\r\nHost: x", "white space or a control character in the URL"),
        ("http://example.com/\x7f", "white space or a control character in the URL"),
    ],
)
def test_any_other_url_is_refused(url: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_url(url)
    assert str(caught.value) == f"{problem}: {url!r}; {EXAMPLE} (at $.payloadUrl)"


def test_a_url_without_end_is_refused_and_cut_in_the_error() -> None:
    url = "http://example.com/" + "x" * (2_048 - 18)
    with pytest.raises(InvalidInputError) as caught:
        checked_url(url, path="$.url")
    assert str(caught.value) == (f"longer than 2048 characters: {url[:80]!r}; {EXAMPLE} (at $.url)")


def test_wanted_events_become_ids() -> None:
    words = ["candidateStatusChanged", "candidate.completed", "created", "completed"]
    assert wanted(words, "v1") == {
        "candidate.status_changed",
        "candidate.completed",
        "assessment.created",
    }


def test_a_v1_webhook_that_names_no_event_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        wanted([], "v1")
    assert str(caught.value) == (
        "no event types; expected at least one, as in ['candidate.completed']: only a v2 webhook"
        " receives every event by default (at $.events)"
    )


def test_a_wrong_event_is_refused_at_its_place() -> None:
    with pytest.raises(InvalidInputError) as caught:
        wanted(["completed", "candidate"], "v2")
    assert caught.value.path == "$.events[1]"


def test_valid_headers_stay_as_they_are() -> None:
    pairs = (("X-Token", "s3cret"), ("user-agent", "me"), ("x!#$%&'*+-.^_`|~9", "\ta \xe9"))
    assert checked_headers(iter(pairs)) == pairs


@pytest.mark.parametrize("name", ["", "X Token", "X-Tok\xe9n", "X:Token", "X\r\n"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_headers([(name, "")])
    assert str(caught.value) == f"not a header name: {name!r} (at $.headers)"


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Content-Type"]
)
def test_a_header_that_the_delivery_writes_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_headers([(name, "x")])
    assert str(caught.value) == (
        f"the header {name!r} is set by the emulator (at $.headers.{name})"
    )


@pytest.mark.parametrize("value", ["a\r\nb", "\x00", "\x7f", "\x80", "\u20ac"])
def test_a_value_that_no_header_can_carry_is_refused(value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_headers([("X-Token", value)])
    assert str(caught.value) == (
        "an invalid character in the value of 'X-Token' (at $.headers.X-Token)"
    )


def webhook_of(*events: str, generation: Generation) -> Webhook:
    return Webhook(
        id=ObjectId("a" * 24),
        number=1,
        name="mine",
        payload_url="http://example.com/",
        events=events,
        event_types=wanted(events, generation),
        generation=generation,
        headers=(("X-Token", "s3cret"),),
        secret="whsec_s3cret",
        description="",
        endpoint_id="",
        subscription_id="",
        created_at=AT,
        modified_at=AT,
    )


def test_a_webhook_wants_its_event_types_and_hides_its_secrets() -> None:
    webhook = webhook_of("completed", generation="v1")
    assert webhook.wants("candidate.completed")
    assert not webhook.wants("candidate.invited")
    assert repr(webhook) == (
        "Webhook(aaaaaaaaaaaaaaaaaaaaaaaa, 'mine', 'http://example.com/', ['completed'])"
    )


def test_a_v2_webhook_that_names_no_event_wants_all_that_v2_has() -> None:
    webhook = webhook_of(generation="v2")
    assert {event for event in EVENT_TYPES if webhook.wants(event)} == set(EVENTS_OF["v2"])


def test_a_v2_webhook_cannot_name_an_event_that_v1_alone_has() -> None:
    assert wanted(["candidate.invited"], "v1") == {"candidate.invited"}
    with pytest.raises(UnknownNameError) as error:
        wanted(["candidate.completed", "candidate.invited"], "v2")
    assert str(error.value) == (
        "no v2 event type 'candidate.invited'; near: 'candidate.invitation_expired', "
        "'candidate.completed', 'candidate.disqualified'; known: assessment.archived, "
        "assessment.created, assessment.deleted, assessment.updated, candidate.completed, "
        "candidate.disqualified, candidate.in_progress, candidate.invitation_expired, "
        "candidate.status_changed (at $.events[1])"
    )


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([(f"X-{number}", "a") for number in range(65)], "65 headers; expected at most 64"),
        (
            [("X-Long", "a" * 8_187)],
            "a header of 8193 characters: 'X-Long'; expected at most 8192",
        ),
        (
            [(f"X-{number}", "a" * 8_000) for number in range(5)],
            "headers of 40015 characters together; expected at most 32768",
        ),
    ],
)
def test_headers_are_bounded(headers: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        checked_headers(headers)
