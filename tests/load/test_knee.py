from __future__ import annotations

import pytest

from emulator.load.knee import rates


def _found(
    limit: float, start: float = 10, fastest: float = 1e6
) -> tuple[float, float | None, int]:
    search, tried = rates(start, fastest), 0
    rate = next(search)
    try:
        while True:
            tried += 1
            rate = search.send(rate <= limit)
    except StopIteration as end:
        good, bad = end.value
        return good, bad, tried


@pytest.mark.parametrize("limit", [10, 11, 137, 5_000, 99_999])
def test_the_search_ends_close_below_the_rate_that_breaks(limit: float) -> None:
    good, bad, tried = _found(limit)
    assert bad is not None
    assert good <= limit < bad
    assert bad - good <= bad / 10
    assert tried < 25


def test_a_consumer_that_breaks_at_once_is_tried_at_lower_rates() -> None:
    good, bad, _ = _found(3)
    assert good <= 3
    assert bad is not None
    assert good > 2


def test_a_consumer_that_sustains_nothing_ends_the_search() -> None:
    good, bad, tried = _found(0)
    assert (good, tried < 10) == (0, True)
    assert bad is not None


def test_a_consumer_that_never_breaks_ends_the_search_at_the_fastest_rate() -> None:
    assert _found(1e9, fastest=1_000)[:2] == (1_000, None)
