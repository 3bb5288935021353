"""Where schemas, scenarios, texts and facts are found, and that the files of data fit."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import jsonschema
import pytest

from emulator import data
from emulator.errors import MissingDataError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_checkout_has_its_data_at_its_root() -> None:
    assert (data.schemas() / "v1" / "candidate.completed.json").is_file()
    assert (data.scenarios() / "candidate-completes.yaml").is_file()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the package is said to be installed, as yet without any data."""
    (tmp_path / "emulator").mkdir()
    monkeypatch.setattr(data, "__file__", str(tmp_path / "emulator" / "data.py"))
    return tmp_path


def test_an_installation_without_its_data_reports_where_it_looked(place: Path) -> None:
    with pytest.raises(MissingDataError) as caught:
        data.schemas()
    assert str(caught.value) == (
        f"no schemas and scenarios: looked in {place / 'emulator' / '_data'} and {place}"
    )


def test_a_folder_called_schemas_beside_the_package_is_ignored(place: Path) -> None:
    (place / "schemas").mkdir()
    with pytest.raises(MissingDataError):
        data.schemas()


def test_packaged_data_precedes_a_checkout_s(place: Path) -> None:
    (place / "pyproject.toml").touch()
    assert data.schemas() == place / "schemas"
    (place / "emulator" / "_data").mkdir()
    assert data.scenarios() == place / "emulator" / "_data" / "scenarios"


@pytest.mark.parametrize(
    ("name", "body"), [("library", data.library()), ("fidelity", data.facts())]
)
def test_a_file_of_data_fits_its_schema(name: str, body: bytes) -> None:
    schema = json.loads((data.schemas() / f"{name}.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(body))
    assert json.loads(body)["$schema"] == f"../../schemas/{name}.json"


SERVED = """
import asyncio, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import emulator.cli.serve_verb
from emulator.emulator import Emulator
from emulator.server.app import application

def read():
    return [one.rpartition("/")[2] for one in opened if "/domain/" in one and "json" in one]

async def main():
    async with Emulator(seed=1) as emulator:
        application(emulator)
        workspace = emulator.workspace()
        before = read()
        workspace.create_assessment()
        print(before, read())

asyncio.run(main())
"""


@pytest.mark.slow
def test_texts_are_read_with_the_first_assessment_and_not_at_the_start() -> None:
    ran = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, check=True)
    assert ran.stdout == "[] ['library.json']\n"
