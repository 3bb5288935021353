"""``testlify-consumer.yaml`` and ``--data``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import data
from emulator.conformance import config
from emulator.errors import InvalidInputError, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_says_who_the_consumer_is(tmp_path: Path) -> None:
    file = tmp_path / config.NAME
    file.write_text("url: http://127.0.0.1/x\nheaders: {T: '${T}'}\nclaims: [orders]\n")
    found = config.read(file, {"T": "s3cret"})
    assert (found.url, found.headers, found.claims) == (
        "http://127.0.0.1/x", {"T": "s3cret"}, ["orders"],
    )  # fmt: skip


def test_an_unknown_key_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / config.NAME
    file.write_text("probes: x\n")
    with pytest.raises(ScenarioError) as caught:
        config.read(file, {})
    assert str(caught.value) == (
        f"{file}:1:1: unknown key 'probes'; near: 'probe'\n    probes: x\n    ^"
    )


def test_data_without_anybody_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text("{}")
    with pytest.raises(InvalidInputError) as caught:
        config.data(file)
    assert str(caught.value) == f"{file}: neither 'people' nor 'title'; expected one of them"


def test_the_schema_is_what_the_record_gives() -> None:
    assert (data.schemas() / "consumer.json").read_text() == config.schema(), "run scripts/docs"
