"""What may be a secret does not get out."""

from __future__ import annotations

from emulator.delivery.redaction import redacted, shown_headers


def test_a_header_is_shown_when_it_is_known_to_be_harmless() -> None:
    headers = (("Content-Type", "application/json"), ("X-Token", "s3cret"), ("Cookie", "s3cret"))
    assert shown_headers(headers) == (
        ("Content-Type", "application/json"),
        ("X-Token", "[redacted]"),
        ("Cookie", "[redacted]"),
    )


def test_a_record_is_masked_at_every_depth() -> None:
    record = {
        "webhook": {
            "secret": "s3cret",
            "secrets": ["s3cret"],
            "headers": (("X-Token", "s3cret"), ("Host", "x")),
            "name": "mine",
        },
        "attempts": [{"headers": [["Authorization", "s3cret"]]}, 1, None],
        "control_token": "s3cret",
    }
    assert redacted(record) == {
        "webhook": {
            "secret": "[redacted]",
            "secrets": "[redacted]",
            "headers": [["X-Token", "[redacted]"], ["Host", "x"]],
            "name": "mine",
        },
        "attempts": [{"headers": [["Authorization", "[redacted]"]]}, 1, None],
        "control_token": "[redacted]",
    }


def test_a_secret_that_is_not_set_says_so() -> None:
    assert redacted({"secret": None, "control_token": ""}) == {"secret": None, "control_token": ""}


def test_headers_that_are_no_list_are_looked_into() -> None:
    assert redacted({"headers": {"secret": "s3cret"}}) == {"headers": {"secret": "[redacted]"}}
