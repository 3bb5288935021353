"""docs/scenarios.md against what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from emulator.scenario.library import bundled
from emulator.scenario.reading import read
from emulator.scenario.result import Verdict
from emulator.scenario.scenario import Consumer, Document
from emulator.scenario.steps.expectations import Expect
from emulator.scenario.steps.table import STEPS

PAGE = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()


@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_on_the_page_with_its_example_and_its_keys(name: str) -> None:
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    assert f"`{STEPS[name].example}`" in row
    if name not in ("expect", "rescore"):
        keys = {field.encode_name for field in msgspec.structs.fields(STEPS[name])}
        bare = STEPS[name].bare
        assert all(key in row for key in keys if key != bare)


@pytest.mark.parametrize("kind", [Document, Consumer, Expect])
def test_each_key_is_on_the_page(kind: type[msgspec.Struct]) -> None:
    for field in msgspec.structs.fields(kind):
        assert f"`{field.encode_name}`" in PAGE


@pytest.mark.parametrize("name", [one.name for one in bundled()])
def test_each_bundled_scenario_is_on_the_page(name: str) -> None:
    assert f"| `{name}` |" in PAGE


def test_each_verdict_is_on_the_page() -> None:
    for verdict in get_args(Verdict):
        assert f"| {verdict.replace('_', ' ')} |" in PAGE


def test_the_scenario_on_the_page_can_be_read() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        read("docs/scenarios.md", block.encode(), {"CONSUMER_URL": "http://127.0.0.1:9"})
