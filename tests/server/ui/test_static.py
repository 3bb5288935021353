"""What the page loads is ours, or is vendored as it was published."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import emulator

FOLDER = Path(emulator.__file__).parent / "server" / "static"
VENDORED = json.loads((FOLDER / "vendored.json").read_text())
OURS = {"page.css", "page.js", "icon.svg", "htmx.LICENSE", "vendored.json"}


@pytest.mark.parametrize("one", VENDORED, ids=lambda one: one["file"])
def test_a_vendored_file_is_as_it_was_published(one: dict[str, str]) -> None:
    assert hashlib.sha256((FOLDER / one["file"]).read_bytes()).hexdigest() == one["sha256"]


def test_every_static_file_is_ours_or_vendored() -> None:
    names = {path.name for path in FOLDER.iterdir()}
    assert names == OURS | {one["file"] for one in VENDORED}


def test_nothing_is_loaded_from_elsewhere() -> None:
    css = (FOLDER / "page.css").read_text()
    assert "url(" not in css
    assert "@import" not in css
