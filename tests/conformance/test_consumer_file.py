"""``testlify-consumer.yaml`` and ``--data``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import data
from emulator.conformance import consumer_file
from emulator.errors import InvalidInputError, ScenarioError
from emulator.paths import ABSENT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_describes_the_consumer(tmp_path: Path) -> None:
    file = tmp_path / consumer_file.NAME
    file.write_text("url: http://127.0.0.1/x\nheaders: {T: '${T}'}\nclaims: [orders]\n")
    found = consumer_file.read(file, {"T": "s3cret"})
    assert (found.url, found.headers, found.claims) == (
        "http://127.0.0.1/x", {"T": "s3cret"}, ["orders"],
    )  # fmt: skip


def test_an_unknown_key_is_reported_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / consumer_file.NAME
    file.write_text("probes: x\n")
    with pytest.raises(ScenarioError) as caught:
        consumer_file.read(file, {})
    assert str(caught.value) == (
        f"{file}:1:1: unknown key 'probes'; near: 'probe'\n    probes: x\n    ^"
    )


def test_a_file_maps_the_state_and_its_words(tmp_path: Path) -> None:
    file = tmp_path / consumer_file.NAME
    file.write_text(
        "probe: {url: 'http://127.0.0.1/{email}', status: $.application.stage,\n"
        "  completions: $.history.length, statuses: {COMPLETED: done, REJECTED: false}}\n"
    )
    probe = consumer_file.read(file, {}).probe
    assert probe is not None
    assert (probe.url, probe.status, probe.completions) == (
        "http://127.0.0.1/{email}", "$.application.stage", "$.history.length",
    )  # fmt: skip
    assert (probe.word("COMPLETED"), probe.word("REJECTED")) == ("done", False)
    assert probe.word("INVITED") is ABSENT


def test_a_url_alone_is_a_probe_and_a_set_up(tmp_path: Path) -> None:
    file = tmp_path / consumer_file.NAME
    file.write_text("probe: /c/{email}\nsetup: '${BASE}/s/{email}'\n")
    found = consumer_file.read(file, {"BASE": "http://127.0.0.1"})
    assert found.probe == consumer_file.Probe(url="/c/{email}")
    assert found.setup == consumer_file.Setup("http://127.0.0.1/s/{email}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "probe: {url: /x, statuses: {COMPLETE: done}}",
            "1:29: no status 'COMPLETE'; near: 'COMPLETED'",
        ),
        ("probe: {url: /x, status: 'a b'}", "1:26: not a payload path: 'a b'; expected one like"),
        ("probe: {stats: x}", "1:9: unknown key 'stats'; near: 'status', 'statuses'"),
        ("probe: [x]", "1:8: expected text, got a list"),
        ("setup: {method: POST}", "1:8: the key 'url' is missing"),
        ("setup: {url: /x, method: PUT}", "1:26: unknown value 'PUT'; known: GET, POST"),
        ("setup: {url: /x, json: {a: 1}}", "1:24: 'json' needs 'method: POST'"),
    ],
)
def test_an_invalid_probe_or_set_up_is_reported_with_its_place(
    line: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / consumer_file.NAME
    file.write_text(f"{line}\n")
    with pytest.raises(ScenarioError) as caught:
        consumer_file.read(file, {})
    assert str(caught.value).startswith(f"{file}:{message}")


def test_data_without_anybody_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text("{}")
    with pytest.raises(InvalidInputError) as caught:
        consumer_file.data(file)
    assert str(caught.value) == f"{file}: neither 'people' nor 'title'; expected one of them"


def test_the_schema_file_is_generated_from_the_record() -> None:
    assert (data.schemas() / "consumer.json").read_text() == consumer_file.schema(), (
        "run scripts/docs"
    )
