"""What may be a secret does not get out."""

from __future__ import annotations

import pytest

from emulator.delivery.redaction import configured_secrets, masked, redacted, shown_headers


def test_a_header_is_shown_when_it_is_known_to_be_harmless() -> None:
    headers = (("Content-Type", "application/json"), ("X-Token", "s3cret"), ("Cookie", "s3cret"))
    assert shown_headers(headers) == {
        "Content-Type": "application/json",
        "X-Token": "[redacted]",
        "Cookie": "[redacted]",
    }


def test_the_values_of_a_repeated_header_are_joined() -> None:
    assert shown_headers((("Via", "a"), ("X", "1"), ("Via", "b"), ("X", "2"))) == {
        "Via": "a, b",
        "X": "[redacted], [redacted]",
    }


def test_a_record_is_masked_at_every_depth() -> None:
    record = {
        "webhook": {
            "secret": "s3cret",
            "secrets": ["s3cret"],
            "headers": (("X-Token", "s3cret"), ("Host", "x")),
            "name": "mine",
        },
        "attempts": [{"headers": [["Authorization", "s3cret"]]}, 1, None],
    }
    assert redacted(record) == {
        "webhook": {
            "secret": "[redacted]",
            "secrets": "[redacted]",
            "headers": {"X-Token": "[redacted]", "Host": "x"},
            "name": "mine",
        },
        "attempts": [{"headers": {"Authorization": "[redacted]"}}, 1, None],
    }


def test_a_missing_secret_is_shown_as_not_set() -> None:
    assert redacted({"secret": None, "secrets": ""}) == {"secret": None, "secrets": ""}


def test_headers_that_are_no_list_are_looked_into() -> None:
    assert redacted({"headers": {"secret": "s3cret"}}) == {"headers": {"secret": "[redacted]"}}


def test_configured_secrets_are_found_at_every_depth() -> None:
    record = {
        "consumer": [
            {"headers": {"Authorization": "Bearer t0ken", "Accept": "text/plain"}, "secret": None},
            {"headers": [["X-Token", "s3cret"]], "old_secrets": [{"secret": "0ld"}]},
        ],
        "headers": None,
        "name": "mine",
    }
    assert configured_secrets(record) == {"Bearer t0ken", "t0ken", "s3cret", "0ld"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("got s3cret-1!", "got [redacted]!"),
        ("xs3cret-1x", "x[redacted]x"),
        (r"{\"t\": \"q\\\"uote\"}", r"{\"t\": \"q\\\"uote\"}"),
        (r'{"t": "q\"uote"}', '{"t": "[redacted]"}'),
        ("?t=q%22uote", "?t=[redacted]"),
        ("q&quot;uote", "[redacted]"),
        (r"l\u00e4nge", "[redacted]"),
        ("the test, not the latest", "the [redacted], not the latest"),
        ("abc", "abc"),
        ("Authorization: Bearer xyz, more", "Authorization: Bearer [redacted], more"),
        ("headers: {x-webhook-token: xyz}", "headers: {x-webhook-token: [redacted]}"),
        ('{"Authorization":"Basic eA=="}', '{"Authorization":"Basic [redacted]"}'),
        ("Authorization: [redacted]", "Authorization: [redacted]"),
        ("no authorization here", "no authorization here"),
    ],
)
def test_secrets_are_masked_in_text(text: str, shown: str) -> None:
    secrets = ["s3cret-1", 'q"uote', "länge", "test", "abc"]
    assert masked({"key": [text, 1, None]}, secrets) == {"key": [shown, 1, None]}
    assert masked(shown, secrets) == shown
