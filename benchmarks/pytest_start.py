"""What the pytest plugin costs a run that does not use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.rows import Row

_PLUGIN = "emulator.pytest_plugin.plugin"

# The processor's time: it is a few milliseconds that are looked for, and a machine that does
# something else meanwhile moves the wall clock by more.
_RUN = "import pytest, sys, time; pytest.main(sys.argv[1:]); print(time.process_time())"


def measure(*, rounds: int) -> list[Row]:
    """Measure a run of one empty test in turns with the plugin and without; no other plugin."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text("def test_it():\n    pass\n")
        # The first of each writes the bytecode.
        pairs = [(_seconds(folder, "-p", _PLUGIN), _seconds(folder)) for _ in range(rounds + 1)][1:]
    # The lowest of each: whatever else the machine does only ever adds.
    with_it, bare = (min(times) * 1000 for times in zip(*pairs, strict=True))
    return [
        Row(
            "start of pytest, with the plugin installed and not used",
            f"{with_it - bare:.0f} ms more",
            "at most 30 ms",
            f"of the processor's time than {bare:.0f} ms without it, lowest of {rounds} each",
        )
    ]


def _seconds(folder: str, *arguments: str) -> float:
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", _RUN, "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return float(done.stdout.split()[-1])
