"""The measurements, each once and tiny: they run, and say something. No test asserts a time."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import rows
from benchmarks.__main__ import NAMES, main, measured

if TYPE_CHECKING:
    from benchmarks.rows import Row

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@functools.cache
def found(name: str) -> list[Row]:
    return measured(name, "quick")


@pytest.mark.parametrize("name", NAMES)
def test_a_measurement_gives_rows(name: str) -> None:
    head, *lines = rows.text(found(name)).splitlines()
    assert head.split() == ["Measured", "Value", "Target", "Detail"]
    assert lines
    assert all(any(sign.isdigit() for sign in line) for line in lines)


def test_the_command_prints_its_measurements() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "expiry"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "measuring: expiry\n")
    assert done.stdout.splitlines()[0].split() == ["Measured", "Value", "Target", "Detail"]


def test_the_table_of_the_docs_has_a_row_for_each_measurement() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    lines = rows.markdown([*found("lifecycle"), *found("throughput")]).splitlines()
    head, line, *measurements = lines
    assert f"{head}\n{line}\n" in page
    for row in measurements:
        assert f"| {row.split(' | ')[0].removeprefix('| ')} |" in page


def test_a_profile_shows_where_the_time_goes(tmp_path: Path) -> None:
    file = tmp_path / "profile.txt"
    main(["--quick", "--profile", str(file)], standalone_mode=False)
    assert "cumulative" in file.read_text()
    assert "dispatcher.py" in file.read_text()
