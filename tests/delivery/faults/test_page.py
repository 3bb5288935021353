"""The page about faults against the table of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from emulator.delivery.faults.fault import CallMatch, Match
from emulator.delivery.faults.reading import fault_from, plain
from emulator.delivery.faults.registry import FAULTS

PAGE = (Path(__file__).parents[3] / "docs" / "faults.md").read_text()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_has_a_section_with_its_settings_and_its_example(kind: str) -> None:
    """The page is made from the docstrings: each has to tell of all settings."""
    fault = FAULTS[kind]
    [section] = re.findall(rf"^### `{kind}`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    settings = {field.name for field in msgspec.structs.fields(fault)} - {"on", "times"}
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == settings
    assert f"`{fault.example}`" in section


def test_every_key_of_a_match_is_documented() -> None:
    [section] = re.findall(
        r"^## Which attempts a fault applies to\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL
    )
    keys = {*Match.__struct_fields__, *CallMatch.__struct_fields__}
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == keys


def test_all_ways_to_write_a_fault_give_the_same_fault() -> None:
    blocks = re.findall(r"^```(text|json|python)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    [[text], [json], [python]] = [
        [block for kind, block in blocks if kind == wanted] for wanted in ("text", "json", "python")
    ]
    [step] = YAML(typ="safe").load(text)
    names: dict[str, Any] = {}
    exec(python, names)  # noqa: S102 - our own page
    assert fault_from(step["fault"]) == fault_from(msgspec.json.decode(json)) == names["fault"]
    assert fault_from(plain(names["late"])) == names["late"]
