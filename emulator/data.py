"""Where the bundled JSON Schemas and scenarios are, in a wheel or in a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.errors import MissingDataError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def schemas() -> Traversable:
    """Return the folder of JSON Schemas: ``v1/<event type>.json``, and ``scenario.json``."""
    return _data() / "schemas"


def scenarios() -> Traversable:
    """Return the folder of bundled scenarios: ``<name>.yaml``."""
    return _data() / "scenarios"


def _data() -> Traversable:
    # A wheel carries both folders inside the package (pyproject.toml, force-include). An
    # editable install and a checkout have them at the repository root; pyproject.toml there
    # tells it from a site-packages that happens to hold a folder called schemas.
    packaged = files("emulator") / "_data"
    if packaged.is_dir():
        return packaged
    root = Path(__file__).resolve().parents[1]
    if (root / "pyproject.toml").is_file():
        return root
    message = f"no schemas and scenarios: looked in {packaged} and {root}"
    raise MissingDataError(message)
