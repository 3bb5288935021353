"""Durations and instants as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.durations import LONGEST, instant, parse, parse_instant, show
from emulator.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("150ms", 0.15),
        ("10s", 10.0),
        ("1.5s", 1.5),
        ("5m", 300.0),
        ("2h", 7_200.0),
        ("30d", 2_592_000.0),
        (" 2h\n", 7_200.0),
        ("0s", 0.0),
        ("3650d", LONGEST),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "10", "s", "10 s", "-1s", "1e3s", "10S", "10w", ".5s", "1.s", "1h30m", "\u0661s"]
)
def test_other_text_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(text)
    assert str(caught.value) == (
        f"not a duration: {text!r}; expected a number and a unit, as in 150ms 10s 5m 2h 30d"
    )


def test_beyond_ten_years_is_a_slip_of_the_pen() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse("3651d")
    assert str(caught.value) == "too long a duration: '3651d'; the longest is 3650d"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0ms"),
        (0.15, "150ms"),
        (1.5, "1.5s"),
        (2.25, "2.25s"),
        (90.0, "90s"),
        (300.0, "5m"),
        (5_400.0, "90m"),
        (7_200.0, "2h"),
        (86_400.0, "1d"),
        (90_000.0, "25h"),
        (86_400.5, "86400.5s"),
    ],
)
def test_a_duration_is_shown_in_the_largest_unit_without_a_fraction(
    seconds: float, text: str
) -> None:
    assert show(seconds) == text


@given(st.integers(0, 999).map(lambda ms: ms / 1000) | st.integers(1, int(LONGEST)))
def test_a_shown_duration_is_read_back(seconds: float) -> None:
    assert parse(show(seconds)) == pytest.approx(seconds)


def test_an_instant_is_written_as_javascript_does() -> None:
    assert instant(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    at = datetime(2026, 12, 31, 23, 59, 59, 7_999, tzinfo=UTC)
    assert instant(at) == "2026-12-31T23:59:59.007Z"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T02:00:00+02:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00.123456Z", datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)),
        ("20260101T000000Z", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_utc_and_whole_milliseconds(text: str, at: datetime) -> None:
    found = parse_instant(text)
    assert found == at
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_a_text_that_names_no_time_in_utc_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_instant(text, path="$.now")
    assert str(caught.value) == (
        f"not a time: {text!r}; expected one like '2026-01-01T00:00:00Z' (at $.now)"
    )


def test_a_long_text_is_cut_in_the_error() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_instant("x" * 1_000)
    assert str(caught.value) == (
        f"not a time: {'x' * 40!r}; expected one like '2026-01-01T00:00:00Z'"
    )


@given(
    st.integers(86_400, 4_000_000_000).map(
        lambda seconds: datetime.fromtimestamp(seconds, timezone(timedelta(hours=2)))
    ),
    st.integers(0, 999_999),
)
def test_an_instant_is_read_back_as_written(at: datetime, microsecond: int) -> None:
    at = at.replace(microsecond=microsecond // 1000 * 1000)
    assert parse_instant(instant(at.astimezone(UTC))) == at
