"""docs/scenarios.md against the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

from emulator.scenario.discovery import bundled
from emulator.scenario.dry_run import refusals
from emulator.scenario.loading import read
from emulator.scenario.matchers import Word
from emulator.scenario.result import Verdict
from emulator.scenario.scenario import Consumer, Document
from emulator.scenario.steps.blocks import ParallelStep, RepeatStep
from emulator.scenario.steps.expectations import ExpectNoneStep, ExpectStep
from emulator.scenario.steps.probing import CaptureStep, Expected, ProbeStep
from emulator.scenario.steps.table import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.receiver import Receiver
    from emulator.scenario.result import ScenarioResult

PAGE = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()


@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_on_the_page_with_its_example_and_its_keys(name: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    [row] = [line for line in rows if line.endswith(f"| `{STEPS[name].example}` |")]
    if name not in ("rescore", "expect", "expect_none", "probe", "capture"):  # elsewhere
        keys = {field.encode_name for field in msgspec.structs.fields(STEPS[name])}
        bare = STEPS[name].bare
        assert all(key in row for key in keys if key != bare)


@pytest.mark.parametrize(
    "kind",
    [
        Document,
        Consumer,
        ExpectStep,
        ExpectNoneStep,
        ProbeStep,
        Expected,
        CaptureStep,
        ParallelStep,
        RepeatStep,
    ],
)
def test_each_key_is_on_the_page(kind: type[msgspec.Struct]) -> None:
    for field in msgspec.structs.fields(kind):
        assert f"`{field.encode_name}`" in PAGE


@pytest.mark.parametrize("name", [one.name for one in bundled()])
def test_each_bundled_scenario_is_on_the_page(name: str) -> None:
    assert f"| `{name}` |" in PAGE


def test_each_verdict_is_on_the_page() -> None:
    for verdict in get_args(Verdict):
        assert f"| {verdict.replace('_', ' ')} |" in PAGE


@pytest.mark.parametrize("word", sorted(get_args(Word)))
def test_each_matcher_is_on_the_page(word: str) -> None:
    assert f"| `{word}` |" in PAGE


BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_first_scenario_on_the_page_can_be_read_and_is_legal() -> None:
    scenario = read("docs/scenarios.md", BLOCKS[0].encode(), {"CONSUMER_URL": "http://127.0.0.1:9"})
    assert not refusals(scenario)


@pytest.mark.parametrize("block", BLOCKS[1:])
def test_every_other_scenario_on_the_page_can_be_run(
    block: str, play: Callable[..., tuple[ScenarioResult, Receiver]]
) -> None:
    result, _ = play(block)
    assert [step.message for step in result.steps if step.message] == []
