"""``drift``: exit codes and formats."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator.captures.sample_payloads import sent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "a.json"
    payload = {"type": "candidate", "event": "short\nlisted", "data": {"email": "ada@example.com"}}
    file.write_text(json.dumps(payload))
    return file


@pytest.mark.parametrize(
    ("format_", "start"),
    [
        ("text", "candidate.short\\x0alisted (v1)\n"),
        ("json", "{\n"),
        ("markdown", "| Event type |"),
        ("github", "::error title=candidate.short\\x0alisted $::new event type in 1 of 1"),
    ],
)
def test_drift_is_exit_1_in_each_format(cli: Cli, file: Path, format_: str, start: str) -> None:
    code, out, err = cli("drift", str(file), "--format", format_)
    assert (code, out.startswith(start), err) == (1, True, ""), out
    assert "ada@example.com" not in out


def test_nothing_to_compare_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    message = "nothing to compare: 0 captures compared; 1 test skipped: no drift"
    assert cli("drift", str(tmp_path)) == (2, "", f"error: {message}\n")


def test_no_drift_is_exit_0(cli: Cli) -> None:
    code, out, _ = cli("drift", "schemas/v1/examples", "--filter", "candidate.completed")
    assert (code, out) == (0, "1 captures compared: no drift\n")


def learned(cli: Cli, tmp_path: Path, *payloads: Any) -> Path:
    folder = tmp_path / "known"
    folder.mkdir()
    for number, payload in enumerate(payloads):
        (folder / f"{number}.json").write_text(json.dumps(payload))
    assert cli("learn", str(folder), "--into", str(tmp_path / "overlay")).code == 0
    return folder


def mutated() -> Any:
    payload = copy.deepcopy(sent("v1", "candidate.completed")[0])
    payload["event"] = "assessment_finished"
    payload["data"]["externalId"] = 7
    return payload


def test_learned_captures_do_not_drift_from_their_overlay(cli: Cli, tmp_path: Path) -> None:
    folder = learned(cli, tmp_path, mutated())
    assert cli("drift", str(folder)).code == 1
    code, out, _ = cli("drift", str(folder), "--overlay", str(tmp_path / "overlay"))
    assert (code, out) == (0, "1 captures compared: no drift\n")


def test_captures_are_compared_with_other_captures(cli: Cli, tmp_path: Path) -> None:
    folder = learned(cli, tmp_path, mutated())
    now = mutated()
    now["data"]["externalId"] = "7"
    now["data"] = {"first": 1, **now["data"]}
    del now["data"]["lastName"]
    other = copy.deepcopy(sent("v1", "candidate.invited")[0])
    for name, payload in (("a.json", now), ("b.json", other)):
        (tmp_path / name).write_text(json.dumps(payload))
    files = (str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    code, out, _ = cli("drift", *files, "--against", str(folder), "--format", "json")
    found = [(drift["event"], drift["kind"], drift["path"]) for drift in json.loads(out)["drifts"]]
    assert code == 1
    assert sorted(found) == [
        ("candidate.completed", "added", "$.data.first"),
        ("candidate.completed", "removed", "$.data.lastName"),
        ("candidate.completed", "retyped", "$.data.externalId"),
        ("candidate.invited", "new event type", "$"),
    ]
    assert cli("drift", str(folder), "--against", str(folder)).code == 0


def test_one_thing_to_compare_with_is_enough(cli: Cli, file: Path, tmp_path: Path) -> None:
    code, _, err = cli("drift", str(file), "--overlay", str(tmp_path), "--against", str(file))
    message = "--overlay and --against exclude each other"
    assert (code, err) == (2, f"error: {message}\n")
