"""Each sample consumer has its one planted bug, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.consumers.probes import PROBES, Life
from tests.consumers.starting import ALL, started

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "s3cret"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PLANTED = {
    "right": set(),
    "counts_duplicates": {"duplicates", "duplicates_in_parallel"},
    "regresses_on_late_events": {"late_events", "late_completion"},
    "dies_on_the_ping": {"the_ping"},
    "parses_result_link_as_url": {"forms_of_result_link"},
    "fails_on_unknown_events": {"unknown_events"},
    "accepts_any_signature": {"wrong_signature"},
    "blocks_on_slow_body": {"slow_body"},
    "loses_on_restart": {"a_restart"},
}
"""Consumer -> the probes that find its bug."""


@pytest.mark.parametrize("name", ALL)
def test_exactly_the_planted_bug_is_found(
    name: str, lives: dict[str, Life], tmp_path: Path
) -> None:
    failed = {}
    state = tmp_path / "state"
    with started(name, token=TOKEN, secret=SECRET, state=state) as consumer:
        for probe in PROBES:
            try:
                probe(consumer, lives[probe.__name__])
            except (AssertionError, OSError) as error:
                failed[probe.__name__] = str(error)
    assert failed.keys() == PLANTED[name], failed
