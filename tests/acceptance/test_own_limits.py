"""Limits of the machine that runs a test are not the consumer's fault."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.consumers.starting import HOOK, RIGHT, started

pytestmark = pytest.mark.slow


def test_too_few_file_descriptors_are_no_failure_of_the_consumer() -> None:
    with started(RIGHT) as consumer:
        call = f"{sys.executable} -m emulator test {consumer.url}{HOOK} --only '*two-hundred*'"
        ran = subprocess.run(
            ["sh", "-c", f"ulimit -n 40 && exec {call}"], capture_output=True, text=True, timeout=60
        )
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "1 no evidence" in ran.stdout
    assert "a limit of this machine, not of the consumer: too many open files" in ran.stdout
    assert "raise the limit of open files (ulimit -n)" in ran.stdout
