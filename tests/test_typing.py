"""What type checkers make of the public API."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "examples" / "typed_sample.py"


def test_mypy_reads_the_public_api() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", SAMPLE], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("Success: no issues found in 1 source file\n", "")


def test_pyright_reads_the_public_api() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", SAMPLE],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout)
    assert report["generalDiagnostics"] == []
    assert report["summary"]["filesAnalyzed"] == 1
