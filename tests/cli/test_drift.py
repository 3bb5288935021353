"""``drift``: exit codes and formats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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
