"""The command as a process: imports, files and exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Serve

pytestmark = pytest.mark.slow

LATER = {"faker", "hypothesis", "schemathesis", "jinja2", "rich", "jsonschema", "httpx2"}
"""What ``serve`` does not need before its first call; loading it would make it start slowly."""


def test_serve_loads_nothing_that_it_does_not_need_at_once(serve: Serve) -> None:
    with serve(python=("-X", "importtime")) as serving:
        serving.process.terminate()
        _, err = serving.process.communicate(timeout=30)
    found = re.findall(r"^import time:.*\| +([\w.]+)$", err, re.MULTILINE)
    loaded = {name.partition(".")[0] for name in found}
    assert {"uvicorn", "starlette", "msgspec", "emulator"} <= loaded
    assert loaded & LATER == set()


def test_help_loads_no_verb_and_no_server() -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "emulator", "--help"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    found = set(re.findall(r"^import time:.*\| +([\w.]+)$", ran.stderr, re.MULTILINE))
    assert "emulator.cli.main" in found
    assert [one for one in found if one.endswith("_verb") or one in LATER | {"uvicorn"}] == []


@pytest.mark.parametrize("arguments", [["demo"], ["list", "events"], ["--help"]])
def test_a_pipe_gets_no_colour(arguments: list[str], environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "emulator", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "\x1b" not in ran.stdout


@pytest.mark.parametrize("variable", ["", "1"])
def test_a_terminal_gets_colour_unless_no_color_says_otherwise(
    environment: dict[str, str], variable: str
) -> None:
    """In a terminal of its own, by ``script``-like means of the standard library."""
    import os
    import pty

    leading, following = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "demo"],
        stdout=following,
        stderr=following,
        env=environment | {"NO_COLOR": variable, "TERM": "xterm"},
    )
    os.close(following)
    printed = b""
    try:
        while block := os.read(leading, 65_536):
            printed += block
    except OSError:
        pass  # how a terminal ends on Linux
    finally:
        os.close(leading)
    assert process.wait(60) == 0
    assert (b"\x1b[" in printed) is (variable == "")
