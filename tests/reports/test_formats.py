"""The table of formats, and the options and files made from it."""

from __future__ import annotations

import pytest

from emulator.cli import run_verb, test_verb
from emulator.reports import ctrf, html, journal, junit
from emulator.reports.formats import FORMATS


def test_each_format_has_a_name_and_a_file_of_its_own() -> None:
    assert {html, ctrf, junit, journal} <= set(FORMATS.values())
    assert all(name == one.NAME for name, one in FORMATS.items())
    assert len({one.FILE for one in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("verb", [run_verb.command, test_verb.command])
def test_a_format_is_a_choice_and_a_file_of_the_options(verb: object) -> None:
    options = {one.name: one for one in verb.params}  # type: ignore[attr-defined]
    assert options["format"].type.choices == ("text", *FORMATS)
    assert all(one.FILE in options["report"].help for one in FORMATS.values())
