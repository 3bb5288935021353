"""Where schemas and scenarios are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def test_an_installation_without_its_data_says_where_it_looked(place: Path) -> None:
    with pytest.raises(MissingDataError) as caught:
        data.schemas()
    assert str(caught.value) == (
        f"no schemas and scenarios: looked in {place / 'emulator' / '_data'} and {place}"
    )


def test_a_folder_called_schemas_beside_the_package_is_not_ours(place: Path) -> None:
    (place / "schemas").mkdir()
    with pytest.raises(MissingDataError):
        data.schemas()


def test_packaged_data_comes_before_a_checkout_s(place: Path) -> None:
    (place / "pyproject.toml").touch()
    assert data.schemas() == place / "schemas"
    (place / "emulator" / "_data").mkdir()
    assert data.scenarios() == place / "emulator" / "_data" / "scenarios"
