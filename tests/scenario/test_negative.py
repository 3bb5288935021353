from __future__ import annotations

from pathlib import Path

import pytest

from emulator.domain.events import EVENT_TYPES
from emulator.errors import ScenarioError
from emulator.scenario.loading import read
from emulator.scenario.steps.table import STEPS

LISTS = {
    ", ".join(sorted(EVENT_TYPES)): "<event types>",
    ", ".join(repr(id_) for id_, one in EVENT_TYPES.items() if one.subject == "candidate"): (
        "<event types of candidates>"
    ),
    ", ".join(STEPS): "<steps>",
}
FILES = sorted((Path(__file__).parent / "negative").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_file_is_refused_with_everything_that_is_wrong(path: Path) -> None:
    variables = {"TITLE": "A", "HOSTNAME": "b"}
    with pytest.raises(ScenarioError) as refused:
        read(path.name, path.read_bytes(), variables)
    text = str(refused.value)
    for names, stands_for in LISTS.items():
        text = text.replace(names, stands_for)
    assert f"{text}\n" == path.with_suffix(".txt").read_text()


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 40


def test_each_text_has_its_file() -> None:
    texts = {path.stem for path in (Path(__file__).parent / "negative").glob("*.txt")}
    assert texts == {path.stem for path in FILES}
