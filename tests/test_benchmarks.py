"""The measurements, each once and tiny: they run, and say something. No test asserts a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def bench(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", *arguments],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_measurement_gives_rows(name: str) -> None:
    head, *rows = bench("--only", name).splitlines()
    assert head.split() == ["Measured", "Value", "Target", "Detail"]
    assert rows
    assert all(any(sign.isdigit() for sign in row) for row in rows)


def test_the_table_of_the_docs_has_a_row_for_each_measurement() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    lines = bench("--only", "lifecycle", "--only", "throughput", "--markdown").splitlines()
    head, line, *rows = lines
    assert f"{head}\n{line}\n" in page
    for row in rows:
        assert f"| {row.split(' | ')[0].removeprefix('| ')} |" in page


def test_a_profile_says_where_the_time_goes(tmp_path: Path) -> None:
    file = tmp_path / "profile.txt"
    bench("--profile", str(file))
    assert "cumulative" in file.read_text()
    assert "dispatcher.py" in file.read_text()
